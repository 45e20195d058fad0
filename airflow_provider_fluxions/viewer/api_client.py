"""The Fluxions API for one request to the viewer, with a limit on the total time of all calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.api.errors import FluxionsConnectionError
from airflow_provider_fluxions.hooks import connect_for_viewing
from airflow_provider_fluxions.viewer.object_reader import require_connection

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

# The user waits for the page, and each request holds a thread of the web server.
MAX_SECONDS = 30.0


@contextmanager
def connected(conn_id: str) -> Iterator[FluxionsClient]:
    """Provide a client for this block. All its calls together take at most `MAX_SECONDS`.

    :raises ViewerError: if the connection does not exist.
    :raises FluxionsConfigError: if the connection is invalid.
    """
    # Before the client is made, so that a missing connection is an error for the page and not a failure of the server.
    require_connection(conn_id)
    with connect_for_viewing(conn_id) as client:
        yield within(client, MAX_SECONDS)


def within(client: FluxionsClient, seconds: float, now: Callable[[], float] = time.monotonic) -> FluxionsClient:
    """Return a client on the same connections, with a limit on the total seconds of its calls.

    Each call gets the time that is left by the calls before it.

    :param now: Seconds of a monotonic clock.
    """
    return _Within(client, now() + seconds, now)  # type: ignore[return-value]  # it has the calls that the viewer makes


class _Within:
    def __init__(self, client: FluxionsClient, end: float, now: Callable[[], float]) -> None:
        self._client = client
        self._end = end
        self._now = now

    def __getattr__(self, name: str) -> Any:
        if name == "settings":
            return self._client.settings
        left = self._end - self._now()
        if left <= 0:
            raise FluxionsConnectionError("Fluxions did not respond in time for this page. Load it again later.")
        # At each call, because a poll reads several pages and the user waits for all of them.
        return getattr(self._client.with_limits(total_timeout=left), name)
