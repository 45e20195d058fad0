"""What the list of jobs can be wrong about: lateness, names, length, total, order, clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from airflow_provider_fluxions.emulator import ControlClient, Fault, ListBehavior, Transition

if TYPE_CHECKING:
    from conftest import Api, MakeApi

NAME = "call--0123456789abcdef.mp3"


def _ids(api: Api, **query: Any) -> list[int]:
    return [entry["id"] for entry in api.get("/transcriptions", **query).json()["transcriptions"]]


def test_the_list_shows_a_job_some_seconds_after_its_submit(documented: Api) -> None:
    documented.emulator.set_list(late_seconds=15)
    job = documented.job()
    assert _ids(documented) == []
    assert documented.get("/transcriptions").json()["total"] == 0
    documented.clock.now += 15
    assert _ids(documented) == [job]


def test_the_list_shows_a_job_once_it_was_read_so_often_since(documented: Api) -> None:
    documented.emulator.seed_jobs(1)
    documented.emulator.set_list(late_reads=2)
    job = documented.job()
    assert [_ids(documented) for _ in range(4)] == [[1], [1], [job, 1], [job, 1]]


def test_a_late_job_is_read_by_its_id_at_once(documented: Api) -> None:
    documented.emulator.set_list(late_seconds=15, late_reads=3)
    assert documented.get(f"/transcriptions/{documented.job()}").json()["status"] == "completed"


def test_a_forgotten_late_job_is_not_missed_in_the_total(documented: Api) -> None:
    documented.emulator.set_list(late_reads=3)
    documented.emulator.forget_job(documented.job())
    assert documented.get("/transcriptions").json()["total"] == 0


def test_a_page_has_no_more_entries_than_the_account_gives(documented: Api) -> None:
    documented.emulator.seed_jobs(5)
    documented.emulator.set_list(page_limit=2)
    page = documented.get("/transcriptions", limit=100, offset=3).json()
    assert [entry["id"] for entry in page["transcriptions"]] == [2, 1]
    assert (page["limit"], page["total"]) == (2, 5)


def test_the_list_ends_early_though_its_total_counts_all(documented: Api) -> None:
    documented.emulator.seed_jobs(5)
    documented.emulator.set_list(max_entries=3)
    assert _ids(documented) == [5, 4, 3]
    assert _ids(documented, offset=2, limit=2) == [3]
    assert _ids(documented, offset=3) == []
    assert documented.get("/transcriptions").json()["total"] == 5


@pytest.mark.parametrize(("off_by", "total"), [(50, 53), (-1, 2), (-50, 0)])
def test_the_total_may_be_wrong(documented: Api, off_by: int, total: int) -> None:
    documented.emulator.seed_jobs(3)
    documented.emulator.set_list(total_off_by=off_by)
    assert documented.get("/transcriptions").json()["total"] == total


def test_the_total_may_be_missing(documented: Api) -> None:
    documented.emulator.set_list(total_missing=True)
    assert "total" not in documented.get("/transcriptions").json()


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        (["append:.opus"], NAME + ".opus"),
        (["upper"], NAME.upper()),
        (["upper", "lower"], NAME),
        (["dashes:-"], "call-0123456789abcdef.mp3"),
        (["dashes:_"], "call_0123456789abcdef.mp3"),
        (["cut:10"], "call--0123"),
        (["copy"], "call--0123456789abcdef (1).mp3"),
        (["copy", "percent"], "call--0123456789abcdef%20%281%29.mp3"),
        (["empty"], ""),
        (["null"], None),
    ],
)
def test_a_name_comes_back_changed_in_the_list_and_in_a_read(
    documented: Api, changes: list[str], shown: str | None
) -> None:
    documented.emulator.set_list(names=changes)
    job = documented.job(filename=NAME)
    assert documented.get(f"/transcriptions/{job}").json()["filename"] == shown
    assert documented.get("/transcriptions").json()["transcriptions"][0]["filename"] == shown
    assert documented.emulator.jobs[0].filename == NAME


@pytest.mark.parametrize(("where", "listed", "read"), [("list", False, True), ("read", True, False)])
def test_a_name_may_be_missing_in_one_place_only(documented: Api, where: str, listed: bool, read: bool) -> None:
    documented.emulator.set_list(names=["missing"], names_in=where)
    job = documented.job(filename=NAME)
    assert ("filename" in documented.get("/transcriptions").json()["transcriptions"][0]) is listed
    assert ("filename" in documented.get(f"/transcriptions/{job}").json()) is read


def test_only_the_names_that_match_are_changed(documented: Api) -> None:
    documented.job(b"one", filename=NAME)
    documented.job(b"two", filename="other.mp3")
    documented.emulator.set_list(names=["missing"], names_of="call.mp3")
    entries = documented.get("/transcriptions").json()["transcriptions"]
    assert [entry.get("filename") for entry in entries] == ["other.mp3", None]


def test_a_reshuffled_list_has_another_order_at_each_request(make_api: MakeApi) -> None:
    api = make_api(seed=7)
    api.emulator.seed_jobs(50)
    api.emulator.set_settings(list_order="reshuffled")
    one, other = _ids(api), _ids(api)
    assert sorted(one) == sorted(other) == list(range(1, 51))
    assert one != other


def test_a_jump_of_the_clock_moves_the_times_and_places_of_new_jobs_and_not_their_progress(make_api: MakeApi) -> None:
    api = make_api(transition=Transition.after_seconds(60))
    before = api.job(b"before")
    api.emulator.set_settings(clock_offset_seconds=-3600)
    after = api.job(b"after")
    assert _ids(api) == [before, after]
    job = api.get(f"/transcriptions/{after}").json()
    assert (job["created_at"], job["status"]) == ("2025-10-24T09:35:00.000Z", "submitted")
    api.clock.now += 60
    job = api.get(f"/transcriptions/{after}").json()
    assert (job["updated_at"], job["status"]) == ("2025-10-24T09:36:00.000Z", "completed")


def test_the_behavior_of_the_list_is_set_over_the_control_api(documented: Api, control_of: Any) -> None:
    control: ControlClient = control_of(documented)
    assert control.set_list(late_reads=1, names=["upper"])["names"] == ["upper"]
    documented.job(filename=NAME)
    assert _ids(documented) == []
    assert documented.get("/transcriptions").json()["transcriptions"][0]["filename"] == NAME.upper()
    assert control.state()["list"]["late_reads"] == 1
    assert documented.emulator.list_behavior == ListBehavior(late_reads=1, names=("upper",))


@pytest.mark.parametrize(
    "change",
    [{"names": ["shorten"]}, {"names": ["cut:x"]}, {"names": ["append"]}, {"names": ["upper:x"]}, {"names": "upper"},
     {"names_in": "here"}, {"page_limit": 0}, {"no_such_behavior": 1}],
)  # fmt: skip
def test_a_behavior_that_there_is_not_is_explained(documented: Api, control_of: Any, change: dict[str, Any]) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        control_of(documented).set_list(**change)


def test_faults_and_list_behaviors_hold_together(documented: Api) -> None:
    documented.emulator.set_list(names=["upper"])
    documented.emulator.add_fault(Fault(path="/transcriptions", fields={"status": "queued"}))
    documented.job(filename=NAME)
    entry = documented.get("/transcriptions").json()["transcriptions"][0]
    assert (entry["filename"], entry["status"]) == (NAME.upper(), "queued")
