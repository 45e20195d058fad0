"""A service on a real socket that sends the bytes that a test gives it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

JOB = {"id": 1, "status": "completed", "filename": "call.mp3", "created_at": "2026-03-02T08:00:00Z"}


@contextmanager
def replies(
    bodies: Mapping[str, bytes], status: int = 200, *, echo: bool = False, content_type: str = "application/json"
) -> Iterator[str]:
    """Send a body for each path and return the base URL.

    :param echo: append the request's headers to the body, as the debug page of a gateway does.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies.get(urlsplit(self.path).path, b"{}")
            if echo:
                body += str(self.headers).encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def job_body(**changes: Any) -> dict[str, bytes]:
    """Return the bodies of an account with one job, for each path that reads it."""
    job = {**JOB, **changes}
    listed = {"total": 1, "limit": 100, "offset": 0, "transcriptions": [job]}
    whole = {**job, "segments": [{"speaker": "0", "text": job.get("text") or "Hello", "start": 0.0, "end": 1.0}]}
    return {"/transcriptions": json.dumps(listed).encode(), "/transcriptions/1": json.dumps(whole).encode()}
