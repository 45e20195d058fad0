"""A transfer runs whole with a store that is not S3: addresses, listing, upload, results, manifest, the next run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.submit_once import SubmitOptions
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Transition
from airflow_provider_fluxions.formats import choose
from airflow_provider_fluxions.formats.base import Provenance
from airflow_provider_fluxions.pipeline.budget import Budget
from airflow_provider_fluxions.pipeline.conditional_put import MetadataCheck
from airflow_provider_fluxions.pipeline.discovery import TransferSpec
from airflow_provider_fluxions.pipeline.items import Target
from airflow_provider_fluxions.pipeline.locations import parse_destination, parse_sources
from airflow_provider_fluxions.pipeline.manifest import Manifest
from airflow_provider_fluxions.pipeline.partition import PartitionCheck
from airflow_provider_fluxions.pipeline.planning import TransferPlan, TransferPlanner
from airflow_provider_fluxions.pipeline.records import State
from airflow_provider_fluxions.pipeline.runner import TransferLimits, TransferRunner
from airflow_provider_fluxions.pipeline.selection import Selection
from airflow_provider_fluxions.pipeline.steps import TransferSteps
from airflow_provider_fluxions.storage import ObjectAddress, ObjectStore, StoredObject, WriteOptions, open_store
from airflow_provider_fluxions.storage.address import STORES
from airflow_provider_fluxions.storage.object_store import Capabilities
from tests.unit.storage.memory_store import MemoryStore

TASK = SimpleNamespace(dag_id="d", run_id="r", task_id="t")
CHOICES = choose(("json", "srt"), None)


class NoMetrics:
    """Counts nothing."""

    def submitted(self, *_: Any) -> None: ...
    def throttled(self, *_: Any) -> None: ...
    def failed(self, *_: Any) -> None: ...
    def transcribed(self, *_: Any) -> None: ...


@pytest.fixture
def client() -> Iterator[FluxionsClient]:
    emulator = Emulator("observed", "key", transition=Transition.at_once())
    with emulator, EmulatorServer(emulator) as server, FluxionsClient("key", server.base_url) as client:
        yield client


@pytest.fixture(autouse=True)
def known_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STORES, "memory", "tests.unit.storage.memory_store.MemoryStore")


def new_store(**capabilities: bool) -> MemoryStore:
    store = MemoryStore(writing=WriteOptions(gzip=True), capabilities=Capabilities(**capabilities))
    store.buckets |= {"in", "out"}
    for name in ("a.mp3", "2026/b.mp3", "notes.txt"):
        store.put(ObjectAddress("memory", "in", f"calls/{name}"), name.encode() * 100, "audio/mpeg", {})
    return store


def spec() -> TransferSpec:
    target = Target.of(parse_destination("memory://out/done"), CHOICES)
    return TransferSpec(parse_sources("memory://in/calls/"), Selection(), target, {"non_speech": False}, "run")


def planner(client: FluxionsClient, store: ObjectStore) -> TransferPlanner:
    manifest = Manifest.of(TASK, spec().target.destination, -1, None)
    return TransferPlanner(client, store, spec(), manifest, Budget(), 30)


def run(client: FluxionsClient, store: ObjectStore, plan: TransferPlan) -> None:
    check, partitions = MetadataCheck(is_proven=False), PartitionCheck(store, spec().target, plan.records)
    deadline, options = time.time() + 60, SubmitOptions(cache=False)
    steps = TransferSteps(
        client, store, CHOICES, Provenance(), options, deadline, "run", NoMetrics(), 60, check, plan.recent, partitions
    )
    assert TransferRunner(steps, plan.records, TransferLimits(8, 2, 0.01, deadline, False, 0.0)).run() == ()


@pytest.mark.parametrize("capabilities", [{}, {"start_after": False, "conditional_put": False}])
def test_a_transfer_runs_in_any_store(client: FluxionsClient, capabilities: dict[str, bool]) -> None:
    store = new_store(**capabilities)
    plan = planner(client, store).plan(datetime.now(UTC), earlier_start=None)
    run(client, store, plan)
    manifest = planner(client, store).manifest
    manifest.write(store, plan.records)
    assert [record.state for record in plan.records] == [State.COMPLETED, State.COMPLETED]
    assert [one.uri for one in store.list(ObjectAddress("memory", "out", "done/2026/"))] == [
        "memory://out/done/2026/b.mp3.json",
        "memory://out/done/2026/b.mp3.srt",
    ]
    again = planner(client, store).plan(datetime.now(UTC), earlier_start=None)
    assert {record.state for record in again.records} == {State.COMPLETED}
    resumed = planner(client, store).restored(datetime.now(UTC), None)
    assert resumed is not None
    assert [record.item.source.uri for record in resumed.records] == [
        "memory://in/calls/2026/b.mp3",
        "memory://in/calls/a.mp3",
    ]


def test_a_store_without_metadata_is_refused_before_anything_is_submitted(client: FluxionsClient) -> None:
    with pytest.raises(FluxionsInputError, match="keeps no metadata"):
        planner(client, new_store(metadata=False)).plan(datetime.now(UTC), earlier_start=None)
    assert client.list_transcriptions().transcriptions == ()


def test_a_store_is_opened_by_its_scheme() -> None:
    address = ObjectAddress.parse("MEMORY://in/calls/")
    assert (address.scheme, type(open_store([address], None))) == ("memory", MemoryStore)
    with pytest.raises(FluxionsInputError, match="not memory and s3"):
        open_store([address, ObjectAddress("s3", "b")], None)


def test_an_address_of_another_scheme_is_outside_of_a_source() -> None:
    (source,) = parse_sources("memory://in/calls/")
    found = StoredObject(ObjectAddress("s3", "in", "calls/a.mp3"), 1, "v")
    assert source.contains(source.address.below("a.mp3"))
    assert not source.contains(found.address)
