"""Every operator that waits, in every mode, with every outcome: the same end, error and message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.stage import Stage
from tests.e2e.parity_scene import RUN_SECONDS, End, Play, set_scene

pytestmark = [pytest.mark.campaign, pytest.mark.modes]

# Airflow loses what happens to a task in the round in which it schedules the task's next look, and a busy machine's
# rounds take 13 s: between two looks there is room for several.
# A refused key is survived for 10 minutes, but not beyond the deadline.
REFUSED_UNTIL_SECONDS = 150
RESCHEDULED = {"mode": "reschedule", "poll_interval": 90}
SENSOR = {"poke": {"mode": "poke"}, "reschedule": RESCHEDULED, "deferrable": {"deferrable": True}}
OPERATOR: Mapping[str, Mapping[str, Any]] = {"synchronous": {"deferrable": False}, "deferrable": {"deferrable": True}}
MODES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {"sensor": SENSOR, "submit": OPERATOR, "transfer": OPERATOR}


@dataclass(frozen=True)
class Outcome:
    """What happens while a task waits, and how it ends: state, class of the error, a part of its message.

    `says` None: the message is Airflow's own.
    """

    happens: tuple[str, ...]
    state: str
    error: str | None = None
    says: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    operators: tuple[str, ...] = tuple(MODES)
    account: str = "parity"
    tries: int = 1


OUTCOMES = {
    "success": Outcome(("complete",), "success"),
    "failed job": Outcome(("fail",), "failed", "AirflowFailException", "Too noisy to transcribe"),
    "lost job": Outcome(("lose",), "failed", "AirflowFailException", "Fluxions does not know job"),
    "timeout": Outcome((), "failed", "AirflowSensorTimeout", "Increase timeout", {"timeout": 6}),
    "execution_timeout": Outcome(
        (), "failed", "AirflowTaskTimeout", None, {"execution_timeout": 12, "timeout": 25, "retries": 0}
    ),
    "bad key": Outcome(
        ("revoke",),
        "failed",
        "FluxionsAuthenticationError",
        "Check the API key",
        {"retries": 0, "timeout": REFUSED_UNTIL_SECONDS},
        account="revoked",
    ),
    "skip": Outcome((), "skipped", None, "by pre_execute", {"skip": True}),
    "marked failed": Outcome(("mark failed",), "failed"),
    "cleared": Outcome(("clear", "complete"), "success", tries=2),
    "soft_fail of a failed job": Outcome(
        ("fail",), "skipped", None, "Too noisy to transcribe", {"soft_fail": True}, ("sensor",)
    ),
    "soft_fail of a timeout": Outcome(
        (), "skipped", None, "Increase timeout", {"soft_fail": True, "timeout": 6}, ("sensor",)
    ),
    "never_fail of a bad key": Outcome(
        ("revoke",),
        "skipped",
        None,
        "Check the API key",
        {"never_fail": True, "timeout": REFUSED_UNTIL_SECONDS},
        ("sensor",),
        "revoked",
    ),
}
# Airflow's own: each look of a rescheduled sensor is an execution, and none takes so long.
DIFFERENCES = {("sensor", "reschedule", "execution_timeout"): ("failed", "AirflowSensorTimeout")}

ROWS = [(operator, outcome) for outcome, row in OUTCOMES.items() for operator in row.operators]
PLAYS = {
    (operator, mode, outcome): Play(
        operator,
        mode,
        outcome,
        {"poll_interval": 2, "timeout": RUN_SECONDS, **arguments, **OUTCOMES[outcome].arguments},
        OUTCOMES[outcome].happens,
        OUTCOMES[outcome].account,
    )
    for operator, outcome in ROWS
    for mode, arguments in MODES[operator].items()
}
every_row = pytest.mark.parametrize(("operator", "outcome"), ROWS, ids=[" ".join(row) for row in ROWS])
WITH_WORDS = [row for row in ROWS if OUTCOMES[row[1]].says]
every_row_with_words = pytest.mark.parametrize(
    ("operator", "outcome"), WITH_WORDS, ids=[" ".join(row) for row in WITH_WORDS]
)


@pytest.fixture(scope="module")
def ends(stage: Stage) -> dict[tuple[str, str, str], End]:
    """How each task ended, all of them in one run."""
    with set_scene(stage, list(PLAYS.values())) as scene:
        found = scene.ends()
    return {key: found[play.task_id] for key, play in PLAYS.items()}


def _of_row(ends: Mapping[tuple[str, str, str], End], operator: str, outcome: str) -> dict[str, End]:
    return {mode: ends[operator, mode, outcome] for mode in MODES[operator]}


@every_row
def test_every_mode_ends_alike(ends: Mapping[tuple[str, str, str], End], operator: str, outcome: str) -> None:
    row = OUTCOMES[outcome]
    # A task that is killed may still tell of it; that is no outcome of ours.
    found = {
        mode: (end.state, end.failure.error if row.error else None)
        for mode, end in _of_row(ends, operator, outcome).items()
    }
    assert found == {
        mode: DIFFERENCES.get((operator, mode, outcome), (row.state, row.error)) for mode in MODES[operator]
    }


@every_row_with_words
def test_every_mode_says_the_same(ends: Mapping[tuple[str, str, str], End], operator: str, outcome: str) -> None:
    says = OUTCOMES[outcome].says or ""
    messages = {_without_numbers(end.failure.message) for end in _of_row(ends, operator, outcome).values()}
    assert len(messages) == 1, messages
    assert says in messages.pop()


def _without_numbers(message: str) -> str:
    """A message without what differs between jobs: their numbers, names, instants, and the plural after a number."""
    unnumbered = re.sub(r"[0-9a-f]{16}|\d+|poke|reschedule|deferrable|synchronous", "_", message)
    return re.sub(r"_ (job|input)s?\b", r"_ \1s", unnumbered)


@every_row
def test_only_what_a_new_try_can_mend_is_tried_again(
    ends: Mapping[tuple[str, str, str], End], operator: str, outcome: str
) -> None:
    tries = OUTCOMES[outcome].tries
    assert {mode: end.tries for mode, end in _of_row(ends, operator, outcome).items()} == dict.fromkeys(
        MODES[operator], tries
    )


@pytest.mark.parametrize("outcome", ["success", "cleared"])
@pytest.mark.parametrize("operator", MODES)
def test_every_mode_returns_the_result_of_its_one_job(
    ends: Mapping[tuple[str, str, str], End], operator: str, outcome: str
) -> None:
    for end in _of_row(ends, operator, outcome).values():
        (job_id,) = end.job_ids
        returned = end.returned["completed"] if operator == "transfer" else end.returned
        assert str(returned) == ("1" if operator == "transfer" else str(job_id))


def test_only_deferrable_tasks_were_in_the_triggerer(ends: Mapping[tuple[str, str, str], End]) -> None:
    # A trigger that is cancelled by a mark leaves no log by which to tell; on a busy machine a timeout of seconds is
    # over before the task defers.
    waited = {
        key: end
        for key, end in ends.items()
        if key[2] not in ("skip", "marked failed") and not key[2].endswith("timeout")
    }
    assert {key for key, end in waited.items() if end.was_deferred} == {key for key in waited if key[1] == "deferrable"}


def test_every_difference_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "task-outcomes.md").read_text()
    for operator, mode, outcome in DIFFERENCES:
        assert re.search(rf"\|.*{outcome}.*\|.*{mode}", page), (operator, mode, outcome)
