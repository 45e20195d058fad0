"""The in-memory store of the tests keeps the contract, so a transfer that works with it needs no more of a store."""

from __future__ import annotations

import pytest

from airflow_provider_fluxions.storage import ObjectAddress, ObjectStore
from airflow_provider_fluxions.storage.object_store import Capabilities
from tests.unit.storage.memory_store import MemoryStore
from tests.unit.storage.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture(params=[Capabilities(), Capabilities(start_after=False, conditional_put=False)])
    def store(self, request: pytest.FixtureRequest) -> ObjectStore:
        store = MemoryStore(capabilities=request.param)
        store.buckets.add("bucket")
        return store

    @pytest.fixture
    def bucket(self) -> ObjectAddress:
        return ObjectAddress("memory", "bucket")
