"""One real Airflow for all end-to-end tests: the one that runs the tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.settings import LOGIN
from harness.stage import Stage, set_stage
from harness.statsd import LocalStatsd


@pytest.fixture(scope="session")
def statsd() -> Iterator[LocalStatsd]:
    """What the stage's Airflow says of our tasks and poll loops."""
    with LocalStatsd("fluxions.", "resumable_job.") as listening:
        yield listening


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest, statsd: LocalStatsd) -> Iterator[Stage]:
    """Every example running for every profile, at DEBUG: all that a user's logs could ever hold.

    All runs start at once and each test waits for its own. The logs of a failed session are kept and named.
    """
    home = Path(tempfile.mkdtemp(prefix="fluxions-e2e-"))
    print(f"logs, if a test fails: {home}")
    # A page that the tests follow no further than its address.
    settings = {"AIRFLOW__FLUXIONS__JOB_LINK": "https://transcripts.example.com/jobs/{job_id}"}
    if not version("apache-airflow").startswith("2."):
        # Beside the administrator one who may not see one DAG, and one without a role.
        settings["AIRFLOW__CORE__AUTH_MANAGER"] = "tests.e2e.guest_auth.GuestAuthManager"
        settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = f"{LOGIN}:admin,guest:viewer,nobody:"
    # The table of modes has four tasks that wait in their slots for the same moment.
    settings["AIRFLOW__CORE__PARALLELISM"] = "6"
    settings |= {"AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG", **statsd.airflow_settings()}
    with set_stage(home, **settings) as everything:
        yield everything
    if not request.session.testsfailed:
        shutil.rmtree(home)
