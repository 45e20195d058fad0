"""The record of every request that the vendor's half of the emulator saw."""

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
    """One request. `key` says how it was authenticated; the key itself is kept nowhere.

    `status` is None while the request runs, and for ever when the connection was cut before an answer.
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
    """``running``, ``answered``, ``reset``, ``cut`` (answer cut short), ``disconnected`` (by the client)."""


class RequestLog:
    """An append-only list with copies for its readers. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[RecordedRequest] = []
        self._count = 0

    def add(self, entry: RecordedRequest) -> RecordedRequest:
        """Number the request (from 1, clearing does not restart) and keep it."""
        with self._lock:
            self._count += 1
            entry.number = self._count
            self._entries.append(entry)
            return entry

    def entries(self) -> list[RecordedRequest]:
        """Copies of all entries, oldest first."""
        with self._lock:
            return [replace(entry) for entry in self._entries]

    def clear(self) -> None:
        """Forget what was recorded."""
        with self._lock:
            self._entries.clear()


def kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers worth recording; Authorization and cookies are not among them."""
    return {name: headers[name] for name in _KEPT_HEADERS if name in headers}


def key_state(authorization: str | None, api_key: str) -> KeyState:
    """Judge an Authorization header: the vendor wants the bare key, without ``Bearer``."""
    if not authorization:
        return "missing"
    if authorization.lower().startswith("bearer "):
        return "bearer"
    right = hmac.compare_digest(authorization.encode(), api_key.encode())
    return "valid" if right else "wrong"
