"""Hostile arguments, connections and services behind tasks: a value or an error of ours, and no secret anywhere."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_fluxions import operators, sensors, transfers
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Fault, Transition
from airflow_provider_fluxions.hooks import FluxionsHook
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.test_sensor_and_trigger import HastyTrigger
from tests.hostile.harmless import KEY, KEY_MARKS, LINK_MARK, MARKS, Outcome, assert_harmless
from tests.hostile.table import Row
from tests.hostile.tasks import AUDIO, CONNECTIONS, DESTINATION, OPERATORS, SERVICE

# The first use of a library of AWS reads its descriptions of services, some 25 MiB.
MAX_MIB = 64.0


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatorServer]:
    """An account whose key has what URLs, JSON and HTML escape; its connection does not retry."""
    with Emulator(api_key=KEY, transition=Transition.at_once()) as emulator, EmulatorServer(emulator) as server:
        connect(server, monkeypatch)
        yield server


def connect(server: EmulatorServer, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    """Let the default connection lead to a server."""
    default = {"conn_type": "fluxions", "host": server.base_url, "password": KEY, "extra": {"max_retries": 0}}
    monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps({**default, **fields}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings that cannot be sent, and one that can."""
    (tmp_path / "good.mp3").write_bytes(b"audio")
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "folder.mp3").mkdir()
    return tmp_path


def run(operator: Callable[[], Any], **options: Any) -> Outcome:
    """Make and execute an operator; its XComs must have no secret either."""
    context = task_context()
    return assert_harmless(
        lambda: operator().execute(context),
        kept=lambda: [context["ti"].pushed],
        **{"value_marks": MARKS, "max_mib": MAX_MIB, "resident": True, **options},
    )


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("row", AUDIO, ids=lambda row: row.words)
def test_hostile_audio_has_the_outcome_of_its_row(row: Row, folder: Path, account: EmulatorServer) -> None:
    audio = row.given.format(folder=folder) if isinstance(row.given, str) else row.given
    row.check(run(lambda: FluxionsSubmitOperator(task_id="t", audio=audio)))
    assert account.emulator.requests == []


@pytest.mark.parametrize("row", CONNECTIONS, ids=lambda row: row.words)
def test_a_hostile_connection_has_the_outcome_of_its_row(
    row: Row, folder: Path, account: EmulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(account, monkeypatch, **row.given)
    row.check(run(lambda: FluxionsSubmitOperator(task_id="t", audio=str(folder / "good.mp3"), timeout=0)))
    assert account.emulator.jobs == []


@pytest.mark.usefixtures("s3", "account")
@pytest.mark.parametrize("row", OPERATORS, ids=lambda row: row.words)
def test_hostile_arguments_of_an_operator_have_the_outcome_of_their_row(row: Row) -> None:
    name, arguments = row.given
    cls = next(getattr(module, name) for module in (operators, sensors, transfers) if hasattr(module, name))
    row.check(run(lambda: cls(task_id="t", **arguments)))


def test_wrong_formats_fail_when_the_dag_is_parsed() -> None:
    for row in OPERATORS:
        name, arguments = row.given
        if "formats" in arguments and name == "FluxionsToS3Operator":
            with pytest.raises(ValueError, match="format"):
                transfers.FluxionsToS3Operator(task_id="t", **arguments)


@pytest.mark.usefixtures("account")
def test_a_file_that_the_task_is_not_allowed_to_read_is_an_error_of_ours(folder: Path) -> None:
    secret = folder / "good.mp3"
    secret.chmod(0)
    outcome = run(lambda: FluxionsSubmitOperator(task_id="t", audio=str(secret)))
    # The user root is allowed to read it all the same.
    assert outcome.error is None or "Permission denied" in outcome.shown


def _submit(audio: str) -> Any:
    return FluxionsSubmitOperator(task_id="t", audio=audio, timeout=0, wait_for_completion=True, durable=False)


def _retry(audio: str) -> Any:
    return FluxionsSubmitOperator(task_id="t", audio=audio, timeout=0)


def _sense(_: str) -> Any:
    return FluxionsTranscriptionSensor(task_id="t", job_id=1, timeout=0, poke_interval=0)


class Hasty(FluxionsS3ToS3Operator):
    """Gives up on a recording at its first trouble."""

    recording_patience_seconds = 0.0


def _transfer(_: str) -> Any:
    return Hasty(task_id="t", source=f"s3://{INPUT}/", destination=DESTINATION, timeout=60, poll_interval=0.01)


TASKS = {"submit": _submit, "retry": _retry, "sense": _sense, "transfer": _transfer}


def events() -> list[Any]:
    async def collect() -> list[Any]:
        return [repr(event) async for event in HastyTrigger([1], poll_interval=0.01, deadline=time.time()).run()]

    return asyncio.run(collect())


@pytest.mark.parametrize("row", SERVICE, ids=lambda row: row.words)
def test_a_hostile_service_has_the_outcome_of_its_row_and_no_secret_is_kept(
    row: Row, s3: Any, folder: Path, account: EmulatorServer
) -> None:
    s3.put_object(Bucket=INPUT, Key="a.mp3", Body=b"x")
    account.emulator.add_fault(Fault(**{"times": None, **row.given}))

    def manifests() -> list[str]:
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=OUTPUT).get("Contents", ())]
        return [s3.get_object(Bucket=OUTPUT, Key=key)["Body"].read().decode() for key in keys if "_manifests" in key]

    for name, task in TASKS.items():
        context = task_context(try_number=2 if name == "retry" else 1)
        outcome = assert_harmless(
            lambda task=task, context=context: task(str(folder / "good.mp3")).execute(context),
            kept=lambda context=context: [context["ti"].pushed, *manifests()],
            value_marks=MARKS,
            max_mib=MAX_MIB,
            resident=True,
        )
        if name == row.how:
            row.check(outcome)
    assert_harmless(events, value_marks=MARKS, resident=True)
    assert_harmless(lambda: FluxionsHook().test_connection(), value_marks=MARKS, resident=True)


def test_no_secret_is_kept_of_a_transcription_that_succeeds(s3: Any, folder: Path, account: EmulatorServer) -> None:
    s3.put_object(Bucket=INPUT, Key="a.mp3", Body=b"x")
    for task in TASKS.values():
        outcome = run(lambda task=task: task(str(folder / "good.mp3")))
        assert outcome.error is None
    shown = [FluxionsHook(), FluxionsHook().get_conn(), FluxionsHook().get_conn().settings]
    assert not [mark for mark in KEY_MARKS if mark in repr(shown)]


WRONG = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=5),
    st.lists(st.integers() | st.text(max_size=3), max_size=2), st.just(10**5_000), st.just("9" * 5_000), st.just({}),
)  # fmt: skip
PLACES = [
    *[("FluxionsS3ToS3Operator", name) for name in (
        "source", "destination", "formats", "format_options", "key_template", "suffixes", "min_age", "min_bytes",
        "max_bytes", "max_inputs", "max_audio_hours", "dry_run", "shard_index", "shard_count", "lookback_days",
        "max_in_flight", "upload_workers", "fail_on", "price_per_audio_hour", "extra_args", "poll_interval")],
    *[("FluxionsS3TextToSpeechOperator", name) for name in (
        "source", "destination", "voice", "formats", "temperature", "max_seconds", "verify_chunks", "key_template",
        "suffixes", "min_age", "min_bytes", "max_bytes", "max_inputs", "max_characters", "dry_run", "shard_index",
        "shard_count", "max_in_flight", "fail_on", "price_per_speech_hour", "price_per_1000_characters", "extra_args",
        "timeout")],
    *[("FluxionsSubmitOperator", name) for name in (
        "audio", "filename", "poll_interval", "timeout", "price_per_audio_hour")],
    ("FluxionsTranscriptionSensor", "job_id"),
    ("FluxionsTranscriptionSensor", "poll_interval"),
]  # fmt: skip
GOOD: dict[str, dict[str, Any]] = {
    "FluxionsS3ToS3Operator": {"source": f"s3://{INPUT}/", "destination": DESTINATION},
    "FluxionsS3TextToSpeechOperator": {"source": f"s3://{INPUT}/", "destination": DESTINATION},
    "FluxionsSubmitOperator": {"audio": "/nowhere/a.mp3"},
    "FluxionsTranscriptionSensor": {"job_id": "4711"},
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), WRONG)
def test_any_argument_of_an_operator_is_taken_or_an_error_of_ours(
    s3: Any, account: EmulatorServer, place: tuple[str, str], value: Any
) -> None:
    name, argument = place
    cls = next(getattr(module, name) for module in (operators, sensors, transfers) if hasattr(module, name))
    run(lambda: cls(task_id="t", **{**GOOD[name], argument: value}), marks=(*KEY_MARKS, LINK_MARK))
