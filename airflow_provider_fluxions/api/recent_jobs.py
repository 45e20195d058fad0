"""Find jobs that another run has submitted since the scan of the job list, for later uploads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from airflow_provider_fluxions.api.elapsed import elapsed_seconds
from airflow_provider_fluxions.api.errors import FluxionsRequestError, FluxionsUnknownOutcomeError
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_search import JobList, JobSearch, newest_live, run_search
from airflow_provider_fluxions.api.models import Job, Page

MAX_AGE_SECONDS = 60.0
# After a failed scan, other threads get its error for this time instead of sending their own requests.
FAILURE_SECONDS = 5.0
# A list can show a job slightly late, after younger ones, so only jobs of this age count as known.
SETTLED = timedelta(seconds=60)


class RecentJobs:
    """The live jobs of some references, from a scan of at most ``max_age_seconds`` ago. Upload threads share it.

    Call `find` right before each upload. If the last scan is younger than ``max_age_seconds``, it sends no request.
    Otherwise one thread reads the list for all, back to the start of the last scan: one page, unless more than about
    100 jobs were created meanwhile. A run that ends before that needs only its first `scan`.

    :param references: References that the caller can search for. They must not change later.
    :param since: The oldest creation to search for. Default None: any age.
    :param max_age_seconds: Maximum age of a scan in seconds. Default 60.
    :param now: Seconds of a clock that cannot be set.
    """

    def __init__(
        self,
        client: JobList,
        references: Collection[str],
        since: datetime | None = None,
        *,
        max_age_seconds: float = MAX_AGE_SECONDS,
        now: Callable[[], float] = elapsed_seconds,
    ) -> None:
        # The next scan can stop at jobs that this one has read, and only those of the newest page are needed for that.
        self._client = _FirstPage(client)
        self._references = references
        self._since = since
        self._max_age_seconds = max_age_seconds
        self._now = now
        self._lock = threading.Lock()
        self._scanned_at: float | None = None
        self._found: dict[str, Job] = {}
        self._known: frozenset[str] = frozenset()
        self._failure: FluxionsRequestError | FluxionsUnknownOutcomeError | None = None
        self._failed_at = 0.0

    def scan(self) -> dict[str, Job]:
        """Read the list now and return the newest job that did not fail for each reference that has one.

        :raises FluxionsUnknownOutcomeError: if the list cannot show whether such jobs exist.
        :raises FluxionsRequestError: if the list could not be read.
        """
        with self._lock:
            self._read()
            return dict(self._found)

    def find(self, ref: str) -> Job | None:
        """Return the newest job that did not fail for a reference, or None if the account has none.

        :raises FluxionsUnknownOutcomeError: if the list cannot show whether there is one. Submit nothing.
        :raises FluxionsRequestError: if the service refused the request permanently, for example the API key.
        """
        with self._lock:
            # The lock also covers the requests: threads that upload at the same time need one scan, not one each.
            if ref not in self._found and not self._is_recent:
                self._read_once_for_all()
            return self._found.get(ref)

    @property
    def _is_recent(self) -> bool:
        return self._scanned_at is not None and self._now() - self._scanned_at < self._max_age_seconds

    def _read_once_for_all(self) -> None:
        # All upload threads wait for the lock. In an outage, each would otherwise wait for its own timeout in turn.
        if self._failure is not None and self._now() - self._failed_at < FAILURE_SECONDS:
            raise _unknown(self._failure)
        try:
            self._read()
        except (FluxionsRequestError, FluxionsUnknownOutcomeError) as error:
            if not error.transient:
                raise
            self._failure, self._failed_at = error, self._now()
            raise _unknown(error) from error

    def _read(self) -> None:
        begun = self._now()  # a job that is created during the scan belongs to the next scan
        found = run_search(self._client, JobSearch(self._references, self._since, known=self._known))
        for ref, jobs in found.matches.items():
            live = newest_live(jobs)
            if live is not None:
                # Only id, status and creation are needed. The raw JSON of 100,000 found jobs would fill the memory.
                self._found[ref] = replace(live, raw={}, audio_url=None, original_audio_url=None)
        # If the newest page has no settled job, those of the scan before still mark where to stop.
        self._known = self._client.settled_keys() or self._known
        self._scanned_at, self._failure = begun, None


class _FirstPage:
    """A client's job list that stores its newest page."""

    def __init__(self, client: JobList) -> None:
        self._client = client
        self._first: Page | None = None

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        page = self._client.list_transcriptions(limit, offset)
        if offset == 0:
            self._first = page
        return page

    def settled_keys(self) -> frozenset[str]:
        """Return the keys of the jobs on the first page that are older than its newest job by a minute or more."""
        times = {job_key(job.id): job.created_at for job in self._first.transcriptions} if self._first else {}
        known = {key: at for key, at in times.items() if at is not None}
        newest = max(known.values(), default=None)
        return frozenset(key for key, at in known.items() if newest is not None and newest - at >= SETTLED)


def _unknown(error: FluxionsRequestError | FluxionsUnknownOutcomeError) -> FluxionsUnknownOutcomeError:
    return FluxionsUnknownOutcomeError(
        f"Could not find out whether another run has submitted this recording: {error} Nothing was submitted. "
        "Retry the task.",
        status_code=error.status_code,
    )
