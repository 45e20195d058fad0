"""The emulator cuts connections beside Airflow as well, which brings an event loop that uvicorn would prefer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Fault


@pytest.fixture
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer(Emulator(api_key="key")) as started:
        yield started


def _read(server: EmulatorServer) -> None:
    url = f"{server.base_url}/transcriptions"
    requests.get(url, headers={"Authorization": "key"}, timeout=10, proxies={"http": ""})


@pytest.mark.parametrize(
    ("fault", "ending", "seen"),
    [(Fault(reset=True), "reset", "reset by peer"), (Fault(truncate_to_bytes=10), "cut", "IncompleteRead")],
)
def test_a_fault_that_cuts_is_seen_by_the_client(server: EmulatorServer, fault: Fault, ending: str, seen: str) -> None:
    server.emulator.add_fault(fault)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError), match=seen):
        _read(server)
    assert server.emulator.requests[0].ending == ending
