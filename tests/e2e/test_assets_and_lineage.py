"""A recording's way through two DAGs, and what its events tell: assets to Airflow, lineage to OpenLineage."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.processes import wait_until
from harness.s3 import LocalS3
from harness.stage import EXAMPLE_DAGS, ROOT

PRODUCED, CONSUMED, HOOK_LEVEL = "fluxions_transcripts_produced", "fluxions_transcripts_consumed", "hook_level"
TRANSFERRED = "fluxions_bucket_to_bucket"
AUDIO = "s3://fluxions-input/memo.mp3"
# Long enough that the wait really defers.
JOB_SECONDS = 20.0
WAIT_SECONDS = 180.0

pytestmark = pytest.mark.own_airflow


@dataclass
class Scene:
    """Both examples as they stand, after one run, and where OpenLineage's events went."""

    airflow: LocalAirflow
    emulator: LocalEmulator
    events: Path
    run_id: str
    transfer_id: str

    def xcom(self, task_id: str) -> Any:
        return self.airflow.database.xcom(PRODUCED, self.run_id, task_id)

    def event(self, job: str, kind: str = "COMPLETE") -> dict[str, Any]:
        """Wait for the event of a task; return it."""

        def found() -> dict[str, Any] | None:
            lines = self.events.read_text().splitlines() if self.events.exists() else []
            events = (json.loads(line) for line in lines)
            return next((one for one in events if one["job"]["name"] == job and one["eventType"] == kind), None)

        event: dict[str, Any] = wait_until(found, f"{kind} of {job}", WAIT_SECONDS)
        return event

    def told(self, task_id: str) -> tuple[list[str], list[str], dict[str, Any]]:
        """The datasets and our run facet that a task of the producing DAG completed with."""
        event = self.event(f"{PRODUCED}.{task_id}")
        facet = event["run"]["facets"]["fluxions"]
        return uris(event["inputs"]), uris(event["outputs"]), {k: v for k, v in facet.items() if k[0] != "_"}


def uris(datasets: list[dict[str, Any]]) -> list[str]:
    return [f"{one['namespace']}/{one['name']}" for one in datasets]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    home = tmp_path_factory.mktemp("assets-and-lineage")
    events = home / "openlineage.jsonl"
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    with LocalS3(home / "s3.log") as storage, LocalEmulator(home / "fluxions", after_seconds=JOB_SECONDS) as emulator:
        storage.create_bucket("fluxions-input", "fluxions-output")
        storage.put("fluxions-input", "memo.mp3", ROOT / "samples" / "memo.mp3")
        storage.put("fluxions-input", "night/dialogue.mp3", ROOT / "samples" / "dialogue.mp3")
        airflow = LocalAirflow(
            sys.executable,
            home / "airflow",
            home / "dags",
            env={"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport)},
            template_cache=Path(sys.prefix) / "airflow-db",
        )
        for name in ("transcripts_produced", "transcripts_consumed", "bucket_to_bucket"):
            airflow.add_dag(EXAMPLE_DAGS / f"{name}.py")
        airflow.add_dag(Path(__file__).parent / "lineage_dags" / "hook_level.py")
        airflow.add_connection("aws_default", **storage.airflow_connection())
        airflow.add_connection("fluxions_default", **emulator.airflow_connection())
        with airflow:
            for dag_id in (PRODUCED, CONSUMED, HOOK_LEVEL, TRANSFERRED):
                airflow.wait_for_dag(dag_id)
            airflow.trigger(HOOK_LEVEL)
            transfer_id = airflow.trigger(TRANSFERRED, conf={"source": "s3://fluxions-input/night/"})
            run_id = airflow.trigger(PRODUCED)
            assert airflow.wait(PRODUCED, run_id) == "success"
            yield Scene(airflow, emulator, events, run_id, transfer_id)


def test_the_consumer_starts_by_itself_and_reads_what_was_made(scene: Scene) -> None:
    def consumed() -> str | None:
        query = "select run_id from dag_run where dag_id = :dag_id and state = 'success'"
        run_id: str | None = scene.airflow.database.value(query, dag_id=CONSUMED)
        return run_id

    run_id = wait_until(consumed, f"run of {CONSUMED}", WAIT_SECONDS)
    stored = scene.xcom("store")
    assert len(stored) == 2
    summary = scene.airflow.database.xcom(CONSUMED, run_id, "add_up")
    assert summary == {"jobs": 1, "files": 2, "uris": stored}


def test_the_assets_event_counts_and_names_and_holds_no_transcript(scene: Scene) -> None:
    tables = scene.airflow.database.tables()
    table = "asset_event" if "asset_event" in tables else "dataset_event"
    stored = scene.airflow.database.value(f"select extra from {table}")  # noqa: S608 (one of two names)
    answer = scene.emulator.get(f"/transcriptions/{scene.xcom('submit')}")
    assert json.loads(stored) == {
        "jobs": 1,
        "files": 2,
        "audio_seconds": answer["audio_duration"],
        "destination": "s3://fluxions-output/transcripts/",
        "uris": scene.xcom("store"),
    }


def test_openlineage_joins_the_recording_to_its_transcripts_over_a_deferral(scene: Scene) -> None:
    assert scene.airflow.was_deferred(PRODUCED, scene.run_id, "wait")
    job_id = str(scene.xcom("submit"))
    seconds = scene.emulator.get(f"/transcriptions/{job_id}")["audio_duration"]
    job = f"fluxions://fluxions_default/transcriptions/{job_id}"
    facet = {"jobIds": [job_id], "jobs": 1, "inputs": 1}
    assert scene.told("submit") == ([AUDIO], [job], {**facet, "outputs": 1})
    assert scene.told("wait") == ([job], [], {**facet, "outputs": 0, "audioSeconds": seconds})
    stored = sorted(scene.xcom("store"))
    assert scene.told("store") == ([job], stored, {**facet, "outputs": 2, "audioSeconds": seconds})


def test_openlineage_hears_of_a_transfer_that_was_deferred(scene: Scene) -> None:
    assert scene.airflow.wait(TRANSFERRED, scene.transfer_id) == "success"
    assert scene.airflow.was_deferred(TRANSFERRED, scene.transfer_id, "transcribe")
    event = scene.event(f"{TRANSFERRED}.transcribe")
    summary = scene.airflow.database.xcom(TRANSFERRED, scene.transfer_id, "transcribe")
    folder = "s3://fluxions-output/transcripts/"
    assert uris(event["inputs"]) == ["s3://fluxions-input/night/dialogue.mp3"]
    assert sorted(uris(event["outputs"])) == sorted(
        [summary["manifest"], *(f"{folder}dialogue.mp3.{ending}" for ending in ("json", "srt", "txt"))]
    )
    facet = event["run"]["facets"]["fluxions"]
    assert (facet["jobs"], facet["inputs"], facet["outputs"]) == (1, 1, 4)
    assert facet["audioSeconds"] == summary["audio_seconds"] > 0


def test_what_a_task_of_the_users_own_does_through_our_s3_is_in_its_lineage(scene: Scene) -> None:
    event = scene.event(f"{HOOK_LEVEL}.copy")
    assert (uris(event["inputs"]), uris(event["outputs"])) == ([AUDIO], ["s3://fluxions-output/copied/memo.mp3"])


def test_no_event_holds_the_key_or_the_transcript(scene: Scene) -> None:
    scene.event(f"{PRODUCED}.store")
    text = scene.events.read_text()
    answer = scene.emulator.get(f"/transcriptions/{scene.xcom('submit')}", word_level_timestamps="true")
    assert scene.emulator.api_key not in text
    assert answer["segments"][0]["text"] not in text
    assert f"transcriptions/{answer['id']}" in text, "the search does find other texts"
