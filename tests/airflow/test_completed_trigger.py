"""The trigger that watches an account, against the emulator; over restarts and in a real triggerer: tests/e2e."""

from __future__ import annotations

import asyncio
import json
import re
import runpy
import subprocess
import sys
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_fluxions import triggers
from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsConfigError, FluxionsInputError
from airflow_provider_fluxions.emulator import EmulatorServer

IS_AIRFLOW_2 = version("apache-airflow").startswith("2.")
on_airflow_3 = pytest.mark.skipif(IS_AIRFLOW_2, reason="Airflow 2 cannot start a DAG on an external event")
AIRFLOW = tuple(map(int, version("apache-airflow").split(".")[:2]))
KEEPS_STATE = AIRFLOW >= (3, 3)
HAS_QUEUES = AIRFLOW >= (3, 4)
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).isoformat()


@pytest.mark.skipif(not IS_AIRFLOW_2, reason="Airflow 3 has the base class")
def test_on_airflow_2_its_import_says_what_to_do_instead() -> None:
    with pytest.raises(ImportError, match=r"needs Airflow 3.*FluxionsTranscriptionSensor"):
        from airflow_provider_fluxions.triggers import FluxionsTranscriptionCompletedTrigger  # noqa: F401


def test_another_name_is_missing_as_usual() -> None:
    assert not hasattr(triggers, "FluxionsNoSuchTrigger")


class StateStore:
    """An asset's state store of Airflow 3.3, in memory."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    async def aget(self, key: str) -> Any:
        return self.values.get(key)

    async def aset(self, key: str, value: Any) -> None:
        self.values[key] = json.loads(json.dumps(value))


def watcher(store: Any = None, **arguments: Any) -> Any:
    trigger = triggers.FluxionsTranscriptionCompletedTrigger(**arguments)
    trigger.asset_state_store = store
    return trigger


def first_events(trigger: Any, count: int) -> list[dict[str, Any]]:
    async def scenario() -> list[dict[str, Any]]:
        async with aclosing(trigger.run()) as events:
            return [(await anext(events)).payload for _ in range(count)]

    return asyncio.run(asyncio.wait_for(scenario(), 30))


@on_airflow_3
def test_it_is_rebuilt_from_what_it_serializes_which_is_plain_json() -> None:
    trigger = watcher(
        fluxions_conn_id="c", filename_pattern="a*", statuses="failed", poll_interval=7.5, since=YESTERDAY, lookback=0
    )
    path, kwargs = trigger.serialize()
    assert path == "airflow_provider_fluxions.triggers.FluxionsTranscriptionCompletedTrigger"
    assert watcher(**json.loads(json.dumps(kwargs))).serialize() == (path, kwargs)
    assert kwargs["statuses"] == ["failed"]


@on_airflow_3
@pytest.mark.parametrize(
    "arguments", [{"poll_interval": 1}, {"lookback": -1}, {"statuses": ["running"]}, {"since": "yesterday"}]
)
def test_an_argument_that_cannot_work_is_refused_when_the_dag_is_parsed(arguments: dict[str, Any]) -> None:
    with pytest.raises(FluxionsInputError):
        watcher(**arguments)


@on_airflow_3
def test_its_queue_is_stored_beside_it_where_airflow_gives_watchers_one() -> None:
    if not HAS_QUEUES:
        with pytest.raises(FluxionsInputError, match=r"queue needs Airflow 3\.4"):
            watcher(queue="speech")
        return
    from airflow.serialization.encoders import encode_trigger

    encoded = encode_trigger(watcher(queue="speech"))
    assert (encoded["queue"], "queue" in encoded["kwargs"]) == ("speech", False)


@on_airflow_3
def test_a_missing_connection_is_an_error_that_watching_waits_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # The command line, which a test before this one can import, reads connections from the database.
    monkeypatch.delenv("_AIRFLOW_PROCESS_CONTEXT", raising=False)
    with pytest.raises(FluxionsConfigError, match="no connection 'absent'"):
        asyncio.run(watcher(fluxions_conn_id="absent").connect())


@pytest.mark.slow
@on_airflow_3
def test_the_block_in_the_documentation_runs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
    watched, scheduled = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    if HAS_QUEUES:
        watched += scheduled
    subprocess.run([sys.executable, "-c", f"{watched}\nassert finished.watchers"], check=True)


@pytest.mark.skipif(AIRFLOW < (3, 4), reason="before 3.4 a run takes all events that have arrived")
@pytest.mark.parametrize("setting", ["True", "False"])
def test_a_run_of_the_example_takes_all_events_whatever_airflow_is_set_to(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SCHEDULER__BATCH_ASSET_EVENTS", setting)
    example = runpy.run_path(str(Path(__file__).parents[2] / "dags_examples" / "on_transcription.py"))
    assert example["dag"].timetable.batch_asset_events


@on_airflow_3
def test_an_event_names_the_job_by_both_its_names(client: FluxionsClient) -> None:
    job_id = client.submit(b"audio", filename="call--0123456789abcdef.mp3").id
    (event,) = first_events(watcher(StateStore(), filename_pattern="call.mp3", since=YESTERDAY), 1)
    assert datetime.fromisoformat(event.pop("created_at"))
    assert event == {
        "version": 1,
        "job_id": job_id,
        "status": "completed",
        "filename": "call.mp3",
        "filename_sent": "call--0123456789abcdef.mp3",
        "audio_seconds": client.get_transcription(job_id).audio_duration,
    }


@on_airflow_3
def test_where_airflow_keeps_no_state_it_looks_back(client: FluxionsClient) -> None:
    ids = {client.submit(b"%d" % number, filename="a.mp3").id for number in range(2)}
    assert {event["job_id"] for event in first_events(watcher(None), 2)} == ids


@pytest.mark.skipif(not KEEPS_STATE, reason="Airflow keeps no state of assets before 3.3")
def test_where_airflow_cannot_tell_whose_state_it_is_it_looks_back(client: FluxionsClient) -> None:
    """Two assets watched with equal arguments share one trigger, whose store then has no single asset."""
    from airflow.sdk import Asset
    from airflow.sdk.execution_time.context import AssetStateStoreAccessors

    job_id = client.submit(b"audio", filename="a.mp3").id
    store = AssetStateStoreAccessors(inlets=[Asset("one"), Asset("two")])
    assert [event["job_id"] for event in first_events(watcher(store), 1)] == [job_id]


@on_airflow_3
def test_many_watchers_of_one_connection_cost_as_much_as_one(
    client: FluxionsClient, fluxions_emulator: EmulatorServer
) -> None:
    """Each for file names of its own; Airflow runs all triggers of a triggerer on one event loop."""
    ids = [client.submit(b"%d" % number, filename=f"{number}.mp3").id for number in range(10)]
    fluxions_emulator.emulator.clear_requests()

    told: dict[int, Any] = {}

    async def first(number: int, all_told: asyncio.Event) -> None:
        trigger = watcher(StateStore(), filename_pattern=f"{number}.mp3", since=YESTERDAY)
        async with aclosing(trigger.run()) as events:
            told[number] = (await anext(events)).payload["job_id"]
            if len(told) == len(ids):
                all_told.set()
            await all_told.wait()

    async def scenario() -> None:
        all_told = asyncio.Event()
        await asyncio.wait_for(asyncio.gather(*(first(number, all_told) for number in range(10))), 30)

    asyncio.run(scenario())
    assert [told[number] for number in range(10)] == ids
    # Those who came while the first look was under way share the second.
    assert len(fluxions_emulator.emulator.requests) <= 2
