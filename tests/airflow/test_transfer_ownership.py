"""Bucket to bucket: a job counts only if it belongs to the recording, whatever the manifest says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.emulator import Emulator
from airflow_provider_fluxions.formats import choose
from airflow_provider_fluxions.pipeline.items import Target, plan_input
from airflow_provider_fluxions.pipeline.ownership import is_own_job, is_proven, possible_references, proof_of
from airflow_provider_fluxions.storage import ObjectAddress, StoredObject
from tests.airflow.conftest import OUTPUT
from tests.airflow.transferring import defer, put, read, transfer

MANIFEST = f"s3://{OUTPUT}/out/_manifests/a_dag/manual__1/a_task.jsonl"
REF = "0123456789abcdef"


def rewrite_manifest(s3: Any, changes: Mapping[str, Any]) -> None:
    """Do what a user with write access below the destination can do."""
    rows = [json.loads(line) for line in read(s3, MANIFEST).splitlines()]
    body = "".join(json.dumps({**row, **changes}) + "\n" for row in rows)
    s3.put_object(Bucket=OUTPUT, Key=MANIFEST.removeprefix(f"s3://{OUTPUT}/"), Body=body.encode())


def foreign_job(client: FluxionsClient, folder: Path, content: bytes = b"a secret") -> str:
    """Submit a recording of somebody else in the same account."""
    (folder / "secret.mp3").write_bytes(content)
    return str(client.submit(folder / "secret.mp3", filename="secret.mp3").id)


def end_all(emulator: Emulator) -> None:
    for job in emulator.jobs:
        emulator.force_status(job.id, "completed")


@pytest.mark.usefixtures("fluxions_connection")
@pytest.mark.parametrize("status", ["in_flight", "writing"])
@pytest.mark.parametrize("proof", [{}, {"proof": None}, {"proof": 5}, {"proof": "0" * 32}])
def test_a_resumed_transfer_never_writes_the_transcript_of_a_job_that_was_put_into_its_manifest(
    s3: Any, emulator: Emulator, client: FluxionsClient, tmp_path: Path, status: str, proof: dict[str, Any]
) -> None:
    secret = foreign_job(client, tmp_path)
    put(s3, "a.mp3")
    resume = defer(emulator)
    end_all(emulator)
    rewrite_manifest(s3, {"job_id": secret, "status": status, **proof})
    assert resume()["completed"] == 1
    assert str(json.loads(read(s3, f"s3://{OUTPUT}/out/a.mp3.json"))["id"]) != secret
    assert len(emulator.jobs) == 2


@pytest.mark.usefixtures("fluxions_connection")
def test_the_job_of_a_recording_that_was_done_before_is_still_reported_after_a_deferral(
    s3: Any, emulator: Emulator
) -> None:
    put(s3, "a.mp3")
    transfer("")
    put(s3, "b.mp3")
    resume = defer(emulator)
    end_all(emulator)
    resume()
    rows = [json.loads(line) for line in read(s3, MANIFEST).splitlines()]
    assert {row["path"]: row["job_id"] for row in rows} == {
        "a.mp3": str(emulator.jobs[0].id),
        "b.mp3": str(emulator.jobs[1].id),
    }


@pytest.mark.usefixtures("fluxions_connection")
def test_an_older_job_from_the_services_cache_is_still_the_recordings_own_after_a_deferral(
    s3: Any, emulator: Emulator, client: FluxionsClient, tmp_path: Path
) -> None:
    emulator.set_settings(cache_mode="same_job")
    older = foreign_job(client, tmp_path, b"a.mp3")  # the same bytes, so the service answers with this job
    put(s3, "a.mp3")
    resume = defer(emulator)
    end_all(emulator)
    before = len(emulator.requests)
    assert resume()["completed"] == 1
    assert str(json.loads(read(s3, f"s3://{OUTPUT}/out/a.mp3.json"))["id"]) == older
    assert all(request.method == "GET" for request in emulator.requests[before:])


@pytest.mark.usefixtures("fluxions_connection")
@pytest.mark.parametrize(
    "change",
    [{"stored": 5}, {"source": 5}, {"attempts": "x"}, {"submitted_at": "0001-01-01T00:00:00+23:00"}, {"kept": 1}],
)
def test_a_manifest_with_values_of_other_types_is_planned_again(
    s3: Any, emulator: Emulator, change: dict[str, Any]
) -> None:
    put(s3, "a.mp3")
    resume = defer(emulator)
    end_all(emulator)
    rewrite_manifest(s3, change)
    assert resume()["completed"] == 1
    assert len(emulator.jobs) == 1


def test_a_proof_holds_for_its_key_its_reference_and_its_job_only() -> None:
    proof = proof_of("key", REF, 7)
    assert is_proven("key", {REF}, "7", proof)
    assert not is_proven("another key", {REF}, 7, proof)
    assert not is_proven("key", {"f" * 16}, 7, proof)
    assert not is_proven("key", {REF}, 8, proof)


def test_a_job_whose_name_carries_the_reference_needs_no_proof() -> None:
    assert is_own_job("key", {REF}, 7, None, f"call--{REF}.mp3")
    assert not is_own_job("key", {REF}, 7, None, "call--ffffffffffffffff.mp3")
    assert not is_own_job("key", {REF}, 7, None, None)
    assert is_own_job("key", {REF}, 7, proof_of("key", REF, 7), None)


@given(st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.binary())
@example("\ud800")  # JSON can hold half a character
def test_no_other_value_is_a_proof(proof: Any) -> None:
    assert not is_proven("key", {REF}, 7, proof)


@pytest.mark.parametrize("non_speech", [False, True])
def test_a_reference_is_computed_again_from_what_a_line_says_of_its_recording(non_speech: bool) -> None:
    destination = ObjectAddress("s3", "out", "done/")
    target = Target.of(destination, choose(("json",)), folder="ingest_date=2026-01-31/")
    item = plan_input(
        StoredObject(ObjectAddress("s3", "in", "calls/a.mp3"), 5, "v1"), "a.mp3", target, {"non_speech": non_speech}
    )
    assert item.ref in possible_references("s3://in/calls/a.mp3", "v1", "a.mp3", destination)
    assert item.ref not in possible_references("s3://in/calls/a.mp3", "v2", "a.mp3", destination)
