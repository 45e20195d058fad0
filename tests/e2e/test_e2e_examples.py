"""The example DAGs on a real Airflow, against both readings of the API, compared with what the API itself says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import get_format
from harness import audit
from harness.stage import INPUT, OUTPUT, PROFILES, RECORDINGS, Stage

per_profile = pytest.mark.parametrize("profile", PROFILES)


def _at_the_api(stage: Stage, profile: str, job_id: int | str) -> dict[str, Any]:
    """The API's answer but for the signed link, which expires and so is never stored."""
    answer: dict[str, Any] = stage.emulators[profile].get(f"/transcriptions/{job_id}", word_level_timestamps="true")
    assert answer["audio_url"]
    return answer | {"audio_url": None}


def _json(stage: Stage, key: str) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(stage.storage.get(OUTPUT, key))
    return stored


@per_profile
def test_submit_wait_store(stage: Stage, profile: str) -> None:
    """Three tasks: the sensor defers, and what lies in S3 is what the API says of the job."""
    run = stage.runs[profile, "submit_wait_store"].succeeded()
    job_id = run.xcom("submit")

    folder = f"{profile}/submit_wait_store/"
    names = [key.removeprefix(folder) for key in stage.storage.keys(OUTPUT, folder)]
    assert names == [f"dialogue-{job_id}.json", f"dialogue-{job_id}.srt", f"dialogue-{job_id}.txt"]
    truth = _at_the_api(stage, profile, job_id)
    assert _json(stage, f"{folder}{names[0]}") == truth
    for name, result_format in ((names[1], "srt"), (names[2], "text")):
        expected = get_format(result_format).write(Transcription.from_json(truth))
        assert stage.storage.get(OUTPUT, folder + name) == expected
    assert run.xcom("store") == [f"s3://{OUTPUT}/{folder}{name}" for name in (names[0], names[2], names[1])]
    assert run.was_deferred("wait")


@per_profile
def test_bucket_to_bucket(stage: Stage, profile: str) -> None:
    """Every recording has its results, each carrying its job's id; a second run submits nothing."""
    run = stage.runs[profile, "bucket_to_bucket"].succeeded()
    folder = f"{profile}/bucket_to_bucket/"
    for name in RECORDINGS:
        key = f"{folder}{name}.json"
        job_id = stage.storage.metadata(OUTPUT, key)["fluxions-job-id"]
        assert _json(stage, key) == _at_the_api(stage, profile, job_id)
        assert {f"{folder}{name}.srt", f"{folder}{name}.txt"} <= set(stage.storage.keys(OUTPUT, folder))
    assert run.was_deferred("transcribe")

    stage.runs[profile, "mapped_taskflow"].succeeded()
    stage.runs[profile, "submit_wait_store"].succeeded()
    jobs = stage.emulators[profile].get("/transcriptions")["total"]
    again = stage.trigger(profile, "bucket_to_bucket").succeeded()
    summary = again.xcom("transcribe")
    assert summary["already_done"] == summary["inputs"] == len(RECORDINGS)
    assert stage.emulators[profile].get("/transcriptions")["total"] == jobs


@per_profile
def test_mapped_taskflow(stage: Stage, profile: str) -> None:
    """One mapped submit a recording, one sensor for all, and the hook's view of each result."""
    run = stage.runs[profile, "mapped_taskflow"].succeeded()
    job_ids = [run.xcom("submit", index) for index in range(len(RECORDINGS))]
    assert run.xcom("wait") == job_ids
    for index, job_id in enumerate(job_ids):
        summary = run.xcom("summarize", index)
        truth = _at_the_api(stage, profile, job_id)
        segments = truth["segments"]
        assert summary["job_id"] == job_id
        assert summary["speakers"] == len({segment["speaker"] for segment in segments})
        assert summary["words"] > 0
        captions = Transcription.from_json(truth).to("vtt", preset="netflix")
        assert summary["cues"] == captions.count(b" --> ") >= len(segments)
    assert run.was_deferred("wait")


def test_the_key_is_nowhere(stage: Stage) -> None:
    """After all runs, at DEBUG: not in a log, not in a table, not in S3. The search does find other texts."""
    for run in stage.runs.values():
        run.succeeded()
    assert set(stage.start("failures").ended().values()) == {"failed"}
    airflow, buckets = stage.airflow, (INPUT, OUTPUT)
    for emulator in stage.emulators.values():
        # A part of the key betrays it as well.
        secret = emulator.api_key[-24:]
        assert audit.in_files(airflow.home, secret) == []
        assert audit.in_tables(airflow.database, secret) == []
        assert audit.in_objects(stage.storage, buckets, secret) == []
    known = stage.runs["documented", "bucket_to_bucket"].run_id
    assert any(name.endswith(".log") for name in audit.in_files(airflow.home, known))
    assert "task_instance.run_id" in audit.in_tables(airflow.database, known)
    assert audit.in_objects(stage.storage, buckets, known)
