"""S3 keeps the contract of all object stores."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_fluxions.storage import ObjectAddress, ObjectStore, open_store
from tests.airflow.conftest import OUTPUT
from tests.unit.storage.store_contract import StoreContract


class TestS3(StoreContract):
    @pytest.fixture
    def store(self, s3: Any, bucket: ObjectAddress) -> ObjectStore:
        return open_store([bucket], "aws_default")

    @pytest.fixture
    def bucket(self) -> ObjectAddress:
        return ObjectAddress.parse(f"s3://{OUTPUT}")
