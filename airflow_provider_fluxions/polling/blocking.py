"""Waiting in the calling thread: for tasks that hold their slot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsRequestError
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.models import JobStatus
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.api.retry_after import limited_pause
from airflow_provider_fluxions.polling.error_tolerance import ErrorTolerance, needs_new_connection
from airflow_provider_fluxions.polling.intervals import interval_seconds, jitter_factor, min_interval_seconds
from airflow_provider_fluxions.polling.poll_planner import ListPositions, plan_round
from airflow_provider_fluxions.polling.poll_requests import PollResult, ReadJob, Request, send
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome, WatchedJobs

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

# The longest that one request of a wait takes.
MAX_POLL_SECONDS = 30.0
# The longest that a request takes after the deadline: the last look at jobs that may have ended in time.
MAX_LAST_POLL_SECONDS = 5.0
MIN_POLL_SECONDS = 1.0


def poll_seconds(left_seconds: float) -> float:
    """Return the maximum seconds for a request of a wait that has so many seconds left until its deadline."""
    if left_seconds <= 0:
        return MAX_LAST_POLL_SECONDS
    return min(MAX_POLL_SECONDS, max(MIN_POLL_SECONDS, left_seconds))


def poll_once(
    client: FluxionsClient,
    watched: WatchedJobs,
    positions: ListPositions | None = None,
    limit: Callable[[], float] | None = None,
) -> int:
    """Ask once for every open job of ``watched``, and note which have ended; return the number of requests.

    Failed jobs found in the list, which contains no reasons, are read once more for theirs.

    :param limit: returns the maximum seconds for the next request, which then has no retries. Default None: the
        client's own limits and retries.
    :raises FluxionsRequestError: no usable answer.
    """
    return _Poll(client, limit).run(watched, positions or ListPositions())


class _Poll:
    def __init__(self, client: FluxionsClient, limit: Callable[[], float] | None) -> None:
        self._client = client
        self._limit = limit
        self._requests = 0

    def run(self, watched: WatchedJobs, positions: ListPositions) -> int:
        if watched.open:
            self._poll(watched, positions)
        for key, job in watched.ended.items():
            if job.status == JobStatus.FAILED and not job.error_message:
                watched.ended[key] = self._fetch(ReadJob(job.id))[job_key(job.id)]
        return self._requests

    def _poll(self, watched: WatchedJobs, positions: ListPositions) -> None:
        requests = plan_round(watched.open, positions)
        result = self._fetch(next(requests))
        while True:
            watched.record(result)
            try:
                request = requests.send(result)
            except StopIteration:
                return
            result = self._fetch(request)

    def _fetch(self, request: Request) -> PollResult:
        client = self._client
        if self._limit is not None:
            client = client.with_limits(total_timeout=self._limit(), max_retries=0)
        result = send(client, request)
        self._requests += 1
        return result


def wait_blocking(
    client: FluxionsClient,
    watched: WatchedJobs,
    *,
    poll_interval: float,
    deadline: float,
    clock: Clock | None = None,
    on_pause: Callable[[float], object] | None = None,
    reconnect: Callable[[], FluxionsClient] | None = None,
) -> WaitOutcome:
    """Block until the jobs end or the deadline (epoch seconds) has passed, and note which have ended.

    Transient errors are survived until the deadline. There is a last look after it, so a job that ended in
    time never counts as late. It takes at most 5 s a request.

    :param poll_interval: the most seconds between two rounds; jittered by a tenth. A young wait is looked at sooner,
        by the rule of `wait_for_jobs`; after an error it is the least.
    :param on_pause: called with each pause after an error, in seconds, for metrics.
    :param reconnect: returns a client of the connection as it is now. With it, a key that is refused after it was
        accepted once is survived for 10 minutes: it may have been rotated. Default None: a refused key is raised.
    :raises FluxionsError: refused (not transient), or still an error at the deadline.
    """
    wait = _BlockingWait(client, watched, poll_interval, deadline, clock or Clock(), on_pause, reconnect)
    return wait.run()


class _BlockingWait:
    def __init__(
        self,
        client: FluxionsClient,
        watched: WatchedJobs,
        poll_interval: float,
        deadline: float,
        clock: Clock,
        on_pause: Callable[[float], object] | None,
        reconnect: Callable[[], FluxionsClient] | None,
    ) -> None:
        self._client: FluxionsClient | None = client
        self._watched = watched
        self._poll_interval = poll_interval
        self._deadline = deadline
        self._clock = clock
        self._on_pause = on_pause
        self._connect = reconnect or (lambda: client)
        self._can_reconnect = reconnect is not None
        self._positions = ListPositions()
        self._tolerance = ErrorTolerance()
        self._was_accepted = False
        # The sum of all pauses: unlike the machine's clock, nobody can set it back.
        self._age = 0.0

    def run(self) -> WaitOutcome:
        while True:
            is_last = self._left() <= 0
            try:
                requests = poll_once(
                    self._connected(), self._watched, self._positions, lambda: poll_seconds(self._left())
                )
            except FluxionsError as error:
                if is_last or not self._tolerates(error):
                    raise
                self._pause_after(error)
                continue
            self._was_accepted = True
            self._tolerance.reset()
            if self._watched.is_done:
                return WaitOutcome.DONE
            if is_last:
                return WaitOutcome.TIMEOUT
            interval = interval_seconds(self._age, self._poll_interval, min_interval_seconds(requests))
            self._sleep(interval * jitter_factor(self._clock.jitter()))

    def _left(self) -> float:
        return self._deadline - self._clock.now()

    def _connected(self) -> FluxionsClient:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _tolerates(self, error: FluxionsError) -> bool:
        if needs_new_connection(error):
            if not self._can_reconnect or not self._was_accepted:
                return False
            self._client = None
        return self._tolerance.tolerates(error, self._age)

    def _pause_after(self, error: FluxionsError) -> None:
        asked = error.retry_after_seconds if isinstance(error, FluxionsRequestError) else None
        pause = self._sleep(max(self._poll_interval, limited_pause(asked)), error)
        if self._on_pause:
            self._on_pause(pause)

    def _sleep(self, seconds: float, error: FluxionsError | None = None) -> float:
        """Sleep until the deadline at most; return the seconds."""
        pause = max(0.0, min(seconds, self._left()))
        if error is not None:
            log.warning("%s The next look is in %.0f s.", error, pause)
        self._clock.sleep(pause)
        self._age += pause
        return pause
