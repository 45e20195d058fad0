"""A DAG that a transcription starts: submitted with curl, over restarts of the triggerer, on a real Airflow 3."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_fluxions.emulator import ControlClient, OutcomeRule
from harness.airflow import LocalAirflow
from harness.audit import in_files
from harness.emulator import LocalEmulator
from harness.processes import wait_until
from harness.s3 import LocalS3
from harness.stage import EXAMPLE_DAGS, ROOT

AIRFLOW = tuple(map(int, version("apache-airflow").split(".")[:2]))
DAG_ID = "fluxions_on_transcription"
JOB_SECONDS = 2.0
WAIT_SECONDS = 120.0

pytestmark = [
    pytest.mark.own_airflow,
    pytest.mark.slow,
    pytest.mark.skipif(version("apache-airflow").startswith("2."), reason="Airflow 2 has no asset watchers"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="submits with curl"),
]


@dataclass
class Scene:
    """The example as it stands but for its pace, and what it reads from and writes to."""

    airflow: LocalAirflow
    emulator: LocalEmulator
    storage: LocalS3

    def curl(self, name: str) -> int:
        """Submit a recording as the vendor's page shows it; return the job's id."""
        done = subprocess.run(
            ["curl", "--silent", "--fail-with-body", "--noproxy", "*",
             "-X", "POST", f"{self.emulator.url}/submit?filename={name}&cache=false",
             "-H", f"Authorization: {self.emulator.api_key}",
             "-H", "Content-Type: audio/mpeg",
             "--data-binary", f"@{ROOT / 'samples' / 'memo.mp3'}"],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        return int(json.loads(done.stdout)["id"])

    def ended(self, job_id: int) -> None:
        """Wait until the service has ended a job."""
        done = lambda: self.emulator.get(f"/transcriptions/{job_id}")["status"] == "completed"  # noqa: E731
        wait_until(done, f"job {job_id}", WAIT_SECONDS)

    def payloads(self) -> list[dict[str, Any]]:
        """What the events of the watched asset say, in their order."""
        rows = self.airflow.database.rows("select extra from asset_event order by id")
        return [json.loads(row["extra"])["payload"] for row in rows]

    def told(self, *job_ids: int) -> list[int]:
        """Wait until these jobs were told of; return every id that was, with repetitions."""
        wait_until(
            lambda: {payload["job_id"] for payload in self.payloads()} >= set(job_ids), f"events of {job_ids}",
            WAIT_SECONDS,
        )  # fmt: skip
        return [payload["job_id"] for payload in self.payloads()]

    def stored(self, *job_ids: int) -> list[str]:
        """Wait until these jobs' results are in S3; return the names of all JSON results."""

        def names() -> list[str]:
            keys = self.storage.keys("fluxions-output", "finished/")
            return [key.rpartition("/")[2] for key in keys if key.endswith(".json")]

        wanted = {f"-{job_id}.json" for job_id in job_ids}
        wait_until(lambda: all(any(name.endswith(end) for name in names()) for end in wanted), "results", WAIT_SECONDS)
        return names()

    def mark(self) -> dict[str, Any]:
        """What the watcher keeps in the asset's state store."""
        value = self.airflow.database.value("select value from asset_state_store where key like 'fluxions-%'")
        found: Any = json.loads(value) if value else {}
        return json.loads(found) if isinstance(found, str) else found

    def kept(self, job_id: int) -> None:
        """Wait until the watcher's mark knows of a job."""
        wait_until(lambda: str(job_id) in self.mark().get("ended", {}), f"mark of {job_id}", WAIT_SECONDS)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    home = tmp_path_factory.mktemp("on-transcription")
    with LocalS3(home / "s3.log") as storage, LocalEmulator(home / "fluxions", after_seconds=JOB_SECONDS) as emulator:
        storage.create_bucket("fluxions-output")
        airflow = LocalAirflow(
            sys.executable,
            home / "airflow",
            home / "dags",
            env={"AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10"},
            template_cache=Path(sys.prefix) / "airflow-db",
        )
        airflow.add_dag(EXAMPLE_DAGS / "on_transcription.py", {"poll_interval=15": "poll_interval=5"})
        airflow.add_connection("aws_default", **storage.airflow_connection())
        airflow.add_connection("fluxions_default", **emulator.airflow_connection())
        with airflow:
            scene = Scene(airflow, emulator, storage)
            airflow.wait_for_dag(DAG_ID)
            wait_until(scene.mark, "the watcher's first look", WAIT_SECONDS)
            yield scene


def test_jobs_submitted_with_curl_start_the_dag_each_once_over_a_triggerer_that_is_killed(scene: Scene) -> None:
    before = scene.curl("before.mp3")
    other = scene.curl("before.wav")
    assert scene.told(before) == [before]
    scene.kept(before)

    scene.airflow.components.kill("triggerer")
    meanwhile = scene.curl("meanwhile.mp3")
    scene.ended(meanwhile)
    scene.airflow.components.restart("triggerer")
    scene.told(meanwhile)
    after = scene.curl("after.mp3")

    assert scene.told(after) == [before, meanwhile, after]
    assert sorted(scene.stored(before, meanwhile, after)) == sorted(
        [f"before-{before}.json", f"meanwhile-{meanwhile}.json", f"after-{after}.json"]
    )
    scene.ended(other)
    assert other not in scene.told(after), "its name does not match"


def test_an_event_names_its_job_and_holds_no_transcript(scene: Scene) -> None:
    job_id = scene.curl("named.mp3")
    scene.told(job_id)
    (payload,) = [payload for payload in scene.payloads() if payload["job_id"] == job_id]
    truth = scene.emulator.get(f"/transcriptions/{job_id}")
    assert payload == {
        "version": 1,
        "job_id": job_id,
        "status": "completed",
        "filename": "named.mp3",
        "filename_sent": "named.mp3",
        "audio_seconds": truth["audio_duration"],
        "created_at": payload["created_at"],
    }
    assert time.strptime(payload["created_at"][:19], "%Y-%m-%dT%H:%M:%S")


@pytest.mark.skipif(AIRFLOW < (3, 1), reason="deadline alerts are new in Airflow 3.1")
def test_a_missed_deadline_names_the_recordings_without_results(scene: Scene) -> None:
    scene.storage.create_bucket("fluxions-input")
    scene.storage.put("fluxions-input", "late.mp3", (ROOT / "samples" / "memo.mp3").read_bytes() + b"late")
    ControlClient(scene.emulator.url).set_outcome(OutcomeRule("late*", outcome="never"))
    changes = {
        "DAGRUN_LOGICAL_DATE": "DAGRUN_QUEUED_AT",
        "timedelta(hours=8)": "timedelta(seconds=60)",
        'schedule="0 22 * * *"': "schedule=None",
    }
    scene.airflow.add_dag(EXAMPLE_DAGS / "landed_by_six.py", changes)
    scene.airflow.trigger("fluxions_landed_by_six")
    said = "The deadline has passed. 1 of 1 recordings have no results: s3://fluxions-input/late.mp3"
    wait_until(lambda: in_files(scene.airflow.home, said), "the alarm", 2 * WAIT_SECONDS)
