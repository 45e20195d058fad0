"""Hostile manifests, stored results and stores: a value or an error of ours, and transcripts in results only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_fluxions.emulator import Emulator, Fault
from airflow_provider_fluxions.transfers import FluxionsConvertOperator
from harness.faulty_s3 import FaultyS3, S3Fault
from tests.airflow.conftest import INPUT, OUTPUT, empty, task_context
from tests.airflow.transferring import defer, put, read, transfer
from tests.hostile.harmless import LINK, LINK_MARK, TRANSCRIPT, TRANSCRIPT_MARK, Outcome, assert_harmless
from tests.hostile.table import Row
from tests.hostile.tasks import DESTINATION, MANIFESTS, S3, STORED

MANIFEST = "out/_manifests/a_dag/manual__1/a_task.jsonl"
KEY_MARKS = ("emulator-key",)
MARKS = (*KEY_MARKS, TRANSCRIPT_MARK, LINK_MARK)
# A manifest has 256 MiB at most, a stored result 64 MiB.
MAX_MIB = 160.0

pytestmark = pytest.mark.usefixtures("fluxions_connection")


def harmless(act: Callable[[], Any], s3: Any) -> Outcome:
    """Run a task; neither what it returns nor a manifest may have a secret."""

    def manifests() -> Iterator[str]:
        for one in s3.list_objects_v2(Bucket=OUTPUT).get("Contents", ()):
            if "_manifests/" in one["Key"]:
                yield s3.get_object(Bucket=OUTPUT, Key=one["Key"])["Body"].read().decode("utf-8", "replace")

    return assert_harmless(act, kept=manifests, marks=MARKS, value_marks=MARKS, max_mib=MAX_MIB, resident=True)


@pytest.fixture
def secret_results(emulator: Emulator) -> None:
    """Each result has a transcript and a signed link that must appear in results only."""
    segments = [{"speaker": "0", "text": TRANSCRIPT, "start": 0.0, "end": 1.0}]
    fields = {"segments": segments, "text": TRANSCRIPT, "audio_url": LINK}
    emulator.add_fault(Fault(method="GET", path="/transcriptions/*", fields=fields, times=None))


def rewritten(s3: Any, change: Any) -> None:
    """Do what a user with write access below the destination can do."""
    if isinstance(change, bytes):
        body = change
    else:
        rows = [json.loads(line) for line in read(s3, f"s3://{OUTPUT}/{MANIFEST}").splitlines()]
        body = "".join(json.dumps({**row, **change}) + "\n" for row in rows).encode()
    s3.put_object(Bucket=OUTPUT, Key=MANIFEST, Body=body.replace(b'"DIGITS"', b"9" * 5_000))


def resumed(s3: Any, emulator: Emulator, change: Any) -> Outcome:
    """Let a transfer defer, change its manifest, and let it resume."""
    # Bytes of its own for each example: a recording whose job is completed needs no deferral.
    put(s3, "a.mp3", body=f"recording {len(emulator.jobs)}".encode())
    resume = defer(emulator)
    for job in emulator.jobs:
        emulator.force_status(job.id, "completed")
    rewritten(s3, change)
    return harmless(resume, s3)


@pytest.mark.usefixtures("secret_results")
@pytest.mark.parametrize("row", MANIFESTS, ids=lambda row: row.words)
def test_a_hostile_manifest_has_the_outcome_of_its_row(row: Row, s3: Any, emulator: Emulator) -> None:
    row.check(resumed(s3, emulator, row.given))
    assert len(emulator.jobs) == 1, "nothing is paid twice"


FIELDS = ("source", "path", "version", "bytes", "modified_at", "reference", "status", "job_id", "proof", "attempts",
          "error", "transient", "outputs", "folder", "kept", "stored", "audio_seconds", "submitted_at")  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1, max_size=3) | st.binary(max_size=60))
def test_any_manifest_is_resumed_or_an_error_of_ours(s3: Any, emulator: Emulator, change: Any) -> None:
    empty(s3, OUTPUT)
    resumed(s3, emulator, change)


def convert(s3: Any, body: bytes, stored: dict[str, Any]) -> Outcome:
    s3.put_object(Bucket=INPUT, Key="a.mp3.json", Body=body, **stored)
    operator = FluxionsConvertOperator(
        task_id="t", source=f"s3://{INPUT}/", destination=DESTINATION, formats=["srt", "text"]
    )
    return harmless(lambda: operator.execute(task_context()), s3)


@pytest.mark.parametrize("row", STORED, ids=lambda row: row.words)
def test_a_hostile_stored_result_has_the_outcome_of_its_row(row: Row, s3: Any) -> None:
    row.check(convert(s3, *row.given))
    for one in s3.list_objects_v2(Bucket=OUTPUT).get("Contents", ()):
        assert LINK_MARK not in read(s3, f"s3://{OUTPUT}/{one['Key']}")


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(
    st.binary(max_size=60) | VALUES.map(lambda value: json.dumps({"id": 7, "segments": value, "text": value}).encode())
)
def test_any_stored_result_is_converted_or_an_error_of_ours(s3: Any, body: bytes) -> None:
    convert(s3, body, {})


@pytest.mark.usefixtures("secret_results")
@pytest.mark.parametrize("row", S3, ids=lambda row: row.words)
def test_a_hostile_store_has_the_outcome_of_its_row(
    row: Row, s3: Any, faulty_s3: FaultyS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    put(s3, "a.mp3")
    if "fault" in row.given:
        faulty_s3.add_fault(S3Fault(times=None, **row.given["fault"]))
    else:
        faulty_s3.set_store(**row.given)
    row.check(harmless(lambda: transfer(""), s3))
