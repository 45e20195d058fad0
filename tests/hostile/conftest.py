"""A service on a real socket that sends any bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from airflow_provider_fluxions.api.client import FluxionsClient
from tests.hostile.harmless import KEY
from tests.unit.conftest import no_proxy_of_this_machine

__all__ = ["no_proxy_of_this_machine"]


class HostileServer(ThreadingHTTPServer):
    """Reads each request whole, sends `answer` and closes. A pair of bytes drips: see `tests.hostile.responses`."""

    daemon_threads = True
    answer: bytes | tuple[bytes, bytes] = b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.stopped = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def client(self, **settings: Any) -> FluxionsClient:
        """Return a client that retries once, without a pause, and does not wait for drips."""
        is_drip = isinstance(self.answer, tuple)
        given = {"max_retries": 1, "backoff_seconds": 0.0, "read_timeout": 0.2 if is_drip else 60.0, **settings}
        return FluxionsClient(KEY, self.url, submit_timeout=given["read_timeout"], **given)


class Handler(BaseHTTPRequestHandler):
    server: HostileServer

    def handle(self) -> None:
        with suppress(OSError):  # the client went away
            if not self._read_request():
                return
            answer = self.server.answer
            if isinstance(answer, bytes):
                self.connection.sendall(answer)
                return
            self.connection.sendall(answer[0])
            while not self.server.stopped.wait(0.01):
                self.connection.sendall(answer[1])

    def _read_request(self) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.connection.recv(65_536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        left = int(lengths[0]) - len(body) if lengths else 0
        while left > 0:
            left -= len(self.connection.recv(65_536)) or left
        return True


@pytest.fixture(scope="session")
def hostile_server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.stopped.set()
        server.shutdown()
        thread.join()
