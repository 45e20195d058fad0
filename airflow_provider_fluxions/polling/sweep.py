"""One round over all waiting jobs: list pages while they answer for many, single reads for the rest.

The round is a generator that yields requests and is sent their answers, so that the same code runs in a
task's thread and in the triggerer. It makes no request itself.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field

from airflow_provider_fluxions.api.client import FluxionsClient, key_of
from airflow_provider_fluxions.api.errors import FluxionsNotFoundError, JobId
from airflow_provider_fluxions.api.models import Job, JobStatus, Page
from airflow_provider_fluxions.api.search import MAX_PAGE_JOBS

log = logging.getLogger(__name__)

# A page costs one request, so it pays from the second job that it answers for.
JOBS_THAT_PAY_FOR_A_PAGE = 2


@dataclass(frozen=True)
class ListPage:
    """Ask for the page of jobs that starts at ``offset``."""

    offset: int


@dataclass(frozen=True)
class ReadJob:
    """Ask for one job."""

    job_id: JobId


Request = ListPage | ReadJob
Answer = Mapping[str, Job]
Round = Generator[Request, Answer, None]


@dataclass
class Memory:
    """Where in the list each waiting job stood last time; only ever a hint."""

    offsets: dict[str, int] = field(default_factory=dict)
    walked: set[str] = field(default_factory=set)

    def forget_all_but(self, keys: Iterable[str]) -> None:
        """Drop what belongs to jobs that nobody waits for any more."""
        keep = set(keys)
        self.offsets = {key: offset for key, offset in self.offsets.items() if key in keep}
        self.walked &= keep


def plan_round(wanted: Mapping[str, JobId], memory: Memory) -> Round:
    """Yield the requests of one round over the wanted jobs and take each answer in.

    At most about min(pages of the list, jobs) requests; the first round over new jobs may take twice that,
    because nobody knows yet where they stand.
    """
    this = _Round(dict(wanted), memory)
    for start, keys in this.groups():
        yield from this.walk(start, keys)
    for job_id in list(this.open_jobs.values()):
        yield ReadJob(job_id)


class _Round:
    def __init__(self, open_jobs: dict[str, JobId], memory: Memory) -> None:
        self.open_jobs = open_jobs
        self.memory = memory
        self.pages_read: set[int] = set()

    def groups(self) -> list[tuple[int, set[str]]]:
        """Return which jobs to look for from which offset on.

        Those seen on one page last time are looked for there, those never looked for from the list's start.
        """
        groups: dict[int, set[str]] = {}
        for key in self.open_jobs:
            if key not in self.memory.walked:
                groups.setdefault(self.memory.offsets.get(key, 0), set()).add(key)
        return sorted(groups.items())

    def walk(self, offset: int, keys: set[str]) -> Generator[Request, Answer, None]:
        """Read pages from ``offset`` on while that can be cheaper than reading each job.

        It goes on to the next page because new jobs push older ones back in a newest-first list. Jobs that a
        walk does not meet are read one by one from then on.
        """
        vain_pages = 0
        while len(keys & self.open_jobs.keys()) >= JOBS_THAT_PAY_FOR_A_PAGE and vain_pages < len(keys):
            if offset not in self.pages_read:
                jobs = yield ListPage(offset)
                vain_pages = 0 if self._take(offset, jobs) >= JOBS_THAT_PAY_FOR_A_PAGE else vain_pages + 1
                if len(jobs) < MAX_PAGE_JOBS:
                    break
            offset += MAX_PAGE_JOBS
        missed = keys & self.open_jobs.keys()
        if len(missed) >= JOBS_THAT_PAY_FOR_A_PAGE:
            self.memory.walked |= missed

    def _take(self, offset: int, jobs: Answer) -> int:
        """Note which wanted jobs a page showed; return how many."""
        self.pages_read.add(offset)
        hits = self.open_jobs.keys() & jobs.keys()
        for key in hits:
            del self.open_jobs[key]
            self.memory.offsets[key] = offset
        return len(hits)


_warned_statuses: set[str] = set()


def _warn_of_unknown_statuses(jobs: Iterable[Job]) -> None:
    for job in jobs:
        if not job.status.is_known and job.status not in _warned_statuses:
            _warned_statuses.add(job.status)
            log.warning("Job %s has status %r, which is not documented; it counts as running.", job.id, str(job.status))


def fetch(client: FluxionsClient, request: Request) -> Answer:
    """Make one request and return the jobs it shows; a job that the account does not know is absent.

    :raises FluxionsRequestError: no usable answer.
    """
    if isinstance(request, ListPage):
        page: Page = client.list_transcriptions(MAX_PAGE_JOBS, request.offset)
        _warn_of_unknown_statuses(page.transcriptions)
        return {key_of(job.id): job for job in page.transcriptions}
    try:
        job = client.get_transcription(request.job_id)
    except FluxionsNotFoundError:
        return {key_of(request.job_id): lost_job(request.job_id)}
    _warn_of_unknown_statuses([job])
    return {key_of(request.job_id): job}


LOST = JobStatus("lost")


def lost_job(job_id: JobId) -> Job:
    """Return what stands for a job that the account does not know: waiting longer cannot bring it back."""
    return Job(job_id, LOST, error_message="The account of this connection has no such job (HTTP 404).")
