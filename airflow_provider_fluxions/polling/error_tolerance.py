"""The errors that a wait survives, for how long, and the pause after each. No I/O."""

from __future__ import annotations

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsError,
    FluxionsMissingConnectionError,
    FluxionsRequestError,
)
from airflow_provider_fluxions.api.retry import Clock, pause_seconds
from airflow_provider_fluxions.api.retry_after import limited_pause

# A key can be rotated at the service some minutes before the connection has the new one.
REFUSED_SECONDS = 600.0


class ErrorTolerance:
    """The time since which the key of a connection is refused, or the connection is missing.

    Transient errors are tolerated until the deadline of each wait. A refused key (401, 403) and a missing connection
    are tolerated for 10 minutes, with the connection read again before each request. Other errors end a wait.
    """

    def __init__(self) -> None:
        self._refused_since: float | None = None

    def tolerates(self, error: FluxionsError, now: float) -> bool:
        """Return whether the wait continues after this error at ``now`` (seconds of any monotonic clock)."""
        if error.transient:
            return True
        if not needs_new_connection(error):
            return False
        if self._refused_since is None:
            self._refused_since = now
        return now - self._refused_since < REFUSED_SECONDS

    def reset(self) -> None:
        """Record that the service accepted the key."""
        self._refused_since = None


def needs_new_connection(error: FluxionsError) -> bool:
    """Return whether the connection must be read again before the next request, because the key might change."""
    return isinstance(error, FluxionsAuthenticationError | FluxionsMissingConnectionError)


class Backoff:
    """The end of the pause (monotonic seconds) of a connection's rounds."""

    def __init__(self, clock: Clock) -> None:
        self.paused_until = float("-inf")
        self._clock = clock
        self._failures = 0

    def failed(self, error: FluxionsError) -> float:
        """Pause, doubled from 1 s and at least as long as the service asked; return the seconds."""
        self._failures += 1
        asked = error.retry_after_seconds if isinstance(error, FluxionsRequestError) else None
        seconds = pause_seconds(self._failures, limited_pause(asked), self._clock.jitter())
        # A poll for a deadline can fail during a pause. Its shorter pause must not replace one that the service asked
        # for.
        self.paused_until = max(self.paused_until, self._clock.monotonic() + seconds)
        return seconds

    def succeeded(self) -> None:
        """Record a success, except during a pause, because a poll for a deadline does not end the pause."""
        if self._clock.monotonic() >= self.paused_until:
            self._failures = 0
            self.paused_until = float("-inf")
