"""Clearing tasks on a real Airflow: the same job with the service's cache, another one without."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import pytest

from airflow_provider_fluxions.api.job_reference import reference_in
from airflow_provider_fluxions.emulator import ControlClient, OutcomeRule
from harness.processes import wait_until
from harness.stage import INPUT, Run, Stage

ENDINGS = ("succeeded", "never", "bad", "deferred")
SETTLED = {"succeeded": "success", "never": "failed", "bad": "failed", "deferred": "deferred"}
NAMES = [f"{ending}_{cache}" for ending in ENDINGS for cache in ("cached", "fresh")]
RECORDINGS = {name: b"another recording " + bytes([number]) for number, name in enumerate(NAMES)}


def _settled(run: Run, since: int) -> bool:
    """Whether each task is in its state, on a try later than `since`."""
    database = run.airflow.database
    query = f"select task_id, state, try_number from {database.task_instances} where run_id = :run_id"  # noqa: S608
    rows = database.rows(query, run_id=run.run_id)
    return len(rows) == len(NAMES) and all(
        row["state"] == SETTLED[row["task_id"].split("_")[0]] and row["try_number"] > since for row in rows
    )


def _task_of(job: dict[str, Any]) -> str:
    """Return the task whose audio a job has, or ""; file names are sent shortened."""
    digests = {hashlib.sha256(audio).hexdigest(): name for name, audio in RECORDINGS.items()}
    return digests.get(job["sha256"], "")


@pytest.fixture(scope="module")
def filenames(stage: Stage) -> list[str]:
    """The tasks and references of all jobs after every task was cleared once, in the state that it is named for."""
    for name, audio in RECORDINGS.items():
        stage.storage.put(INPUT, f"clearing/{name}.mp3", audio)
    control = ControlClient(stage.emulators["documented"].url)
    control.set_outcome(OutcomeRule("deferred*.mp3", outcome="never"))
    run = stage.start("clearing")
    wait_until(lambda: _settled(run, since=0), "each task is in the state that it is cleared in", 400.0)
    stage.airflow.rest.clear(run.dag_id, run.run_id)
    wait_until(lambda: _settled(run, since=1), "each task has run again", 400.0)
    for job in control.jobs():
        if _task_of(job).startswith("deferred"):
            control.force_status(job["id"], "completed")
    states = run.ended()
    assert {name: states[name] for name in NAMES} == {
        name: "success" if name.startswith(("succeeded", "deferred")) else "failed" for name in NAMES
    }
    return [f"{_task_of(job)}--{reference_in(job['filename'])}" for job in control.jobs() if _task_of(job)]


def _jobs(filenames: list[str], task: str) -> Counter[str]:
    return Counter(name for name in filenames if name.startswith(f"{task}--"))


@pytest.mark.parametrize("ending", ["succeeded", "never", "deferred"])
def test_a_clear_with_the_cache_takes_up_the_job(filenames: list[str], ending: str) -> None:
    assert list(_jobs(filenames, f"{ending}_cached").values()) == [1]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_clear_without_the_cache_submits_once_more(filenames: list[str], ending: str) -> None:
    assert list(_jobs(filenames, f"{ending}_fresh").values()) == [1, 1]


def test_a_clear_submits_a_failed_job_again_under_its_reference(filenames: list[str]) -> None:
    assert list(_jobs(filenames, "bad_cached").values()) == [2]
