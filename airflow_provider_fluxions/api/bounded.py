"""Response bodies of limited size: a server does not choose how much memory a worker or the triggerer uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from airflow_provider_fluxions.api.limits import MAX_RESPONSE_BYTES, running_call


class ResponseTooLargeError(requests.RequestException):
    """A response did not end within the maximum size; the rest of it was not read."""


class BoundedAdapter(HTTPAdapter):
    """Stops reading a response, that of a redirect included, at the maximum size of the running call.

    `requests` reads and unpacks a response to its end, so a few kilobytes of gzip could fill the memory.
    """

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return the response with a body that raises `ResponseTooLargeError` where it grows too large."""
        response = super().build_response(req, resp)
        call = running_call()
        response.raw = _BoundedBody(resp, MAX_RESPONSE_BYTES if call is None else call.max_bytes)
        return response


class _BoundedBody:
    """A response of urllib3; all but reading goes to it unchanged."""

    def __init__(self, raw: Any, max_bytes: int) -> None:
        self._raw = raw
        self._max_bytes = max_bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amt: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield the unpacked body in pieces; `requests` reads it by this alone."""
        size_bytes = 0
        for piece in self._raw.stream(amt, decode_content=decode_content):
            size_bytes += len(piece)
            if size_bytes > self._max_bytes:
                self._raw.close()  # the next user of the connection must not read the rest
                raise ResponseTooLargeError(f"the response is larger than {self._max_bytes >> 20} MiB")
            yield piece
