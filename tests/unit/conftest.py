"""An emulator on a real socket with clients of it, in one profile or both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.emulator import EmulatedJob, Emulator, EmulatorServer, Fault, RecordedRequest
from tests.unit.fakes import FakeTime

KEY = "s3cret-key"
# `scripts/test core` tries what the service was seen to do; CI also what its documentation says.
PROFILES = ("observed", pytest.param("documented", marks=pytest.mark.slow))


@dataclass
class Service:
    """The service side of a test: what it was asked, what it holds, and clients of it."""

    emulator: Emulator
    server: EmulatorServer
    clients: list[FluxionsClient] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.base_url

    @property
    def submit_path(self) -> str:
        return self.emulator.profile.submit_path

    def client(self, cls: type[FluxionsClient] = FluxionsClient, **settings: Any) -> FluxionsClient:
        """Return a client that knows the right path and pauses for nothing."""
        given = {"submit_path": self.submit_path, "max_retries": 2, "backoff_seconds": 0.0, **settings}
        client = cls(given.pop("api_key", KEY), given.pop("base_url", self.url), **given)
        self.clients.append(client)
        return client

    def fault(self, **options: Any) -> str:
        return self.emulator.add_fault(Fault(**options))

    def fault_on_submit(self, **options: Any) -> str:
        return self.fault(method="POST", path="*submit", **options)

    @property
    def requests(self) -> list[RecordedRequest]:
        return self.emulator.requests

    @property
    def posts(self) -> list[RecordedRequest]:
        return [request for request in self.requests if request.method == "POST"]

    @property
    def gets(self) -> list[RecordedRequest]:
        return [request for request in self.requests if request.method == "GET"]

    def jobs_with(self, ref: str) -> list[EmulatedJob]:
        return [job for job in self.emulator.jobs if ref in job.filename]

    def live_ids(self, ref: str) -> list[int]:
        return [job.id for job in self.jobs_with(ref) if job.status != "failed"]

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.server.stop()
        self.emulator.close()


MakeService = Callable[..., Service]


@pytest.fixture
def serve(closing: list[threading.Thread]) -> Iterator[MakeService]:
    started: list[Service] = []

    def make(profile: str = "documented", **options: Any) -> Service:
        emulator = Emulator(profile, KEY, **options)
        started.append(Service(emulator, EmulatorServer(emulator).start()))
        return started[-1]

    yield make
    for service in started:
        closing.append(threading.Thread(target=service.close))
        closing[-1].start()


@pytest.fixture(params=PROFILES)
def service(request: pytest.FixtureRequest, serve: MakeService) -> Service:
    return serve(request.param)


@pytest.fixture
def documented(serve: MakeService) -> Service:
    return serve("documented")


@pytest.fixture
def observed(serve: MakeService) -> Service:
    return serve("observed")


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment of the machine says about proxies and certificates must not reach the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
