"""What a request may ask for."""

from __future__ import annotations

import pytest

from airflow_provider_fluxions.viewer.errors import ViewerError
from airflow_provider_fluxions.viewer.request import MAX_CHARACTERS, Query, TaskKey

TASK = [("dag_id", "a_dag"), ("run_id", "manual__2026-01-01T00:00:00+00:00"), ("task_id", "group.task")]


def refusal(pairs: list[tuple[str, str]], name: str = "no") -> ViewerError:
    with pytest.raises(ViewerError) as caught:
        Query(pairs).number(name)
    return caught.value


@pytest.mark.parametrize(("index", "meant"), [(None, -1), ("-1", -1), ("{MAP_INDEX}", -1), ("0", 0), ("7", 7)])
def test_a_task_that_is_not_mapped_has_the_index_minus_one(index: str | None, meant: int) -> None:
    pairs = TASK if index is None else [*TASK, ("map_index", index)]
    assert TaskKey.of(Query(pairs)) == TaskKey("a_dag", TASK[1][1], "group.task", meant)


@pytest.mark.parametrize("missing", ["dag_id", "run_id", "task_id"])
def test_a_task_is_named_in_full(missing: str) -> None:
    with pytest.raises(ViewerError, match=missing):
        TaskKey.of(Query([pair for pair in TASK if pair[0] != missing]))


def test_an_argument_given_twice_is_refused_so_that_all_who_read_it_read_the_same() -> None:
    with pytest.raises(ViewerError, match="'dag_id' is given twice") as caught:
        Query([("dag_id", "allowed"), ("dag_id", "secret")])
    assert caught.value.status_code == 422


@pytest.mark.parametrize(
    "number", ["-1", "../0", "1e3", "0x1", "1.0", " 1", "+1", "\u0661", "9" * 11, "2147483648", "--1"]
)
def test_an_item_is_named_by_a_number_and_nothing_else(number: str) -> None:
    assert refusal([("no", number)]).status_code == 422


def test_a_missing_number_says_which() -> None:
    assert "'no' is missing" in str(refusal([]))


def test_a_number_has_bounds() -> None:
    assert Query([("limit", "500")]).number("limit", 100, least=1, most=500) == 500
    assert Query([]).number("limit", 100, least=1, most=500) == 100
    with pytest.raises(ViewerError, match="must be 1 to 500, not 501"):
        Query([("limit", "501")]).number("limit", 100, least=1, most=500)


def test_a_choice_is_one_of_those_offered() -> None:
    assert Query([("filter", "done")]).choice("filter", "all", ("all", "done")) == "done"
    with pytest.raises(ViewerError, match="one of all, done, not 'x'"):
        Query([("filter", "x")]).choice("filter", "all", ("all", "done"))


def test_an_argument_has_a_greatest_length() -> None:
    with pytest.raises(ViewerError, match="longer than"):
        Query([("q", "x" * (MAX_CHARACTERS + 1))])


def test_names_of_speakers_come_by_label() -> None:
    query = Query([("speaker.0", "Agent"), ("speaker.1", ""), ("speakers", "x"), ("speaker.a.b", "Ann")])
    assert query.starting("speaker.") == {"0": "Agent", "a.b": "Ann"}
