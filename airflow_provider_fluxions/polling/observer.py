"""Who is told what a poll loop does, for metrics. This package knows no metrics system."""

from __future__ import annotations

import logging
from typing import Any, Protocol

log = logging.getLogger(__name__)


class Observer(Protocol):
    """Hears of a loop's work, on the event loop's thread: each method must be quick."""

    def watching(self, jobs: int) -> None:
        """So many jobs are waited for now."""

    def polled(self, requests: int) -> None:
        """A round has ended, well or not, and made so many requests."""

    def throttled(self, seconds: float) -> None:
        """Trouble, or the service's wish, pauses all rounds for so long."""

    def noticed(self, seconds: float) -> None:
        """A wait has ended, so long at most after its jobs did."""


class NullObserver:
    """Hears nothing."""

    def watching(self, jobs: int) -> None:
        """Do nothing."""

    def polled(self, requests: int) -> None:
        """Do nothing."""

    def throttled(self, seconds: float) -> None:
        """Do nothing."""

    def noticed(self, seconds: float) -> None:
        """Do nothing."""


class SafeObserver:
    """Passes everything on to an observer whose errors must not end anybody's wait."""

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
                log.warning("Metrics of the poll loop fail; it goes on without them.", exc_info=True)
