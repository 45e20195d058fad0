"""A small client of one emulator on a real socket, and the fixtures that start one in one profile or both."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from airflow_provider_fluxions.emulator import ControlClient, Emulator, EmulatorServer

# `scripts/test core` tries what the service was seen to do; CI also what its documentation says.
PROFILES = ("observed", pytest.param("documented", marks=pytest.mark.slow))
AUDIO = b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(20) + b"data" + bytes(2_000)


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: float = 1_761_302_100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Api:
    """A client of one emulator that knows nothing of our own client."""

    emulator: Emulator
    server: EmulatorServer
    clock: Clock
    slept: list[float]
    audio: bytes = AUDIO
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        return self.server.base_url

    @property
    def key(self) -> dict[str, str]:
        return {"Authorization": self.emulator.api_key}

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.url + path, params=query, headers=self.key, timeout=10, allow_redirects=False)

    def submit(self, audio: bytes = AUDIO, **query: Any) -> requests.Response:
        url = self.url + self.emulator.profile.submit_path
        return self.session.post(url, data=audio, params=query, headers=self.key, timeout=10, allow_redirects=False)

    def job(self, audio: bytes = AUDIO, **query: Any) -> int:
        answer = self.submit(audio, **query)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])

    def job_count(self) -> int:
        return len(self.emulator.jobs)

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=10)

    def raw_post(self, sent: bytes, announced: int) -> socket.socket:
        """Open a connection and send a submit whose Content-Length may be a lie."""
        connection = self.raw()
        head = f"POST {self.emulator.profile.submit_path} HTTP/1.1\r\nHost: localhost\r\n"
        head += f"Authorization: {self.emulator.api_key}\r\nContent-Length: {announced}\r\n\r\n"
        connection.sendall(head.encode() + sent)
        return connection


MakeApi = Callable[..., Api]


@pytest.fixture
def make_api(closing: list[threading.Thread]) -> Iterator[MakeApi]:
    started: list[Api] = []

    def make(profile: str = "documented", **options: Any) -> Api:
        clock = Clock()
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        emulator = Emulator(profile, "s3cret-key", **{"clock": clock, "sleep": sleep, **options})
        api = Api(emulator, EmulatorServer(emulator).start(), clock, slept)
        api.session.trust_env = False
        started.append(api)
        return api

    yield make
    for api in started:
        api.session.close()
        closing.append(threading.Thread(target=_close, args=(api,)))
        closing[-1].start()


def _close(api: Api) -> None:
    api.server.stop()
    api.emulator.close()


@pytest.fixture
def documented(make_api: MakeApi) -> Api:
    return make_api("documented")


@pytest.fixture
def observed(make_api: MakeApi) -> Api:
    return make_api("observed")


@pytest.fixture(params=PROFILES)
def api(request: pytest.FixtureRequest, make_api: MakeApi) -> Api:
    return make_api(request.param)


@pytest.fixture
def control(api: Api) -> Iterator[ControlClient]:
    with ControlClient(api.url) as client:
        yield client


@pytest.fixture
def control_of() -> Iterator[Callable[[Api], ControlClient]]:
    """Give the control client of any emulator."""
    with ExitStack() as clients:
        yield lambda api: clients.enter_context(ControlClient(api.url))
