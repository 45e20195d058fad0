"""Find jobs by their reference in the job list. The API does not promise an order of the list."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from airflow_provider_fluxions.api.errors import FluxionsUnknownOutcomeError
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_reference import references_in
from airflow_provider_fluxions.api.models import Job, JobStatus, Page

MAX_PAGE_JOBS = 100
# Maximum error of the service's clock. With a larger one, a scan could end before the job.
CLOCK_SKEW = timedelta(minutes=10)
# Jobs in descending order before a list counts as newest first. A few in a row, from a service with small pages, prove
# nothing, and treating a shuffled list as sorted would miss jobs.
MIN_SORTED_JOBS = 20
# The same for a list that was read to its end, because a small account has no more jobs.
MIN_SORTED_JOBS_AT_END = 5
# Pages without a new job before the list counts as ended. One can occur when 100 jobs arrive between two pages.
MAX_STALE_PAGES = 3
# An unsorted list can omit jobs while others arrive; another pass finds them.
MAX_PASSES = 3


class JobList(Protocol):
    """The part of the client that a search needs."""

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        """Return one page of the account's jobs."""


Time = TypeVar("Time", datetime, int)


class ListOrder(Generic[Time]):
    """What the creation times of the jobs read so far prove about the order of a list. No I/O.

    Times are instants, or whole epoch seconds.
    """

    def __init__(self) -> None:
        self.newest: Time | None = None
        self.is_newest_first = True
        self._oldest: Time | None = None
        self._has_fallen = False
        self._jobs = 0

    def add(self, created: Time | None) -> None:
        """Add the next job that was not read before; None: its creation is unknown, which proves no order."""
        self._jobs += 1
        if created is not None and (self.newest is None or created > self.newest):
            self.newest = created
        if created is None or (self._oldest is not None and created > self._oldest):
            self.is_newest_first = False
        else:
            self._has_fallen |= self._oldest is not None and created < self._oldest
            self._oldest = created

    def is_sorted(self, min_jobs: int = MIN_SORTED_JOBS) -> bool:
        """Return whether the list is newest first. Equal times, for example after an import, fit every order."""
        return self.is_newest_first and self._has_fallen and self._jobs >= min_jobs

    def is_past(self, horizon: Time | None, min_jobs: int = MIN_SORTED_JOBS) -> bool:
        """Return whether all following jobs were created before the horizon."""
        is_old = horizon is not None and self._oldest is not None and self._oldest < horizon
        return is_old and self.is_sorted(min_jobs)


class JobSearch:
    """The jobs that carry given references, in the pages read so far. No I/O.

    :param references: References to search for; each match is exact.
    :param since: The oldest creation to search for, minus `CLOCK_SKEW`. Default None: any age.
    :param now: Local time. Default None: the service's clock is correct. With ``now``, the search goes back from the
        newest job by the time from ``since`` to ``now``, so a constantly wrong clock has no effect.
    :param known: Keys of jobs that an earlier scan has read. In a list that is newest first, all jobs after
        them are known.
    """

    def __init__(
        self,
        references: Collection[str],
        since: datetime | None = None,
        now: datetime | None = None,
        known: Container[str] = frozenset(),
    ) -> None:
        self.matches: dict[str, list[Job]] = {}
        self._all_nameless: list[Job] = []
        self.references = references
        self._live: set[str] = set()
        self._since = since
        self._length = max(now - since, timedelta(0)) if now is not None and since is not None else None
        self._order = ListOrder[datetime]()
        self._known = known
        self._has_met_known = False
        self._seen: set[str] = set()
        self._expected: int | None = None
        self.ended = False

    @property
    def complete(self) -> bool:
        """Whether every job of the window was in the pages, with any name."""
        if self._passed_horizon:
            return True
        if not self.ended:
            return False
        # A list that ends before the total of its first page was cut off. If it is newest first, the missing jobs are
        # older than all others, so they are not those that this search needs.
        return self._expected is None or len(self._seen) >= self._expected or self._is_past(MIN_SORTED_JOBS_AT_END)

    @property
    def settled(self) -> bool:
        """Whether further pages cannot change the result: all jobs found newest first, or the horizon passed."""
        return self._passed_horizon or (self._order.is_newest_first and len(self._live) == len(self.references))

    @property
    def is_unknown(self) -> bool:
        """Whether a job without a name might be a missing one."""
        return bool(self.nameless) and len(self._live) < len(self.references)

    @property
    def nameless(self) -> list[Job]:
        """The jobs of the window that did not fail and have no file name."""
        horizon = self._horizon
        return [
            job for job in self._all_nameless if horizon is None or job.created_at is None or job.created_at >= horizon
        ]

    @property
    def _horizon(self) -> datetime | None:
        if self._since is None:
            return None
        start = self._since
        newest = self._order.newest
        if self._length is not None and newest is not None:
            # If the service's clock is slow by hours, all its times are before ``since``. Counting back from its own
            # newest job cancels the difference.
            start = min(start, newest - self._length)
        return start - CLOCK_SKEW

    @property
    def _passed_horizon(self) -> bool:
        return self._is_past(MIN_SORTED_JOBS)

    def _is_past(self, min_jobs: int) -> bool:
        if self._has_met_known:
            return self._order.is_sorted(min_jobs)
        return self._order.is_past(self._horizon, min_jobs)

    def add(self, page: Page) -> None:
        """Add the next page. Known jobs are skipped; they occur if others arrived meanwhile."""
        if self._expected is None:
            self._expected = page.total
        for job in page.transcriptions:
            key = job_key(job.id)
            # In a newest-first list, an earlier scan has read all jobs after one of its own.
            self._has_met_known |= key in self._known
            if key not in self._seen:
                self._seen.add(key)
                self._order.add(job.created_at)
                self._match(job)

    def next_pass(self) -> None:
        """Prepare another pass over the list. Found jobs are kept, and the order counts as unknown."""
        self.ended = False
        # Jobs of two passes are mixed in the order of reading, so it proves nothing.
        self._order.is_newest_first = False

    def _match(self, job: Job) -> None:
        is_live = job.status != JobStatus.FAILED
        if not (job.filename or "").strip():
            # A service that removes names hides references. A nameless live job might be the missing one, so it makes
            # the outcome unknown; a failed job or one of an earlier scan does not.
            if is_live and job_key(job.id) not in self._known:
                self._all_nameless.append(job)
            return
        for ref in references_in(job.filename):
            if ref in self.references:
                self.matches.setdefault(ref, []).append(job)
                if is_live:
                    self._live.add(ref)


def search_jobs(
    client: JobList, references: Collection[str], since: datetime | None = None, now: datetime | None = None
) -> dict[str, list[Job]]:
    """Return the jobs of the account that carry each reference, reading no more pages than necessary.

    A list in newest-first order is read back to ``since``, or until each reference has a job that did not fail. In any
    other order it is read to its end.

    :raises FluxionsUnknownOutcomeError: if missing jobs might exist: the list ends before its own total, or it contains
        jobs without a name while a reference was not found.
    :raises FluxionsRequestError: if a page could not be read.
    """
    matches = run_search(client, JobSearch(references, since, now)).matches
    return {ref: matches.get(ref, []) for ref in references}


def run_search(client: JobList, found: JobSearch) -> JobSearch:
    """Read pages of the list until a search is settled or complete, and return it.

    :raises FluxionsUnknownOutcomeError: as `search_jobs`.
    :raises FluxionsRequestError: if a page could not be read.
    """
    for _ in range(MAX_PASSES):
        _read_pages(client, found)
        if found.settled or found.complete:
            if found.is_unknown:
                raise _nameless(found)
            return found
        found.next_pass()
    raise FluxionsUnknownOutcomeError(
        f"Could not read the Fluxions job list to its end ({MAX_PASSES} passes), so a job with reference "
        f"{_names(found.references)} might already exist. Nothing was submitted. Retry: the list is scanned again."
    )


def _nameless(found: JobSearch) -> FluxionsUnknownOutcomeError:
    jobs = found.nameless
    ids = ", ".join(str(job.id) for job in jobs[:5]) + (f" and {len(jobs) - 5} more" if len(jobs) > 5 else "")
    return FluxionsUnknownOutcomeError(
        f"The job list shows jobs without a file name ({ids}), so one of them might be the job with reference "
        f"{_names(found.references)}. Nothing was submitted. Retry: the list is scanned again."
    )


def _read_pages(client: JobList, found: JobSearch) -> None:
    for page in iter_pages(client):
        found.add(page)
        # An early end saves pages only if the order shows that no further page can matter.
        if found.settled:
            return
    found.ended = True


def iter_pages(client: JobList) -> Iterator[Page]:
    """Yield the pages of the account's list until an empty one, or a short one at which ``total`` is reached.

    A short page before that can come from a service with smaller pages than its limit. The list also ends if a
    server returns the same jobs for ever.
    """
    seen: set[str] = set()
    offset = stale_pages = 0
    while stale_pages < MAX_STALE_PAGES:
        page = client.list_transcriptions(MAX_PAGE_JOBS, offset)
        yield page
        # A server that ignores the offset returns the first page for ever, so pages without a new job end the list.
        ids = {str(job.id) for job in page.transcriptions}
        stale_pages = 0 if ids - seen else stale_pages + 1
        seen |= ids
        behind = next_offset(page, offset)
        if behind is None:
            return
        offset = behind


def next_offset(page: Page, offset: int) -> int | None:
    """Return the offset of the page after the one at ``offset``, or None at the end of the list.

    A page can be shorter than its limit because the service returns smaller ones, so its own length is the step.
    """
    behind = offset + len(page.transcriptions)
    is_short = len(page.transcriptions) < min(page.limit or MAX_PAGE_JOBS, MAX_PAGE_JOBS)
    if not page.transcriptions or (is_short and behind >= (page.total or 0)):
        return None
    return behind


def newest_live(jobs: Iterable[Job]) -> Job | None:
    """Return the newest job that did not fail, or None. A failed job cannot be reused."""
    return max((job for job in jobs if job.status != JobStatus.FAILED), key=_age_key, default=None)


def _age_key(job: Job) -> tuple[float, int]:
    seconds = job.created_at.timestamp() if job.created_at else 0.0
    # Two jobs of the same second differ by their number, which grows.
    return seconds, job.id if isinstance(job.id, int) else 0


def _names(references: Collection[str]) -> str:
    shown = sorted(references)[:5]
    return ", ".join(shown) + (f" and {len(references) - len(shown)} more" if len(references) > len(shown) else "")
