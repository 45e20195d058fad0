"""The record of texts that the emulator rendered: what a real account is charged for."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class EmulatedRender:
    """A text that was rendered, and so charged, whether or not the client received all of it."""

    number: int
    request: int
    """The number of its request in the record."""
    voice_id: str
    text: str
    audio_seconds: float
    time: float
    options: Mapping[str, Any] = field(default_factory=dict)


class RenderLog:
    """An append-only list. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[EmulatedRender] = []
        self._count = 0

    def add(self, request: int, voice_id: str, text: str, seconds: float, time: float, options: Any) -> None:
        """Number a render (from 1, clearing does not restart) and keep it."""
        with self._lock:
            self._count += 1
            self._entries.append(EmulatedRender(self._count, request, voice_id, text, seconds, time, options))

    def entries(self) -> list[EmulatedRender]:
        """All renders, oldest first."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forget what was rendered."""
        with self._lock:
            self._entries.clear()
