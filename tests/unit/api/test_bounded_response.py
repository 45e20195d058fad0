"""Answers that are too large, over real sockets: given up on, whatever they say."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsConnectionError
from airflow_provider_fluxions.api.limits import MAX_RESULT_BYTES
from tests.unit.conftest import KEY

MIB = 1 << 20
BLANKS = b" " * MIB


class Flood(BaseHTTPRequestHandler):
    """Sends an object of blanks without an end; behind /health a redirect with such a body."""

    protocol_version = "HTTP/1.1"
    status = 200
    stopped: threading.Event

    def do_GET(self) -> None:
        is_redirect = self.path == "/health"
        self.send_response(302 if is_redirect else self.status)
        if is_redirect:
            self.send_header("Location", "/elsewhere")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"%x\r\n%s\r\n" % (MIB, BLANKS))
        except OSError:
            self.close_connection = True
            self.stopped.set()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Bomb(BaseHTTPRequestHandler):
    """Sends some kilobytes that unpack to much more."""

    body: bytes

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def client_of(handler: type[BaseHTTPRequestHandler], max_retries: int = 0) -> Iterator[FluxionsClient]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            with FluxionsClient(
                KEY, f"http://127.0.0.1:{server.server_port}", max_retries=max_retries, backoff_seconds=0.0
            ) as client:
                yield client
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("call", ["read", "redirect", "submit"])
def test_an_answer_without_an_end_is_given_up_and_its_connection_closed(call: str) -> None:
    mib = 64 if call == "read" else 8
    calls = {
        "read": lambda client: client.get_transcription(1, word_level_timestamps=True),
        "redirect": lambda client: client.health(),
        "submit": lambda client: client.submit(b"audio", filename="a.mp3"),
    }

    class OneFlood(Flood):
        stopped = threading.Event()

    with client_of(OneFlood) as client:
        with pytest.raises(FluxionsConnectionError, match=f"larger than {mib} MiB") as raised:
            calls[call](client)
        assert OneFlood.stopped.wait(30)
    assert not raised.value.nothing_created


@pytest.mark.slow
def test_an_answer_that_unpacks_to_too_much_is_given_up() -> None:
    class Large(Bomb):
        body = gzip.compress(BLANKS * (4 * MAX_RESULT_BYTES // MIB), 1)

    assert len(Large.body) < 2 * MIB
    with client_of(Large) as client, pytest.raises(FluxionsConnectionError, match="larger than 64 MiB"):
        client.get_transcription(1, word_level_timestamps=True)


def test_the_body_of_a_response_before_a_retry_is_given_up_as_well() -> None:
    class Trouble(Flood):
        status = 503
        stopped = threading.Event()

    with client_of(Trouble, max_retries=1) as client:
        with pytest.raises(FluxionsConnectionError, match="larger than 8 MiB"):
            client.list_transcriptions()
        assert Trouble.stopped.wait(30)


def test_a_packed_answer_of_a_usual_size_is_read() -> None:
    class Packed(Bomb):
        body = gzip.compress(b'{"id": 7, "status": "completed"}')

    with client_of(Packed) as client:
        assert client.get_transcription(7).status == "completed"
