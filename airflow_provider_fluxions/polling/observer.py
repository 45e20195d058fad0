"""The interface for figures of a poll loop. This package uses no metrics system itself."""

from __future__ import annotations

import logging
from typing import Any, Protocol

log = logging.getLogger(__name__)


class Observer(Protocol):
    """Receives figures of a loop on the event loop's thread, so each method must be quick."""

    def watching(self, jobs: int) -> None:
        """The number of waited-for jobs changed."""

    def polled(self, requests: int) -> None:
        """A round ended, with or without an error, after this many requests."""

    def throttled(self, seconds: float) -> None:
        """An error, or the service, pauses all rounds for this many seconds."""

    def noticed(self, seconds: float) -> None:
        """A wait ended, at most this many seconds after its jobs."""


class NullObserver:
    """Ignores all figures."""

    def watching(self, jobs: int) -> None:
        """Do nothing."""

    def polled(self, requests: int) -> None:
        """Do nothing."""

    def throttled(self, seconds: float) -> None:
        """Do nothing."""

    def noticed(self, seconds: float) -> None:
        """Do nothing."""


class SafeObserver:
    """Passes all calls to an observer, and logs its errors so that they end no wait."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._complained = False

    def notify(self, what: str, value: float) -> None:
        """Call the observer's method of that name; an error is logged once."""
        try:
            method: Any = getattr(self._observer, what)
            method(value)
        except Exception:
            if not self._complained:
                self._complained = True
                log.warning("Metrics of the poll loop failed. The loop continues without them.", exc_info=True)
