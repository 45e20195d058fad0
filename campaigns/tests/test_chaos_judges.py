"""What the campaign's judges take for wrong. Pure values: it is the judges that are tried here."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.chaos.cast import Part
from campaigns.chaos.failures import judge
from campaigns.chaos.judge import RACE_SECONDS, documented_races, job_faults, manifest_faults, twins, without_name
from campaigns.chaos.scene import DOOM
from campaigns.chaos.undisturbed import EXTENSIONS, undisturbed

PART = Part("transfer-000", "chaos_transfer_sync", 2)
REFERENCES = ("00000000000000a0", "00000000000000a1")
NAMES = {f"digest-{number}": f"transfer-000-{number}" for number in range(2)}
JOBS = [
    {"id": 7 + number, "sha256": f"digest-{number}", "filename": f"transfer-000-{number}--{reference}.wav"}
    for number, reference in enumerate(REFERENCES)
]
BY_NAME = {f"transfer-000-{number}": [job] for number, job in enumerate(JOBS)}


def row(number: int, **other: Any) -> dict[str, Any]:
    whole = {
        "path": f"transfer-000-{number}.wav",
        "status": "completed",
        "job_id": str(7 + number),
        "outputs": [1, 2, 3],
    }
    return whole | other


def test_one_live_job_a_recording_is_right() -> None:
    assert list(job_faults(JOBS, NAMES)) == []


def test_a_recording_without_a_live_job_is_named() -> None:
    assert list(job_faults(JOBS[:1], NAMES)) == ["transfer-000-1 has 0 live jobs"]


def test_a_second_job_with_the_same_content_is_named_though_its_reference_is_another() -> None:
    second = {**JOBS[0], "id": 9, "filename": "transfer-000-0--00000000000000b0.wav"}
    assert list(job_faults([*JOBS, second], NAMES)) == ["transfer-000-0 has 2 live jobs"]


def test_two_jobs_with_one_reference_are_named_though_their_contents_differ() -> None:
    second = {**JOBS[1], "filename": JOBS[0]["filename"]}
    assert list(job_faults([JOBS[0], second], NAMES)) == [f"2 live jobs carry the reference {REFERENCES[0]}"]


SHARED = {"digest-0": "shared-000-0", "digest-1": "shared-000-1"}


def later(job: dict[str, Any], seconds: float) -> dict[str, Any]:
    return {**job, "id": job["id"] + 100, "created_at": 1000.0 + seconds}


def test_a_second_job_of_two_runs_at_once_is_documented_as_long_as_the_list_may_not_show_the_first() -> None:
    jobs = [{**job, "created_at": 1000.0} for job in JOBS]
    soon, late = later(jobs[0], RACE_SECONDS), later(jobs[1], RACE_SECONDS + 1.0)
    assert documented_races([*jobs, soon, late], SHARED, set(SHARED.values())) == {soon["id"]}


def test_a_second_job_of_one_run_is_never_documented() -> None:
    jobs = [{**job, "created_at": 1000.0} for job in JOBS]
    assert documented_races([*jobs, later(jobs[0], 1.0)], SHARED, {"shared-000-1"}) == set()


@pytest.mark.parametrize("status", ["completed", "already_done"])
def test_a_manifest_that_accounts_for_all_is_right(status: str) -> None:
    assert list(manifest_faults([row(0), row(1, status=status)], PART, BY_NAME)) == []


@pytest.mark.parametrize(
    "rows",
    [
        [row(0)],
        [row(0), row(1), row(2)],
        [row(0), row(1, status="failed")],
        [row(0), row(1, job_id="7")],
        [row(0), row(1, outputs=[])],
    ],
)
def test_the_judge_sees_a_manifest_that_does_not(rows: list[dict[str, Any]]) -> None:
    assert len(list(manifest_faults(rows, PART, BY_NAME))) == 1


def test_results_of_a_transfer_are_named_by_the_recording_and_others_by_the_job_as_well() -> None:
    assert dict(twins(PART, BY_NAME))["storm/transfer-000/transfer-000-1.wav.srt"] == ("transfer-000-1.srt")
    steps = Part("steps-001", "chaos_steps_sync", 1)
    assert dict(twins(steps, {"steps-001-0": [{"id": 12}]}))["storm/steps-001/*-12.json"] == ("steps-001-0.json")


@pytest.mark.parametrize(
    ("key", "known_as"),
    [
        ("storm/steps-001/steps-001-0-12.json", "storm/steps-001/*-12.json"),
        ("storm/steps-004-doomed/steps-0~ed-0-307.srt", "storm/steps-004-doomed/*-307.srt"),
        ("storm/steps-001/audio-12.json", "storm/steps-001/*-12.json"),
        ("storm/transfer-000/transfer-000-1.wav.srt", "storm/transfer-000/transfer-000-1.wav.srt"),
    ],
)
def test_a_result_of_a_job_is_known_by_its_id_whatever_the_service_calls_it(key: str, known_as: str) -> None:
    assert without_name(key) == known_as


def test_two_runs_of_one_folder_have_the_same_results() -> None:
    first = Part("shared-002", "chaos_shared_sync", 2)
    second = Part("shared-002-again", "chaos_shared_sync", 2, "shared-002")
    assert dict(twins(first, {})) == dict(twins(second, {}))


def test_a_doomed_job_is_a_documented_reason() -> None:
    assert judge(f"FluxionsJobFailedError: job 3: {DOOM}", False, True) == ("the job failed at the service", True)


def test_that_tries_are_used_up_is_a_documented_reason() -> None:
    reason, is_documented = judge("FluxionsRequestError: HTTP 503", True, False)
    assert is_documented
    assert reason.endswith("FluxionsRequestError: HTTP 503")


def test_an_error_that_ends_a_task_with_tries_left_is_none() -> None:
    assert judge("AirflowFailException: no such job", False, False) == ("AirflowFailException: no such job", False)


def test_undisturbed_results_are_of_every_format_and_each_recordings_own() -> None:
    found = undisturbed("observed", 1, ["steps-001-0", "steps-002-0"])
    assert sorted(found) == [f"steps-00{number}-0{extension}" for number in (1, 2) for extension in EXTENSIONS]
    assert found["steps-001-0.srt"] == undisturbed("observed", 1, ["steps-001-0"])["steps-001-0.srt"]
    assert len(set(found.values())) == len(found)
