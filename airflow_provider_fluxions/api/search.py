"""Finding jobs by their reference in a list whose order nobody promises."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

from airflow_provider_fluxions.api.errors import FluxionsUnknownOutcomeError
from airflow_provider_fluxions.api.models import Job, JobStatus, Page
from airflow_provider_fluxions.api.reference import reference_in

MAX_PAGE_JOBS = 100
# How far the service's clock may be off ours before a job could hide behind the bound.
CLOCK_SKEW = timedelta(minutes=10)
# Jobs in falling order before a list counts as newest first: a few in a row, on a service with small pages, prove
# nothing, and taking a shuffled list for a sorted one makes jobs look absent.
MIN_SORTED_JOBS = 20
# Pages without a new job before the list counts as ended; one can occur when 100 jobs arrive between two pages.
MAX_STALE_PAGES = 3
# A list in no order can miss jobs while others arrive; reading it again fills the gaps.
MAX_PASSES = 3


class Lists(Protocol):
    """The one call that a search needs of a client."""

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        """Return one page of the account's jobs."""


class Search:
    """Which jobs carry which of our references, as far as the pages seen so far tell. No I/O.

    :param references: what to look for; each match is exact.
    :param since: no job of interest is older (None: any age); `CLOCK_SKEW` is allowed on top.
    """

    def __init__(self, references: Collection[str], since: datetime | None = None) -> None:
        self.matches: dict[str, list[Job]] = {ref: [] for ref in references}
        self._horizon = since - CLOCK_SKEW if since is not None else None
        self._seen: set[str] = set()
        self._expected: int | None = None
        self._newest_first = True
        self._has_fallen = False
        self._oldest: datetime | None = None
        self.ended = False

    @property
    def complete(self) -> bool:
        """Whether a job that is not in `matches` does not exist.

        At the end of the list that takes as many jobs as the first page's ``total``; a list that stops short
        of its own total was cut off.
        """
        if self._passed_horizon:
            return True
        return self.ended and (self._expected is None or len(self._seen) >= self._expected)

    @property
    def settled(self) -> bool:
        """Whether further pages cannot change the answer: all found newest first, or past the horizon."""
        all_live = all(newest_live(jobs) for jobs in self.matches.values())
        return self._passed_horizon or (self._newest_first and all_live)

    @property
    def _passed_horizon(self) -> bool:
        if not self._newest_first or self._horizon is None or self._oldest is None:
            return False
        # Equal times, as of an import, fit every order.
        is_sorted = self._has_fallen and len(self._seen) >= MIN_SORTED_JOBS
        return is_sorted and self._oldest < self._horizon

    def add(self, page: Page) -> None:
        """Take one page in, in the order of paging. Jobs seen before (others arrived meanwhile) are skipped."""
        if self._expected is None:
            self._expected = page.total
        for job in page.transcriptions:
            if str(job.id) in self._seen:
                continue
            self._seen.add(str(job.id))
            self._check_order(job.created_at)
            jobs = self.matches.get(reference_in(job.filename) or "")
            if jobs is not None:
                jobs.append(job)

    def next_pass(self) -> None:
        """Prepare for reading the list once more, keeping what was seen. Order is not trusted any more."""
        self.ended = False
        self._newest_first = False

    def _check_order(self, created_at: datetime | None) -> None:
        if created_at is None or (self._oldest is not None and created_at > self._oldest):
            self._newest_first = False
        else:
            self._has_fallen |= self._oldest is not None and created_at < self._oldest
            self._oldest = created_at


def search(client: Lists, references: Collection[str], since: datetime | None = None) -> dict[str, list[Job]]:
    """Return the jobs of the account that carry each reference, reading no more pages than it takes.

    A list in newest-first order is read back to ``since``, or until each reference has a job that did not
    fail; in any other order it is read to its end.

    :raises FluxionsUnknownOutcomeError: the list ends before its own total: absent jobs may exist.
    :raises FluxionsRequestError: a page could not be read.
    """
    found = Search(references, since)
    for _ in range(MAX_PASSES):
        _read_pages(client, found)
        if found.settled or found.complete:
            return found.matches
        found.next_pass()
    raise FluxionsUnknownOutcomeError(
        f"The list of transcriptions ended before its own total in {MAX_PASSES} readings, so jobs may exist that it "
        f"did not show (looked for {_names(references)}). Unknown is not absent: nothing was submitted. "
        "Try again later."
    )


def _read_pages(client: Lists, found: Search) -> None:
    for page in iter_pages(client):
        found.add(page)
        if found.settled:
            return
    found.ended = True


def iter_pages(client: Lists) -> Iterator[Page]:
    """Yield the pages of the account's list until an empty one, or a short one at which ``total`` is reached.

    A short page before that may come from a service that gives smaller pages than it says. Ends, too, at a
    server that answers the same jobs for ever.
    """
    seen: set[str] = set()
    offset = stale_pages = 0
    while stale_pages < MAX_STALE_PAGES:
        page = client.list_transcriptions(MAX_PAGE_JOBS, offset)
        yield page
        ids = {str(job.id) for job in page.transcriptions}
        stale_pages = 0 if ids - seen else stale_pages + 1
        seen |= ids
        behind = offset_behind(page, offset)
        if behind is None:
            return
        offset = behind


def offset_behind(page: Page, offset: int) -> int | None:
    """Return where the page behind one that was read at ``offset`` begins; None where the list has ended.

    A page may be shorter than asked for because the service gives smaller ones, so its own length is the step.
    """
    behind = offset + len(page.transcriptions)
    is_short = len(page.transcriptions) < min(page.limit or MAX_PAGE_JOBS, MAX_PAGE_JOBS)
    if not page.transcriptions or (is_short and behind >= (page.total or 0)):
        return None
    return behind


def newest_live(jobs: Iterable[Job]) -> Job | None:
    """Return the newest job that did not fail, or None. A failed job does not count: nothing to take up."""
    return max((job for job in jobs if job.status != JobStatus.FAILED), key=_age_key, default=None)


def _age_key(job: Job) -> tuple[float, int]:
    seconds = job.created_at.timestamp() if job.created_at else 0.0
    return seconds, job.id if isinstance(job.id, int) else 0


def _names(references: Collection[str]) -> str:
    shown = sorted(references)[:5]
    return ", ".join(shown) + (f" and {len(references) - len(shown)} more" if len(references) > len(shown) else "")
