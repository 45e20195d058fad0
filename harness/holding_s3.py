"""A proxy in front of an S3 that can keep a request waiting. It never answers that request: it is for tasks that are
killed at that moment.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from harness.service import Service

_HOLD_SECONDS = 300.0
_S3_SECONDS = 60.0
# How often the server checks whether it must stop.
_STOP_SECONDS = 0.02
_HOP_BY_HOP = ("connection", "transfer-encoding", "keep-alive")


class S3(Protocol):
    """An S3 server, such as `harness.s3.LocalS3` or `harness.faulty_s3.S3At`."""

    @property
    def url(self) -> str:
        """The endpoint for S3 clients."""
        ...

    def airflow_connection(self) -> dict[str, Any]:
        """The fields of the `aws_default` connection that leads there."""
        ...


@dataclass
class Hold:
    """The next request of a method whose `/bucket/key?query`, unquoted, matches a shell pattern.

    `is_carried_out`: S3 does as it is asked, and the answer is kept. Otherwise S3 receives no request: a body that
    broke off on its way. The first `skip` such requests pass.
    """

    method: str
    target: str
    is_carried_out: bool = False
    skip: int = 0
    # Of the request that is kept: its client's port.
    client_port: int | None = None
    _free: threading.Event = field(default_factory=threading.Event)

    def wait(self, client_port: int) -> None:
        """Be reached by a request, and stay so until the release."""
        self.client_port = client_port
        self._free.wait(_HOLD_SECONDS)

    def release(self) -> None:
        """End the request without an answer."""
        self._free.set()


class HoldingS3(Service):
    """A server on a free port that passes requests on to an S3; a context manager."""

    def __init__(self, behind: S3) -> None:
        self._behind = behind
        self._holds: list[Hold] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_STOP_SECONDS,), daemon=True)

    @property
    def port(self) -> int:
        """The port in use."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The endpoint for S3 clients."""
        return f"http://127.0.0.1:{self.port}"

    def airflow_connection(self) -> dict[str, Any]:
        """The fields of the `aws_default` connection that leads here."""
        fields = self._behind.airflow_connection()
        return {**fields, "extra": {**fields["extra"], "endpoint_url": self.url}}

    def start(self) -> None:
        """Listen; requests are answered from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def add(self, hold: Hold) -> None:
        """Keep the next request that is meant by it, one."""
        with self._lock:
            self._holds.append(hold)

    def taken(self, method: str, target: str) -> Hold | None:
        """The hold that a request meets; it is used up."""
        with self._lock:
            for hold in self._holds:
                if hold.method != method or not fnmatchcase(target, hold.target):
                    continue
                if hold.skip == 0:
                    self._holds.remove(hold)
                    return hold
                hold.skip -= 1
        return None

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What S3 says to a request."""
        passed = {name: value for name, value in headers.items() if name.lower() not in (*_HOP_BY_HOP, "expect")}
        connection = http.client.HTTPConnection(urlsplit(self._behind.url).netloc, timeout=_S3_SECONDS)
        try:
            connection.request(method, path, body, passed)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()


@dataclass(frozen=True)
class Answer:
    """What goes back to a client.

    `is_cut`: the connection ends in the middle of the body; `is_closed`: before any answer.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    is_cut: bool = False
    is_closed: bool = False

    def sent_headers(self, method: str) -> list[tuple[str, str]]:
        """The headers as they go out, with a length."""
        kept = [(name, value) for name, value in self.headers if name.lower() not in _HOP_BY_HOP]
        has_length = any(name.lower() == "content-length" for name, _ in kept)
        return kept if has_length or method == "HEAD" else [*kept, ("Content-Length", str(len(self.body)))]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients are killed here."""


def _handler(door: HoldingS3) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            pass

        def _pass(self) -> None:
            hold = door.taken(self.command, unquote(self.path))
            if hold is None or hold.is_carried_out:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = door.answer(self.command, self.path, dict(self.headers.items()), body)
            if hold is None:
                self._send(answer)
            else:
                self.close_connection = True
                hold.wait(self.client_address[1])

        def _send(self, answer: Answer) -> None:
            if answer.is_closed:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in answer.sent_headers(self.command):
                self.send_header(name, value)
            self.end_headers()
            if answer.is_cut:
                self.close_connection = True
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.is_cut else answer.body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass

    return Handler
