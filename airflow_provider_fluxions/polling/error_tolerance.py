"""The errors that a wait survives, and for how long. No I/O."""

from __future__ import annotations

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsError,
    FluxionsMissingConnectionError,
)

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
