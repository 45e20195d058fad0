"""Answers of bounded size: what a worker or the triggerer takes into memory is not for a server to choose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter

# Unpacked. A day of speech with all its word times takes some 20 MB; Python needs several times as much to read it.
MAX_ANSWER_BYTES = 64 << 20


class AnswerTooLargeError(requests.RequestException):
    """An answer did not end within `MAX_ANSWER_BYTES`; the rest of it was not read."""


class BoundedAdapter(HTTPAdapter):
    """Gives up on an answer that is too large, that of a redirect included.

    `requests` reads and unpacks an answer to its end, so a few kilobytes of gzip could fill the memory.
    """

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return the answer with a body that raises `AnswerTooLargeError` where it grows too large."""
        response = super().build_response(req, resp)
        response.raw = _BoundedBody(resp)
        return response


class _BoundedBody:
    """An answer of urllib3; all but reading goes to it unchanged."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amt: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield the unpacked body in pieces; `requests` reads it by this alone."""
        size_bytes = 0
        for piece in self._raw.stream(amt, decode_content=decode_content):
            size_bytes += len(piece)
            if size_bytes > MAX_ANSWER_BYTES:
                self._raw.close()  # what is left of it must not be read by whoever gets the connection next
                raise AnswerTooLargeError(f"the answer is larger than {MAX_ANSWER_BYTES >> 20} MiB")
            yield piece
