"""As much of S3 as a task needs to read one object, able to keep a request waiting."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

_HOLD_SECONDS = 120.0


@dataclass
class _Object:
    content: bytes
    modified: str
    free: threading.Event = field(default_factory=threading.Event)
    # The client's port of the request that waits.
    waiting_port: int | None = None


class SlowS3:
    """An S3 server on a free port; a context manager. Objects are addressed as `bucket/key`."""

    def __init__(self) -> None:
        self._objects: dict[str, _Object] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def airflow_connection(self) -> dict[str, Any]:
        extra = {"endpoint_url": f"http://127.0.0.1:{self.port}", "region_name": "us-east-1"}
        return {"conn_type": "aws", "login": "local", "password": "local-secret", "extra": extra}

    def __enter__(self) -> SlowS3:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in self._objects:
            self.release(name)
        self._server.shutdown()
        self._server.server_close()

    def put_held(self, name: str, content: bytes) -> str:
        """Store an object of which no request is answered before `release`; returns its s3:// address."""
        self._objects[name] = _Object(content, formatdate(usegmt=True))
        return f"s3://{name}"

    def waiting_port(self, name: str) -> int | None:
        """The client's port of the last request that was made to wait for the object, None if none was."""
        return self._objects[name].waiting_port

    def release(self, name: str) -> None:
        """Answer the requests for the object, now and from now on."""
        self._objects[name].free.set()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        objects = self._objects

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer(with_body=False)

            def do_GET(self) -> None:
                self._answer(with_body=True)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
                pass

            def _answer(self, *, with_body: bool) -> None:
                found = objects.get(unquote(urlsplit(self.path).path).lstrip("/"))
                if found is None:
                    self.send_error(404)
                    return
                if not found.free.is_set():
                    found.waiting_port = self.client_address[1]
                    found.free.wait(_HOLD_SECONDS)
                try:
                    self._send(found, found.content if with_body else b"")
                except ConnectionError:
                    self.close_connection = True  # The one who asked was killed.

            def _send(self, found: _Object, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(found.content)))
                self.send_header("ETag", f'"{sha256(found.content).hexdigest()[:32]}"')
                self.send_header("Last-Modified", found.modified)
                self.end_headers()
                self.wfile.write(body)

        return Handler
