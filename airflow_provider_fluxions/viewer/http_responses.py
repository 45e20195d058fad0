"""Responses, with headers that prevent content of a bucket or a service from running in Airflow's origin. No I/O."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import quote

# The page loads its own files, and sends requests to its own server. Airflow shows it in a frame.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# Other responses are not pages.
DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

# The media type of lines of JSON.
LINES = "application/x-ndjson"

_ALWAYS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": DATA_POLICY,
}


@dataclass(frozen=True)
class HttpResponse:
    """A response. An iterator as its body is sent in pieces."""

    status: int
    body: bytes | Iterator[bytes]
    content_type: str
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """All headers, including the safe ones."""
        length = {"Content-Length": str(len(self.body))} if isinstance(self.body, bytes) else {}
        return {**_ALWAYS, "Content-Type": self.content_type, **length, **self.extra}


def json_response(value: Any, status: int = 200) -> HttpResponse:
    """Return plain values as JSON."""
    return HttpResponse(status, _json(value), "application/json")


def lines_response(values: Iterable[Any]) -> HttpResponse:
    """Return plain values as lines of JSON: the first two are sent before the others are made."""
    return HttpResponse(200, _lines(iter(values)), LINES)


def _lines(values: Iterator[Any]) -> Iterator[bytes]:
    for value in islice(values, 2):
        yield _json(value) + b"\n"
    # At once, because a slow client must not keep the values in memory: a transcript is 20 times as large as its JSON.
    yield from [_json(value) + b"\n" for value in values]


def _json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A lone surrogate in a key or transcript becomes its JSON escape.
    return text.encode("utf-8", errors="backslashreplace")


def error_response(status: int, detail: str) -> HttpResponse:
    """Return a sentence for the user."""
    return json_response({"detail": detail}, status)


def page_response(html: bytes, status: int = 200) -> HttpResponse:
    """Return the page itself."""
    return HttpResponse(status, html, "text/html; charset=utf-8", {"Content-Security-Policy": PAGE_POLICY})


def redirect_response(url: str) -> HttpResponse:
    """Lead a browser to another page, whose URL can be relative."""
    return HttpResponse(302, b"", "text/plain; charset=utf-8", {"Location": url})


def file_response(body: bytes, filename: str, content_type: str) -> HttpResponse:
    """Return a file that the browser saves and never shows."""
    return HttpResponse(200, body, content_type, {"Content-Disposition": attachment(filename)})


def attachment(filename: str) -> str:
    """Return the header that names a file for saving (RFC 6266): an ASCII name, and the real one."""
    # Control characters would end the header, and a slash would name a folder.
    name = "".join("_" if unicodedata.category(char)[0] == "C" or char in '/\\"' else char for char in filename)
    plain = name.encode("ascii", errors="replace").decode().replace("?", "_").replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
