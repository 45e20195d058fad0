"""For tests that need Airflow's classes but no running Airflow: S3 and the Fluxions API over real sockets."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

# Airflow reads its settings when it is first imported.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="fluxions-airflow-home-")
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "True"
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
# The first file brings all imports with it, which take a busy machine more than the 30 s of the default.
os.environ["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] = "120"
# Each new session of boto3 reads megabytes of JSON.
os.environ["AIRFLOW__AWS__SESSION_FACTORY"] = "tests.airflow.aws_sessions.SharedSessions"

import boto3
import pytest
import requests
from airflow.secrets import BaseSecretsBackend
from moto.server import ThreadedMotoServer

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer
from harness.faulty_s3 import FaultyS3, S3At

INPUT, OUTPUT = "fluxions-input", "fluxions-output"
# No version of Airflow changes what these say: pages and files of the repository, and what a transfer makes of
# recordings (`test_transfer_*.py`). `test_transfers.py` runs transfers on each version.
ANY_VERSION = {
    "test_commands_on_pages.py",
    "test_docs.py",
    "test_emulator_cuts.py",
    "test_faulty_s3.py",
    "test_formats_in_transfers.py",
    "test_registry_file.py",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs on one version only."""
    for item in items:
        if item.path.name in ANY_VERSION or item.path.name.startswith("test_transfer_"):
            item.add_marker(pytest.mark.any_version)


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """Moto's S3 server on a free loopback port."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def s3_client(s3_url: str) -> Any:
    """One client for all tests: a new one costs as much as a dozen requests."""
    return boto3.client(
        "s3",
        endpoint_url=s3_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def s3(s3_url: str, s3_client: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client for two empty buckets; `aws_default` leads there too."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    connection = {
        "conn_type": "aws",
        "login": "test",
        "password": "test",
        "extra": {"endpoint_url": s3_url, "region_name": "us-east-1"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    with requests.Session() as session:
        session.trust_env = False
        session.post(f"{s3_url}/moto-api/reset", timeout=60).raise_for_status()
    for bucket in (INPUT, OUTPUT):
        s3_client.create_bucket(Bucket=bucket)
    return s3_client


@pytest.fixture
def faulty_s3(s3: Any, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    """Let `aws_default` lead to the same buckets through a proxy with faults; the client `s3` meets none of them."""
    with FaultyS3(S3At(s3_url)) as proxy:
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(proxy.airflow_connection()))
        yield proxy


@pytest.fixture
def emulator(fluxions_emulator: EmulatorServer) -> Emulator:
    """The account's inside."""
    return fluxions_emulator.emulator


@pytest.fixture
def client(fluxions_emulator: EmulatorServer, fluxions_connection: str) -> FluxionsClient:
    """A client of the account that the default connection leads to."""
    return FluxionsClient("emulator-key", fluxions_emulator.base_url)


class BrokenSecretsBackend(BaseSecretsBackend):
    """A secrets backend that is down for one connection. Airflow may keep it for the whole process."""

    def get_connection(self, conn_id: str, **_: Any) -> None:
        """Raise what the client of a vault raises."""
        if conn_id == "vaulted":
            raise ConnectionRefusedError("vault.example.com:8200 refused the connection")

    def get_config(self, key: str) -> None:
        """Know no configuration."""

    def get_variable(self, key: str, **_: Any) -> None:
        """Know no variable."""


@pytest.fixture
def broken_secrets_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Airflow ask a backend that is down before its own."""
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", f"{__name__}.{BrokenSecretsBackend.__name__}")


@pytest.fixture
def connection_table() -> None:
    """Let Airflow 2 find its table of connections, which is empty. Airflow 3 does not look there."""
    from airflow.models.connection import Connection
    from airflow.settings import engine

    if engine is not None:
        Connection.__table__.create(engine, checkfirst=True)


def empty(client: Any, bucket: str) -> None:
    """Delete all objects of a bucket."""
    keys = [{"Key": item["Key"]} for item in client.list_objects_v2(Bucket=bucket).get("Contents", ())]
    if keys:
        client.delete_objects(Bucket=bucket, Delete={"Objects": keys})


class FakeTaskInstance(SimpleNamespace):
    """What our operators use of a task instance."""

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep the value to look at."""
        self.pushed[key] = value


def task_context(**changes: Any) -> dict[str, Any]:
    """Return a task's context as Airflow gives it, on its first try unless said otherwise."""
    facts = {
        "dag_id": "a_dag",
        "run_id": "manual__1",
        "task_id": "a_task",
        "map_index": -1,
        "try_number": 1,
        "max_tries": 0,
        "pushed": {},
        **changes,
    }
    now = datetime.now(UTC)
    run = SimpleNamespace(start_date=now, run_after=now - timedelta(seconds=1), logical_date=None, clear_number=0)
    return {"ti": FakeTaskInstance(**facts), "dag_run": run}


class DictStore(dict[str, Any]):
    """Airflow 3.3's task state store, as far as it is used."""

    def set(self, key: str, value: Any) -> None:
        """Keep a value over tries."""
        self[key] = value
