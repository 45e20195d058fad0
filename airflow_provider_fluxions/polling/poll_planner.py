"""One round over all waiting jobs: list pages while they contain several of them, single reads for the rest.

The round is a generator that yields requests and receives their results, so that the same code runs in a task's thread
and in the triggerer.
"""

from __future__ import annotations

from collections.abc import Container, Generator, Iterable, Mapping
from dataclasses import dataclass, field

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_source import JobSource
from airflow_provider_fluxions.api.models import Job

# A page costs one request, so it saves requests if it contains at least two waiting jobs.
MIN_JOBS_PER_PAGE = 2
# A page without a match is allowed after this many single reads of jobs that were not found in the list.
SINGLE_READS_PER_UNMATCHED_PAGE = 10


@dataclass(frozen=True)
class ListPage:
    """Request the page of jobs that starts at ``offset``."""

    offset: int


@dataclass(frozen=True)
class ReadJob:
    """Request one job."""

    job_id: JobId


Request = ListPage | ReadJob


class PollResult(dict[str, Job]):
    """The jobs of a response, by key.

    ``next_offset`` is the offset of the next page, or None at the end of the list. ``total`` is the total of a page.
    """

    next_offset: int | None = None
    total: int | None = None


PollRound = Generator[Request, PollResult, None]
# Keys of jobs that still have a user.
WantedJobs = Container[str]


@dataclass
class ListPositions:
    """The last known position of each waiting job in the list, as a hint.

    :param unlisted: Jobs that were not found.
    :param search_offset: Where the search for them continues. New jobs move the others back in a newest-first list, so
        a searched job is never before it.
    :param page_budget: Pages without a match that the search may read now.
    """

    rounds: int = 0
    offsets: dict[str, int] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    search_offset: int = 0
    page_budget: float = 0.0

    def found_at(self, key: str, offset: int) -> None:
        """Record the position of a found job."""
        self.offsets[key] = offset
        self.unlisted.discard(key)

    def not_found_at(self, keys: set[str], stopped_at: int | None) -> None:
        """Record jobs that were not found before ``stopped_at``, where their search continues."""
        if not self.unlisted:
            self.search_offset, self.page_budget = stopped_at or 0, 0.0
        for key in keys:
            self.offsets.pop(key, None)
        self.unlisted |= keys

    def forget_all_but(self, keys: Iterable[str]) -> None:
        """Remove jobs without a waiter."""
        keep = set(keys)
        for key in self.offsets.keys() - keep:
            del self.offsets[key]
        self.unlisted &= keep


def plan_round(wanted: Mapping[str, JobId], positions: ListPositions) -> PollRound:
    """Yield the requests of one round over the wanted jobs, and process each result.

    A round takes at most about min(pages of the list, jobs) requests. The first round over new jobs can take twice
    that, because their positions are unknown.
    """
    # First the pages on which jobs were seen last time: in a newest-first list most of them are still there or on the
    # next page, so a few pages serve all waits of a busy account.
    positions.rounds += 1
    this = _Round(dict(wanted), positions)
    for offset, keys in this.known():
        yield from this.read_pages(offset, keys)
    yield from this.search()
    # Last, because the pages that were read so far often contain the new jobs, too.
    yield from this.read_pages(0, this.open_jobs.keys() - positions.offsets.keys() - positions.unlisted)
    # Every job that no page showed costs one read, so a round never depends on the order of the list.
    for job_id in _turned(list(this.open_jobs.values()), positions.rounds):
        yield ReadJob(job_id)


def _turned(job_ids: list[JobId], rounds: int) -> list[JobId]:
    """Start with another job in each round, because a read that always fails must not hide the jobs after it."""
    begin = rounds % len(job_ids) if job_ids else 0
    return job_ids[begin:] + job_ids[:begin]


class _Round:
    def __init__(self, open_jobs: dict[str, JobId], positions: ListPositions) -> None:
        self.open_jobs = open_jobs
        self.positions = positions
        # The offset of each read page, and that of the next page.
        self.pages_read: dict[int, int | None] = {}
        self.unmatched_pages = 0

    def known(self) -> list[tuple[int, set[str]]]:
        """Return the jobs that were on one page last time, to search for them from its offset on."""
        groups: dict[int, set[str]] = {}
        for key in self.open_jobs.keys() & self.positions.offsets.keys():
            groups.setdefault(self.positions.offsets[key], set()).add(key)
        return sorted(groups.items())

    def read_pages(self, offset: int, keys: set[str]) -> Generator[Request, PollResult, None]:
        """Read pages from ``offset`` on while that can take fewer requests than reading each job.

        It continues with the next page because new jobs move older ones back in a newest-first list. Jobs that are not
        found are read one by one, and searched for in the next rounds.
        """
        stopped_at = yield from self._pages(offset, keys)
        missed = keys & self.open_jobs.keys()
        # One job alone is cheaper to read by its id than to search for.
        if len(missed) >= MIN_JOBS_PER_PAGE:
            self.positions.not_found_at(missed, stopped_at)

    def search(self) -> Generator[Request, PollResult, None]:
        """Search for jobs that were not found yet, in the next part of the list."""
        positions, keys = self.positions, self.open_jobs.keys() & self.positions.unlisted
        if len(keys) < MIN_JOBS_PER_PAGE:
            return
        # Without a budget, jobs that the list never shows would make every round read the whole list. The budget grows
        # with the single reads of these jobs, so the search costs at most a tenth more.
        positions.page_budget += len(keys) / SINGLE_READS_PER_UNMATCHED_PAGE
        unmatched_before = self.unmatched_pages
        stopped_at = yield from self._pages(positions.search_offset, keys, max_unmatched=int(positions.page_budget))
        positions.page_budget -= self.unmatched_pages - unmatched_before
        positions.search_offset = stopped_at or 0
        if stopped_at is None:
            # After a whole pass, the rest would let a few jobs read the whole list in each of the next rounds.
            positions.page_budget = 0.0

    def _pages(
        self, offset: int, keys: set[str], max_unmatched: int | None = None
    ) -> Generator[Request, PollResult, int | None]:
        """Read pages while at least two of the jobs are left; return the next offset, or None at the end of the list.

        :param max_unmatched: Maximum pages with less than two of the jobs; None: as many as jobs are left.
        """
        unmatched_before = self.unmatched_pages
        while len(left := keys & self.open_jobs.keys()) >= MIN_JOBS_PER_PAGE:
            # Two groups of jobs can lead to the same page; it is read once in a round.
            if offset not in self.pages_read:
                if self.unmatched_pages - unmatched_before >= (len(left) if max_unmatched is None else max_unmatched):
                    break
                page = yield ListPage(offset)
                self.unmatched_pages += self._take(offset, page) < MIN_JOBS_PER_PAGE
            behind = self.pages_read[offset]
            if behind is None:
                return None
            offset = behind
        return offset

    def _take(self, offset: int, page: PollResult) -> int:
        """Record the wanted jobs of a page; return how many."""
        self.pages_read[offset] = page.next_offset
        hits = self.open_jobs.keys() & page.keys()
        for key in hits:
            del self.open_jobs[key]
            self.positions.found_at(key, offset)
        return len(hits)


def next_result(
    source: JobSource, requests: PollRound, result: PollResult | None, still_wanted: WantedJobs
) -> PollResult | None:
    """Make the next request of a round; return None at its end.

    :param result: The last result; None at the start of the round.
    :param still_wanted: Keys of jobs; reads of other jobs are skipped.
    :raises FluxionsRequestError: if there is no usable response.
    """
    try:
        request = next(requests) if result is None else requests.send(result)
        while isinstance(request, ReadJob) and job_key(request.job_id) not in still_wanted:
            request = requests.send(PollResult())
    except StopIteration:
        return None
    return send(source, request)


def send(source: JobSource, request: Request) -> PollResult:
    """Make one request and return its jobs.

    :raises FluxionsRequestError: if there is no usable response.
    """
    if isinstance(request, ReadJob):
        return PollResult({job_key(request.job_id): source.poll_job(request.job_id)})
    page = source.list_page(request.offset)
    result = PollResult({job_key(job.id): job for job in page.jobs})
    result.next_offset, result.total = page.next_offset, page.total
    return result
