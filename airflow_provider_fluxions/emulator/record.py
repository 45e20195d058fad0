"""The record of every request to the emulated API."""

from __future__ import annotations

import hmac
import threading
from dataclasses import dataclass, field, replace
from typing import Literal

KeyState = Literal["valid", "missing", "wrong", "bearer"]
_KEPT_HEADERS = (
    "host",
    "user-agent",
    "accept",
    "content-type",
    "content-length",
    "transfer-encoding",
    "expect",
)


@dataclass
class RecordedRequest:
    """One request. `key` is the kind of its authentication; the key itself is not stored.

    `status` stays empty (None) until there is a response, also after the connection was cut.
    `time` is the emulator's clock, in seconds; `received_bytes` counts the body.
    """

    number: int
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    key: KeyState
    time: float
    filename: str | None = None
    received_bytes: int = 0
    status: int | None = None
    job_id: int | None = None
    fault: str | None = None
    ending: str = field(default="running")
    """``running``, ``answered``, ``reset``, ``cut`` (incomplete response), ``disconnected`` (by the client)."""


class RequestLog:
    """An append-only list with copies for its readers. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[RecordedRequest] = []
        self._count = 0

    def add(self, entry: RecordedRequest) -> RecordedRequest:
        """Number the request (from 1, also after clearing) and store it."""
        with self._lock:
            self._count += 1
            entry.number = self._count
            self._entries.append(entry)
            return entry

    def entries(self) -> list[RecordedRequest]:
        """Return copies of all entries, oldest first."""
        with self._lock:
            return [replace(entry) for entry in self._entries]

    def clear(self) -> None:
        """Remove all entries."""
        with self._lock:
            self._entries.clear()


def kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers to record, without Authorization and cookies."""
    return {name: headers[name] for name in _KEPT_HEADERS if name in headers}


def key_state(authorization: str | None, api_key: str) -> KeyState:
    """Check an Authorization header: the vendor requires the bare key, without ``Bearer``."""
    if not authorization:
        return "missing"
    if authorization.lower().startswith("bearer "):
        return "bearer"
    right = hmac.compare_digest(authorization.encode(), api_key.encode())
    return "valid" if right else "wrong"
