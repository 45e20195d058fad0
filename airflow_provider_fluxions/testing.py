"""Pytest fixtures for tests of your own DAGs, registered by the entry point ``pytest11``.

``fluxions_emulator`` is a local Fluxions API over real HTTP, ``fluxions_connection`` makes an Airflow connection
lead to it, and ``fluxions_clock`` lets its time pass without waiting. They need the extra ``emulator``. ``fluxions_s3``
is a local S3 and the AWS connection that leads to it; it needs the extra ``amazon`` and ``moto[server]``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_fluxions.api.retry import Clock

if TYPE_CHECKING:
    from airflow_provider_fluxions.emulator import Emulator, EmulatorServer

EMULATOR_KEY = "emulator-key"


@pytest.fixture
def fluxions_emulator() -> Iterator[EmulatorServer]:
    """Start an emulator on a free loopback port; jobs complete as soon as they are submitted.

    ``.base_url`` is its URL, ``.emulator`` its state: ``jobs``, ``requests``, ``add_fault(...)``,
    ``set_transition(Transition.after_reads(2))``.
    """
    from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Transition

    emulator = Emulator(api_key=EMULATOR_KEY, transition=Transition.at_once())
    with emulator, EmulatorServer(emulator) as server:
        yield server


class FluxionsClock(Clock):
    """The emulator's clock. Sleeping with it advances the emulator's jobs instead of waiting.

    Pass it as any argument ``clock``, as in ``FluxionsHook.wait_for_completion(job_id, clock=fluxions_clock)``.
    ``now()`` is seconds since the epoch, ``sleep(seconds)`` and ``advance(seconds)`` let time pass at once.
    """

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(now=emulator.clock, sleep=emulator.advance, jitter=lambda: 0.5, monotonic=emulator.clock)

    def advance(self, seconds: float) -> None:
        """Advance the clock by this many seconds."""
        self.sleep(seconds)


@pytest.fixture
def fluxions_clock(fluxions_emulator: EmulatorServer) -> FluxionsClock:
    """Return the emulator's clock. Set ``set_transition(Transition.after_seconds(...))`` for jobs that take time."""
    return FluxionsClock(fluxions_emulator.emulator)


@pytest.fixture
def fluxions_connection(fluxions_emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make the connection ``fluxions_default`` use the emulator; return its id."""
    connection = {"conn_type": "fluxions", "host": fluxions_emulator.base_url, "password": EMULATOR_KEY}
    monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(connection))
    return "fluxions_default"


@pytest.fixture
def fluxions_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start an empty S3 on a free loopback port and return a boto3 client of it.

    The connection ``aws_default`` leads to it during the test. Create the buckets that your DAG reads and writes:
    ``fluxions_s3.create_bucket(Bucket="recordings")``.

    :raises pytest.UsageError: moto's server or boto3 is not installed.
    """
    try:
        import boto3
        from moto.server import ThreadedMotoServer
    except ImportError as error:
        raise pytest.UsageError(
            f"The fixture fluxions_s3 needs {error.name}. Install airflow-provider-fluxions[amazon] and moto[server]."
        ) from error
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
        connection = {"conn_type": "aws", "login": "test", "password": "test", "extra": endpoint}
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
        # Moto's buckets are the process's: without this they would outlive the test.
        _forget_buckets(endpoint["endpoint_url"])
        yield boto3.client("s3", aws_access_key_id="test", aws_secret_access_key="test", **endpoint)  # noqa: S106
    finally:
        server.stop()


def _forget_buckets(url: str) -> None:
    import requests

    with requests.Session() as session:
        session.trust_env = False
        session.post(f"{url}/moto-api/reset", timeout=30).raise_for_status()
