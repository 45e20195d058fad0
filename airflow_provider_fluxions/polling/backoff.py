"""Pause all polls of a connection after errors, with exponential backoff."""

from __future__ import annotations

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsRequestError
from airflow_provider_fluxions.api.retry_after import limited_pause
from airflow_provider_fluxions.polling.clock import LoopClock

MAX_BACKOFF_SECONDS = 60.0


class Backoff:
    """The end of the pause (monotonic seconds) of a connection's rounds."""

    def __init__(self, clock: LoopClock) -> None:
        self.paused_until = float("-inf")
        self._clock = clock
        self._failures = 0

    def failed(self, error: FluxionsError) -> float:
        """Pause, doubled from 1 s and at least as long as the service asked; return the seconds."""
        # The exponent has a maximum: after 1,024 failures, which is 17 hours, the power would raise an OverflowError.
        # The jitter spreads triggerers that failed in the same second.
        self._failures += 1
        backoff = min(MAX_BACKOFF_SECONDS, 2.0 ** min(self._failures - 1, 10)) * (0.5 + self._clock.jitter() / 2)
        asked = error.retry_after_seconds if isinstance(error, FluxionsRequestError) else None
        seconds = max(backoff, limited_pause(asked))
        # A poll for a deadline can fail during a pause. Its shorter pause must not replace one that the service asked
        # for.
        self.paused_until = max(self.paused_until, self._clock.monotonic() + seconds)
        return seconds

    def succeeded(self) -> None:
        """Record a success, except during a pause, because a poll for a deadline does not end the pause."""
        if self._clock.monotonic() >= self.paused_until:
            self._failures = 0
            self.paused_until = float("-inf")
