"""Time, lists and accounts that a test commands. They stand at the seams that the code has for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsNotFoundError
from airflow_provider_fluxions.api.job_calls import JobCalls
from airflow_provider_fluxions.api.models import Job, JobStatus, Page, Transcription
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.polling.loop_client import LoopClock

REF = "9f3c2ab41d7e6c05"
MARK = f"--{REF}"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class FakeTime:
    """Time that only sleeping moves; the sleeps are kept.

    :param offset: how much the machine's clock was set forward, in seconds; it is no part of the monotonic seconds.
    """

    def __init__(self, seconds: float = START.timestamp()) -> None:
        self.seconds = seconds
        self.offset = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.seconds + self.offset

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        return Clock(now=self.now, sleep=self.sleep, jitter=lambda: 1.0, monotonic=self.monotonic)


class FakeLoopClock(LoopClock):
    """An event loop's clock: a pause lets every other task run, then moves the time at once."""

    time: FakeTime

    def __init__(self, jitter: Callable[[], float] = lambda: 0.5, **bounds: float) -> None:
        time = FakeTime()
        super().__init__(now=time.now, monotonic=time.monotonic, jitter=jitter, **bounds)
        object.__setattr__(self, "time", time)

    async def pause(self, seconds: float, wake: asyncio.Event) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
            if wake.is_set():
                return
        self.time.sleep(max(0.0, seconds))


def job(job_id: int, *, age_seconds: float = 0.0, status: str = "completed", filename: str | None = None) -> Job:
    """Return a job created so long before `START`."""
    created = START - timedelta(seconds=age_seconds)
    return Job(job_id, JobStatus(status), created_at=created, filename=filename or f"foreign-{job_id}.mp3")


@dataclass
class FakeList:
    """An account's list as it is, page by page.

    :param arrivals: what to put in front of the list before the page with this number (0-based) is answered.
    :param total: what the pages call the total; None: the truth.
    """

    jobs: list[Job]
    arrivals: dict[int, list[Job]] = field(default_factory=dict)
    total: Callable[[int], int | None] = lambda count: count
    max_limit: int = 100
    shown_limit: int | None = None
    asked: list[int] = field(default_factory=list)

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        self.jobs = [*self.arrivals.pop(len(self.asked), []), *self.jobs]
        self.asked.append(offset)
        given = min(limit, self.max_limit)
        shown = tuple(self.jobs[offset : offset + given])
        return Page(shown, self.total(len(self.jobs)), self.shown_limit or given, offset)


@dataclass
class FakeAccount(JobCalls):
    """A client of an account whose jobs end when their time comes.

    :param ends: when (epoch seconds) each job ends, by id.
    :param trouble: what a request raises now, or None.
    :param gate: a request waits here while it is not set.
    :param max_limit: the longest page that it gives, whatever is asked for.
    """

    now: Callable[[], float]
    ends: dict[int, float] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)
    newest_first: bool = True
    max_limit: int = 100
    trouble: Callable[[], BaseException | None] = lambda: None
    gate: threading.Event | None = None
    requests: list[tuple[str, Any]] = field(default_factory=list)
    request_times: list[float] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    closed: int = 0
    aborted: int = 0
    limits: list[dict[str, Any]] = field(default_factory=list)

    def with_limits(self, **limits: Any) -> FakeAccount:
        self.limits.append(limits)
        return self

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        self._ask("list", offset)
        ids = self._ids()[offset : offset + min(limit, self.max_limit)]
        return Page(tuple(self._job(number) for number in ids), len(self.ends), limit, offset)

    def get_transcription(self, job_id: int | str, *, word_level_timestamps: bool = False) -> Transcription:
        self._ask("read", job_id)
        if not str(job_id).isdigit() or int(job_id) not in self.ends:
            raise FluxionsNotFoundError("no such job", job_id=job_id, status_code=404)
        found = self._job(int(job_id))
        reason = "The audio is silent." if found.status == JobStatus.FAILED else None
        return Transcription(found.id, found.status, filename=found.filename, error_message=reason)

    def close(self) -> None:
        self.closed += 1

    def abort(self) -> None:
        self.aborted += 1

    async def connect(self) -> Any:
        return self

    @property
    def pages(self) -> int:
        return sum(kind == "list" for kind, _ in self.requests)

    @property
    def reads(self) -> int:
        return sum(kind == "read" for kind, _ in self.requests)

    def _ids(self) -> list[int]:
        return sorted(self.ends, reverse=self.newest_first)

    def _ask(self, kind: str, what: Any) -> None:
        self.requests.append((kind, what))
        self.request_times.append(self.now())
        self.threads.add(threading.current_thread().name)
        if self.gate is not None:
            self.gate.wait(10)
        error = self.trouble()
        if error is not None:
            raise error

    def _job(self, number: int) -> Job:
        ended = "failed" if number in self.failed else "completed"
        return job(number, status=ended if self.now() >= self.ends[number] else "processing")


def running(ids: Iterable[int]) -> dict[int, float]:
    """Return endless jobs with these ids."""
    return dict.fromkeys(ids, float("inf"))


@dataclass
class Source:
    """Audio that counts its openings; ``blocks`` are what one reading gives, whatever length it announces."""

    blocks: Sequence[bytes | BaseException]
    size_bytes: int
    uri: str = "memory://interview.mp3"
    version: str = "1"
    opened: int = 0
    closed: int = 0

    def open(self) -> Source:
        self.opened += 1
        self._left = list(self.blocks)
        return self

    def read(self, size: int = -1, /) -> bytes:
        block = self._left.pop(0) if self._left else b""
        if isinstance(block, BaseException):
            raise block
        return block

    def close(self) -> None:
        self.closed += 1


def source(audio: bytes = b"RIFF audio") -> Source:
    return Source([audio], len(audio))
