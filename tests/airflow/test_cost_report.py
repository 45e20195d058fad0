"""What tasks tell about their cost: an estimate before they submit, the truth afterwards."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.emulator import EmulatorServer, Transition
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.test_transfer_features import rows_of
from tests.airflow.test_transfers import put, transfer

MEMO = Path(__file__).parents[2] / "samples" / "memo.mp3"
MEMO_SECONDS = pytest.approx(9.5, abs=1.5)
# A second of audio costs 1, so that costs read as seconds.
PRICE = 3600.0


@pytest.fixture
def priced(client: FluxionsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the default connection know the price."""
    connection = json.loads(os.environ["AIRFLOW_CONN_FLUXIONS_DEFAULT"])
    connection["extra"] = {"price_per_audio_hour": PRICE}
    monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(connection))


def submit(audio: str, **options: Any) -> tuple[Any, dict[str, Any]]:
    """Run a submit; return the job's id and the XComs pushed."""
    context = task_context()
    job_id = FluxionsSubmitOperator(task_id="t", audio=audio, **options).execute(context)
    return job_id, context["ti"].pushed


@pytest.mark.usefixtures("client")
def test_without_a_price_nothing_is_told() -> None:
    assert not {"cost", "estimated_cost"} & submit(str(MEMO), wait_for_completion=True)[1].keys()


@pytest.mark.usefixtures("priced")
def test_a_submit_tells_an_estimate_before_it_is_paid(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        _, pushed = submit(str(MEMO))
    assert pushed["estimated_cost"] == MEMO_SECONDS
    assert "cost" not in pushed
    told = [record.getMessage() for record in caplog.records]
    estimate = next(number for number, line in enumerate(told) if "h of audio (cost=" in line)
    assert "by its header" in told[estimate]
    assert estimate < next(number for number, line in enumerate(told) if line.startswith("Submitted job"))


@pytest.mark.usefixtures("client")
def test_a_submit_that_waits_tells_the_truth_afterwards_at_a_price_of_its_own(client: FluxionsClient) -> None:
    job_id, pushed = submit(str(MEMO), wait_for_completion=True, price_per_audio_hour=PRICE)
    assert pushed["cost"] == client.get_transcription(job_id).audio_duration


@pytest.mark.usefixtures("priced")
def test_the_truth_is_told_after_a_deferral_too(client: FluxionsClient, fluxions_emulator: EmulatorServer) -> None:
    fluxions_emulator.emulator.set_transition(Transition.after_reads(2))
    with pytest.raises(TaskDeferred) as deferral:
        submit(str(MEMO), wait_for_completion=True, deferrable=True)
    kwargs: Any = deferral.value.kwargs
    client.get_transcription(kwargs["job_id"])
    context = task_context()
    resumed = FluxionsSubmitOperator(task_id="t", audio=str(MEMO), wait_for_completion=True, deferrable=True)
    resumed.execute_complete(context, {}, **kwargs)
    assert context["ti"].pushed["cost"] == client.get_transcription(kwargs["job_id"]).audio_duration


@pytest.mark.usefixtures("priced")
def test_a_recording_in_s3_is_estimated_by_its_header(s3: Any) -> None:
    s3.put_object(Bucket=INPUT, Key="memo.mp3", Body=MEMO.read_bytes())
    assert submit(f"s3://{INPUT}/memo.mp3")[1]["estimated_cost"] == MEMO_SECONDS


@pytest.mark.usefixtures("priced")
@pytest.mark.parametrize("has_tinytag", [True, False])
def test_what_tells_no_length_is_guessed_from_its_size(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, has_tinytag: bool
) -> None:
    if not has_tinytag:
        monkeypatch.setitem(sys.modules, "tinytag", None)
    (tmp_path / "odd.mp3").write_bytes(b"x" * 16_000)
    with caplog.at_level(logging.INFO):
        assert submit(str(tmp_path / "odd.mp3"))[1]["estimated_cost"] == 2.0
    assert "guessed from its size" in caplog.text


def test_a_price_that_is_none_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(FluxionsInputError, match="price_per_audio_hour must be 0 or more"):
        FluxionsSubmitOperator(task_id="t", audio="a.mp3", price_per_audio_hour=-1)


@pytest.mark.usefixtures("priced")
@pytest.mark.parametrize("mode", [{"mode": "poke"}, {"deferrable": True}])
def test_a_sensor_tells_what_its_jobs_cost(client: FluxionsClient, mode: dict[str, Any]) -> None:
    ids = [client.submit(b"%d" % number, filename="a.mp3").id for number in range(2)]
    context = task_context()
    FluxionsTranscriptionSensor(task_id="t", job_id=ids, poke_interval=0.01, **mode).execute(context)
    seconds = sum(client.get_transcription(job_id).audio_duration or 0 for job_id in ids)
    assert context["ti"].pushed["cost"] == pytest.approx(seconds)


@pytest.mark.usefixtures("priced")
def test_a_transfer_tells_an_estimate_in_log_manifest_and_summary(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    put(s3, "memo.mp3", body=MEMO.read_bytes())
    put(s3, "odd.mp3", body=b"x" * 16_000)
    with caplog.at_level(logging.INFO):
        summary = transfer("")
    rows = {row["path"]: row for row in rows_of(s3, summary["manifest"])}
    assert rows["odd.mp3"]["estimated_seconds"] == rows["odd.mp3"]["estimated_cost"] == 2.0
    assert rows["memo.mp3"]["estimated_cost"] == MEMO_SECONDS
    assert summary["estimated_cost"] == pytest.approx(2.0 + rows["memo.mp3"]["estimated_cost"])
    assert summary["cost"] == pytest.approx(sum(row["cost"] for row in rows.values()))
    assert "To be submitted: about 0.00" in caplog.text


@pytest.mark.usefixtures("priced")
def test_a_transfer_without_tinytag_goes_on_without_an_estimate(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tinytag", None)  # as where it is not installed
    put(s3, "a.mp3")
    summary = transfer("")
    assert summary["completed"] == 1
    (row,) = rows_of(s3, summary["manifest"])
    assert (row["estimated_seconds"], row["estimated_cost"]) == (None, None)
    assert "estimated_cost" not in summary
    assert f"s3://{OUTPUT}/out/a.mp3.json" in row["outputs"]
