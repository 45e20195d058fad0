"""Clearing tasks on a real Airflow: the same job with the service's cache, another one without."""

from __future__ import annotations

from collections import Counter

import pytest

from airflow_provider_fluxions.emulator import ControlClient, OutcomeRule
from harness.processes import wait_until
from harness.stage import INPUT, Run, Stage

ENDINGS = ("succeeded", "never", "bad", "deferred")
SETTLED = {"succeeded": "success", "never": "failed", "bad": "failed", "deferred": "deferred"}
NAMES = [f"{ending}_{cache}" for ending in ENDINGS for cache in ("cached", "fresh")]


def _settled(run: Run, since: int) -> bool:
    """Whether each task is in its state, on a try later than `since`."""
    rows = run.airflow.database.rows(
        "select task_id, state, try_number from task_instance where run_id = :run_id", run_id=run.run_id
    )
    return len(rows) == len(NAMES) and all(
        row["state"] == SETTLED[row["task_id"].split("_")[0]] and row["try_number"] > since for row in rows
    )


@pytest.fixture(scope="module")
def filenames(stage: Stage) -> list[str]:
    """The names of all jobs after every task was cleared once, in the state that it is named for."""
    for number, name in enumerate(NAMES):
        stage.storage.put(INPUT, f"clearing/{name}.mp3", b"another recording " + bytes([number]))
    control = ControlClient(stage.emulators["documented"].url)
    control.set_outcome(OutcomeRule("deferred*.mp3", outcome="never"))
    run = stage.start("clearing")
    wait_until(lambda: _settled(run, since=0), "each task is in the state that it is cleared in", 120.0)
    stage.airflow.rest.clear(run.dag_id, run.run_id)
    wait_until(lambda: _settled(run, since=1), "each task has run again", 120.0)
    for job in control.jobs():
        if job["filename"].startswith("deferred"):
            control.force_status(job["id"], "completed")
    states = run.ended()
    assert {name: states[name] for name in NAMES} == {
        name: "success" if name.startswith(("succeeded", "deferred")) else "failed" for name in NAMES
    }
    return [job["filename"] for job in control.jobs() if job["filename"].rpartition("--")[0] in NAMES]


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
