"""One round over all waiting jobs: list pages while they answer for many, single reads for the rest.

The round is a generator that yields requests and is sent their answers, so that the same code runs in a
task's thread and in the triggerer.
"""

from __future__ import annotations

from collections.abc import Container, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.polling.poll_requests import ListPage, PollResult, ReadJob, Request, send

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

# A page costs one request, so it pays from the second job that it answers for.
MIN_JOBS_PER_PAGE = 2
# What one vain page costs beside the single reads of jobs that no walk has met: it is spent once so many were made.
SINGLE_READS_PER_UNMATCHED_PAGE = 10
# After a search through the whole list that met nothing, rounds without one: 2, then twice as many, and so on.
MAX_ROUNDS_WITHOUT_SCAN = 64


PollRound = Generator[Request, PollResult, None]


@dataclass
class BackgroundScan:
    """The search for jobs that no walk has met: from round to round a part of the list, from ``offset`` on.

    New jobs push the others back in a newest-first list, so what was passed is never what is looked for.

    :param page_budget: vain pages that single reads have paid for.
    :param passes: whole passes through the list in a row that met nothing.
    """

    offset: int = 0
    page_budget: float = 0.0
    has_found: bool = False
    passes: int = 0
    paused_until_round: int = 0

    def ended(self, this_round: int) -> None:
        """Note that the list's end is reached; after a pass that met nothing, rest."""
        self.offset = 0
        self.passes = 0 if self.has_found else self.passes + 1
        self.paused_until_round = this_round + min(2**self.passes, MAX_ROUNDS_WITHOUT_SCAN) if self.passes else 0
        self.has_found = False


@dataclass
class ListPositions:
    """Where in the list each waiting job stood last time; only ever a hint. ``missed``: jobs that no walk has met."""

    rounds: int = 0
    offsets: dict[str, int] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    search: BackgroundScan = field(default_factory=BackgroundScan)

    def found_at(self, key: str, offset: int) -> None:
        """Note where a walk met a job."""
        self.offsets[key] = offset
        self.unlisted.discard(key)

    def not_found_at(self, keys: set[str], stopped_at: int | None) -> None:
        """Note that a walk did not meet jobs before ``stopped_at``, where the search for them goes on."""
        if not self.unlisted:
            self.search = BackgroundScan(offset=stopped_at or 0)
        if stopped_at is None:  # the list's end
            self.search.ended(self.rounds)
        for key in keys:
            self.offsets.pop(key, None)
        self.unlisted |= keys

    def forget_all_but(self, keys: Iterable[str]) -> None:
        """Drop what belongs to jobs that nobody waits for any more."""
        keep = set(keys)
        for key in self.offsets.keys() - keep:
            del self.offsets[key]
        self.unlisted &= keep
        if not self.unlisted:
            self.search = BackgroundScan()


def plan_round(wanted: Mapping[str, JobId], positions: ListPositions) -> PollRound:
    """Yield the requests of one round over the wanted jobs and take each answer in.

    At most about min(pages of the list, jobs) requests; the first round over new jobs may take twice that,
    because nobody knows yet where they stand.
    """
    positions.rounds += 1
    this = _Round(dict(wanted), positions)
    for offset, keys in this.known():
        yield from this.read_pages(offset, keys)
    yield from this.search()
    # Last, because the pages read so far often show the new ones beside those that are known.
    yield from this.read_pages(0, this.open_jobs.keys() - positions.offsets.keys() - positions.unlisted)
    for job_id in _turned(list(this.open_jobs.values()), positions.rounds):
        yield ReadJob(job_id)


def _turned(job_ids: list[JobId], rounds: int) -> list[JobId]:
    """Begin with another job each round: a read that always fails ends the round, and must not hide those behind it."""
    begin = rounds % len(job_ids) if job_ids else 0
    return job_ids[begin:] + job_ids[:begin]


class _Round:
    def __init__(self, open_jobs: dict[str, JobId], positions: ListPositions) -> None:
        self.open_jobs = open_jobs
        self.positions = positions
        # The offset of each page read, and that of the page behind it.
        self.pages_read: dict[int, int | None] = {}
        self.unmatched_pages = 0

    def known(self) -> list[tuple[int, set[str]]]:
        """Return the jobs that stood on one page last time, to be looked for from its offset on."""
        groups: dict[int, set[str]] = {}
        for key in self.open_jobs.keys() & self.positions.offsets.keys():
            groups.setdefault(self.positions.offsets[key], set()).add(key)
        return sorted(groups.items())

    def read_pages(self, offset: int, keys: set[str]) -> Generator[Request, PollResult, None]:
        """Read pages from ``offset`` on while that can be cheaper than reading each job.

        It goes on to the next page because new jobs push older ones back in a newest-first list. Jobs that it
        does not meet are read one by one, and searched for in the next rounds.
        """
        stopped_at = yield from self._pages(offset, keys)
        missed = keys & self.open_jobs.keys()
        if len(missed) >= MIN_JOBS_PER_PAGE:
            self.positions.not_found_at(missed, stopped_at)

    def search(self) -> Generator[Request, PollResult, None]:
        """Look for jobs that no walk has met, a part of the list further than in the round before."""
        keys, search = self.open_jobs.keys() & self.positions.unlisted, self.positions.search
        if len(keys) < MIN_JOBS_PER_PAGE or self.positions.rounds < search.paused_until_round:
            return
        search.page_budget += len(keys) / SINGLE_READS_PER_UNMATCHED_PAGE
        unmatched_before = self.unmatched_pages
        stopped_at = yield from self._pages(search.offset, keys, max_unmatched=int(search.page_budget))
        search.page_budget -= self.unmatched_pages - unmatched_before
        search.has_found |= bool(keys - self.open_jobs.keys())
        if stopped_at is None:
            search.ended(self.positions.rounds)
        else:
            search.offset = stopped_at

    def _pages(
        self, offset: int, keys: set[str], max_unmatched: int | None = None
    ) -> Generator[Request, PollResult, int | None]:
        """Read pages while at least two of the jobs are left; return where it stopped, None at the list's end.

        :param max_unmatched: pages that may show less than two jobs; None: as many as jobs are left.
        """
        unmatched_before = self.unmatched_pages
        while len(left := keys & self.open_jobs.keys()) >= MIN_JOBS_PER_PAGE:
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
        """Note which wanted jobs a page showed; return how many."""
        self.pages_read[offset] = page.next_offset
        hits = self.open_jobs.keys() & page.keys()
        for key in hits:
            del self.open_jobs[key]
            self.positions.found_at(key, offset)
        return len(hits)


def next_result(
    client: FluxionsClient, requests: PollRound, result: PollResult | None, still_wanted: Container[str]
) -> PollResult | None:
    """Make the next request of a round; None where there is none.

    :param result: the last one; None at the round's start.
    :param still_wanted: keys of jobs; reading any other one is left out.
    :raises FluxionsRequestError: no usable answer.
    """
    try:
        request = next(requests) if result is None else requests.send(result)
        while isinstance(request, ReadJob) and job_key(request.job_id) not in still_wanted:
            request = requests.send(PollResult())
    except StopIteration:
        return None
    return send(client, request)
