"""One round over all waiting jobs: list pages while they answer for many, single reads for the rest.

The round is a generator that yields requests and is sent their answers, so that the same code runs in a
task's thread and in the triggerer. It makes no request itself.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import FluxionsNotFoundError, FluxionsRejectedError, JobId
from airflow_provider_fluxions.api.ids import key_of
from airflow_provider_fluxions.api.models import Job, JobStatus, Page
from airflow_provider_fluxions.api.search import MAX_PAGE_JOBS, offset_behind

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

# A page costs one request, so it pays from the second job that it answers for.
JOBS_THAT_PAY_FOR_A_PAGE = 2
# How many jobs that earlier walks missed are worth one page that does not pay; of new jobs, each is worth one.
MISSED_JOBS_PER_VAIN_PAGE = 10
# A job that a walk did not meet is left to single reads for so many rounds at most, doubling from 2: the list may
# only have been late, or cut short once, and thousands of single reads a round would go on for ever.
MAX_ROUNDS_WITHOUT_WALK = 64
# Answers to a single read that are about its job alone; anything else is about the whole connection.
JOB_REFUSED_STATUSES = (400, 410, 422)


@dataclass(frozen=True)
class ListPage:
    """Ask for the page of jobs that starts at ``offset``."""

    offset: int


@dataclass(frozen=True)
class ReadJob:
    """Ask for one job."""

    job_id: JobId


Request = ListPage | ReadJob


class Answer(dict[str, Job]):
    """The jobs that an answer shows, by key.

    ``next_offset`` is where the list goes on behind a page, None where it has ended.
    """

    next_offset: int | None = None


Round = Generator[Request, Answer, None]


@dataclass
class Memory:
    """Where in the list each waiting job stood last time; only ever a hint.

    ``misses`` counts the walks that did not meet a job, ``walk_again`` has the round from which on one may try.
    """

    rounds: int = 0
    offsets: dict[str, int] = field(default_factory=dict)
    misses: dict[str, int] = field(default_factory=dict)
    walk_again: dict[str, int] = field(default_factory=dict)

    def met(self, key: str, offset: int) -> None:
        """Note where a walk met a job."""
        self.offsets[key] = offset
        self.misses.pop(key, None)
        self.walk_again.pop(key, None)

    def missed(self, key: str) -> None:
        """Note that a walk did not meet a job; the next one looks from the list's start."""
        self.offsets.pop(key, None)
        self.misses[key] = self.misses.get(key, 0) + 1
        self.walk_again[key] = self.rounds + min(2 ** self.misses[key], MAX_ROUNDS_WITHOUT_WALK)

    def vain_pages_allowed(self, keys: set[str]) -> int:
        """Return how many pages that do not pay a walk for these jobs may read."""
        missed = len(keys & self.misses.keys())
        return max(1, len(keys) - missed + missed // MISSED_JOBS_PER_VAIN_PAGE)

    def may_walk(self, key: str) -> bool:
        """Whether looking for a job in the list is worth a try this round."""
        return self.rounds >= self.walk_again.get(key, 0)

    def forget_all_but(self, keys: Iterable[str]) -> None:
        """Drop what belongs to jobs that nobody waits for any more."""
        keep = set(keys)
        for known in (self.offsets, self.misses, self.walk_again):
            for key in known.keys() - keep:
                del known[key]


def plan_round(wanted: Mapping[str, JobId], memory: Memory) -> Round:
    """Yield the requests of one round over the wanted jobs and take each answer in.

    At most about min(pages of the list, jobs) requests; the first round over new jobs may take twice that,
    because nobody knows yet where they stand.
    """
    memory.rounds += 1
    this = _Round(dict(wanted), memory)
    for start, keys in this.groups():
        yield from this.walk(start, keys)
    for job_id in list(this.open_jobs.values()):
        yield ReadJob(job_id)


class _Round:
    def __init__(self, open_jobs: dict[str, JobId], memory: Memory) -> None:
        self.open_jobs = open_jobs
        self.memory = memory
        # The offset of each page read, and that of the page behind it.
        self.pages_read: dict[int, int | None] = {}

    def groups(self) -> list[tuple[int, set[str]]]:
        """Return which jobs to look for from which offset on.

        Those seen on one page last time are looked for there, those never looked for from the list's start.
        """
        groups: dict[int, set[str]] = {}
        for key in self.open_jobs:
            if self.memory.may_walk(key):
                groups.setdefault(self.memory.offsets.get(key, 0), set()).add(key)
        return sorted(groups.items())

    def walk(self, offset: int, keys: set[str]) -> Generator[Request, Answer, None]:
        """Read pages from ``offset`` on while that can be cheaper than reading each job.

        It goes on to the next page because new jobs push older ones back in a newest-first list. Jobs that a
        walk does not meet are read one by one for some rounds.
        """
        vain_pages = 0
        while len(left := keys & self.open_jobs.keys()) >= JOBS_THAT_PAY_FOR_A_PAGE:
            if vain_pages >= self.memory.vain_pages_allowed(left):
                break
            if offset not in self.pages_read:
                page = yield ListPage(offset)
                vain_pages += self._take(offset, page) < JOBS_THAT_PAY_FOR_A_PAGE
            behind = self.pages_read[offset]
            if behind is None:
                break
            offset = behind
        missed = keys & self.open_jobs.keys()
        if len(missed) >= JOBS_THAT_PAY_FOR_A_PAGE:
            for key in missed:
                self.memory.missed(key)

    def _take(self, offset: int, page: Answer) -> int:
        """Note which wanted jobs a page showed; return how many."""
        self.pages_read[offset] = page.next_offset
        hits = self.open_jobs.keys() & page.keys()
        for key in hits:
            del self.open_jobs[key]
            self.memory.met(key, offset)
        return len(hits)


_warned_statuses: set[str] = set()


def _warn_of_unknown_statuses(jobs: Iterable[Job]) -> None:
    for job in jobs:
        if not job.status.is_known and job.status not in _warned_statuses:
            _warned_statuses.add(job.status)
            log.warning("Job %s has status %r, which is not documented; it counts as running.", job.id, str(job.status))


def fetch(client: FluxionsClient, request: Request) -> Answer:
    """Make one request and return the jobs it shows; a job that the account does not know comes as lost.

    :raises FluxionsRequestError: no usable answer.
    """
    if isinstance(request, ListPage):
        page: Page = client.list_transcriptions(MAX_PAGE_JOBS, request.offset)
        _warn_of_unknown_statuses(page.transcriptions)
        answer = Answer({key_of(job.id): job for job in page.transcriptions})
        answer.next_offset = offset_behind(page, request.offset)
        return answer
    try:
        job = client.get_transcription(request.job_id)
    except FluxionsNotFoundError:
        return Answer({key_of(request.job_id): lost_job(request.job_id)})
    except FluxionsRejectedError as error:
        if error.status_code not in JOB_REFUSED_STATUSES:
            raise
        return Answer({key_of(request.job_id): Job(request.job_id, LOST, error_message=str(error))})
    _warn_of_unknown_statuses([job])
    return Answer({key_of(request.job_id): job})


def next_answer(
    client: FluxionsClient, requests: Round, answer: Answer | None, still_wanted: Container[str]
) -> Answer | None:
    """Make the next request of a round; None where there is none.

    :param answer: the last one; None at the round's start.
    :param still_wanted: keys of jobs; reading any other one is left out.
    :raises FluxionsRequestError: no usable answer.
    """
    try:
        request = next(requests) if answer is None else requests.send(answer)
        while isinstance(request, ReadJob) and key_of(request.job_id) not in still_wanted:
            request = requests.send(Answer())
    except StopIteration:
        return None
    return fetch(client, request)


LOST = JobStatus("lost")
LOST_REASON = "The account of this connection has no such job (HTTP 404)."


def lost_job(job_id: JobId) -> Job:
    """Return what stands for a job that the account does not know: waiting longer cannot bring it back."""
    return Job(job_id, LOST, error_message=LOST_REASON)
