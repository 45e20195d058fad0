"""One round over all waiting jobs: list pages while they answer for many, single reads for the rest.

The round is a generator that yields requests and is sent their answers, so that the same code runs in a
task's thread and in the triggerer.
"""

from __future__ import annotations

from collections.abc import Container, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.ids import key_of
from airflow_provider_fluxions.polling.answers import Answer, ListPage, ReadJob, Request, fetch

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

# A page costs one request, so it pays from the second job that it answers for.
JOBS_THAT_PAY_FOR_A_PAGE = 2
# How many jobs that earlier walks missed are worth one page that does not pay; of new jobs, each is worth one.
MISSED_JOBS_PER_VAIN_PAGE = 10
# A job that a walk did not meet is left to single reads for so many rounds at most, doubling from 2: the list may
# only have been late, or cut short once, and thousands of single reads a round would go on for ever.
MAX_ROUNDS_WITHOUT_WALK = 64


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
