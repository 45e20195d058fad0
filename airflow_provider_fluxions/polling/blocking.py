"""Wait in the calling thread, for tasks that hold their worker slot."""

from __future__ import annotations

import logging
from collections.abc import Callable

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsRequestError
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_source import JobSource
from airflow_provider_fluxions.api.models import JobStatus
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.api.retry_after import limited_pause
from airflow_provider_fluxions.polling.error_tolerance import ErrorTolerance, needs_new_connection
from airflow_provider_fluxions.polling.intervals import interval_seconds, jitter_factor, min_interval_seconds
from airflow_provider_fluxions.polling.poll_planner import ListPositions, PollResult, ReadJob, Request, plan_round, send
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome, WatchedJobs

log = logging.getLogger(__name__)

# Maximum seconds of one request of a wait.
MAX_POLL_SECONDS = 30.0
# Maximum seconds of a request after the deadline: the last poll of jobs that might have finished in time.
MAX_LAST_POLL_SECONDS = 5.0
MIN_POLL_SECONDS = 1.0


def poll_seconds(left_seconds: float) -> float:
    """Return the maximum seconds of a request, from the seconds that are left until the deadline."""
    if left_seconds <= 0:
        return MAX_LAST_POLL_SECONDS
    return min(MAX_POLL_SECONDS, max(MIN_POLL_SECONDS, left_seconds))


def poll_once(
    client: JobSource,
    watched: WatchedJobs,
    positions: ListPositions | None = None,
    limit: Callable[[], float] | None = None,
) -> int:
    """Poll every open job of ``watched`` once, and record the finished jobs; return the number of requests.

    :param limit: Returns the maximum seconds for the next request, which then has no retries. Default None: the
        client's own limits and retries.
    :raises FluxionsRequestError: if there is no usable response.
    """
    return _Poll(client, limit).run(watched, positions or ListPositions())


class _Poll:
    def __init__(self, client: JobSource, limit: Callable[[], float] | None) -> None:
        self._client = client
        self._limit = limit
        self._requests = 0

    def run(self, watched: WatchedJobs, positions: ListPositions) -> int:
        if watched.open:
            self._poll(watched, positions)
        # The list contains no reasons, so each failed job is read once more.
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
            # No retries inside the request: the wait retries by itself, and never past its deadline.
            client = client.with_limits(total_timeout=self._limit(), max_retries=0)
        result = send(client, request)
        self._requests += 1
        return result


def wait_blocking(
    client: JobSource,
    watched: WatchedJobs,
    *,
    poll_interval: float,
    deadline: float,
    clock: Clock | None = None,
    on_pause: Callable[[float], object] | None = None,
    reconnect: Callable[[], JobSource] | None = None,
) -> WaitOutcome:
    """Block until the jobs end or the deadline (epoch seconds) passes, and record the finished jobs.

    Transient errors are retried until the deadline. There is a last poll after it, so a job that finished in time never
    counts as late. Each request of this poll takes at most 5 s.

    :param poll_interval: Maximum seconds between two rounds, with a jitter of 10 %. A new wait is polled sooner, by the
        rule of `wait_for_jobs`. After an error it is the minimum.
    :param on_pause: Called with the seconds of each pause after an error, for metrics.
    :param reconnect: Returns a client of the current connection. With it, a key that is refused after it was accepted
        is tolerated for 10 minutes, because it might have been rotated. Default None: a refused key is raised.
    :raises FluxionsError: if the service refused a request (not transient), or the error lasted until the deadline.
    """
    wait = _BlockingWait(client, watched, poll_interval, deadline, clock or Clock(), on_pause, reconnect)
    return wait.run()


class _BlockingWait:
    def __init__(
        self,
        client: JobSource,
        watched: WatchedJobs,
        poll_interval: float,
        deadline: float,
        clock: Clock,
        on_pause: Callable[[float], object] | None,
        reconnect: Callable[[], JobSource] | None,
    ) -> None:
        self._client: JobSource | None = client
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
        self._began = self._clock.monotonic()

    def run(self) -> WaitOutcome:
        while True:
            # Decided before the poll, so that one whole poll starts after the deadline.
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
            # Before the deadline is checked, so a job that finished in time is never reported as late.
            if self._watched.is_done:
                return WaitOutcome.DONE
            if is_last:
                return WaitOutcome.TIMEOUT
            interval = interval_seconds(
                self._clock.monotonic() - self._began, self._poll_interval, min_interval_seconds(requests)
            )
            self._sleep(interval * jitter_factor(self._clock.jitter()))

    def _left(self) -> float:
        return self._deadline - self._clock.now()

    def _connected(self) -> JobSource:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _tolerates(self, error: FluxionsError) -> bool:
        if needs_new_connection(error):
            # A key that was never accepted is wrong. Only a key that was accepted before can have been rotated.
            if not self._can_reconnect or not self._was_accepted:
                return False
            self._client = None
        return self._tolerance.tolerates(error, self._clock.monotonic())

    def _pause_after(self, error: FluxionsError) -> None:
        asked = error.retry_after_seconds if isinstance(error, FluxionsRequestError) else None
        pause = self._sleep(max(self._poll_interval, limited_pause(asked)), error)
        if self._on_pause:
            self._on_pause(pause)

    def _sleep(self, seconds: float, error: FluxionsError | None = None) -> float:
        """Sleep, at most until the deadline; return the seconds."""
        pause = max(0.0, min(seconds, self._left()))
        if error is not None:
            log.warning("%s Retrying in %.0f s.", error, pause)
        self._clock.sleep(pause)
        return pause
