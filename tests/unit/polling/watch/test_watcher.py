"""Watching: one reading for all, told once over restarts, trouble waited out. Virtual time, real threads."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsConfigError,
    FluxionsInputError,
    FluxionsServerError,
)
from airflow_provider_fluxions.api.job_calls import JobCalls
from airflow_provider_fluxions.api.models import Job, JobStatus, Page, Transcription
from airflow_provider_fluxions.polling.observer import NullObserver
from airflow_provider_fluxions.polling.watch.watcher import (
    REFUSED_PAUSE_SECONDS,
    SAVE_DELAY_SECONDS,
    CursorStore,
    WatchFilter,
    parse_since,
    watch,
)
from tests.unit.fakes import MARK, START, FakeLoopClock, job
from tests.unit.polling.test_loop import run

INTERVAL = 30.0


@dataclass
class Account(JobCalls):
    """A client of an account whose list a test writes; ``trouble`` is what a request raises now, or None."""

    clock: FakeLoopClock
    jobs: list[Job] = field(default_factory=list)
    trouble: Callable[[], BaseException | None] = lambda: None
    pages: list[float] = field(default_factory=list)
    connects: int = 0
    closed: int = 0

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        self.pages.append(self.clock.now())
        if error := self.trouble():
            raise error
        return Page(tuple(self.jobs[offset : offset + limit]), len(self.jobs), limit, offset)

    def get_transcription(self, job_id: int | str, *, word_level_timestamps: bool = False) -> Transcription:
        raise AssertionError("every job is in the list")

    async def connect(self) -> Any:
        self.connects += 1
        return self

    def with_limits(self, **_: Any) -> Account:
        raise AssertionError("a watcher sets no limits")

    def abort(self) -> None:
        pass

    def close(self) -> None:
        self.closed += 1

    def ends(self, job_id: int, *, filename: str | None = None, status: str = "completed") -> None:
        """Let a job be there that was created after watching began."""
        self.jobs.insert(0, job(job_id, age_seconds=-1.0, filename=filename, status=status))


@dataclass
class Kept:
    """A store in memory; ``saved_at`` has the time of each save."""

    clock: FakeLoopClock
    value: Any = None
    saved_at: list[float] = field(default_factory=list)

    async def load(self) -> Any:
        return self.value

    async def save(self, value: dict[str, Any]) -> None:
        self.value = value
        self.saved_at.append(self.clock.now())

    @property
    def store(self) -> CursorStore:
        return CursorStore(self.load, self.save)


@pytest.fixture
def clock() -> FakeLoopClock:
    return FakeLoopClock()


@pytest.fixture
def account(clock: FakeLoopClock) -> Account:
    return Account(clock)


@pytest.fixture
def kept(clock: FakeLoopClock) -> Kept:
    return Kept(clock)


def watching(account: Account, store: CursorStore | None, interest: WatchFilter | None = None, **more: Any) -> Any:
    given: dict[str, Any] = {"poll_interval": INTERVAL, "lookback": 0.0, "connection": "main", **more}
    return aclosing(
        watch(  # type: ignore[type-var]
            interest or WatchFilter(),
            store,
            connect=account.connect,
            observer=NullObserver(),
            clock=account.clock,
            **given,
        )
    )


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0)


async def take(jobs: AsyncIterator[Job], told: list[Any]) -> None:
    async for one in jobs:
        told.append(one.id)


def test_watchers_of_one_connection_share_each_reading(account: Account) -> None:
    async def scenario() -> None:
        told: list[list[Any]] = [[] for _ in range(20)]

        async def one(number: int) -> None:
            async with watching(account, None) as jobs:
                await take(jobs, told[number])

        tasks = [asyncio.ensure_future(one(number)) for number in range(20)]
        await until(lambda: len(account.pages) >= 1)
        account.ends(7)
        await until(lambda: all(told))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert told == [[7]] * 20
        assert account.connects == 1

    run(scenario())
    assert set(Counter(account.pages).values()) == {1}, "each look at a list of one page is one request, for all"


@pytest.mark.slow
def test_a_first_start_in_an_account_of_thousands_of_jobs_tells_of_none_and_reads_each_page_once(
    account: Account, kept: Kept
) -> None:
    """All of them ended within the day that a first look reaches back."""
    account.jobs = [job(number, age_seconds=10.0 * number) for number in range(1, 5_001)]

    async def scenario() -> None:
        async with watching(account, kept.store) as jobs:
            told: list[Any] = []
            task = asyncio.ensure_future(take(jobs, told))
            await until(lambda: kept.value is not None)
            account.ends(9_999)
            await until(lambda: bool(told))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert told == [9_999]

    run(scenario())
    looks = Counter(account.pages)
    assert looks.pop(account.pages[0]) == 51  # the last one says that the list has ended
    # From then on the last hour alone is read, which has 360 of them.
    assert set(looks.values()) <= {4, 5}


def test_the_last_watcher_to_leave_closes_the_client_and_stops_the_readings(account: Account) -> None:
    async def scenario() -> None:
        account.ends(1)
        async with watching(account, None, WatchFilter(since=START - timedelta(1)), lookback=1e9) as jobs:
            assert (await anext(jobs)).id == 1
        await until(lambda: account.closed == 1)
        await until(lambda: not [task for task in asyncio.all_tasks() if task.get_name().startswith("fluxions-watch")])

        names = lambda: [thread.name for thread in threading.enumerate()]  # noqa: E731
        await until(lambda: not any(name.startswith("fluxions-watch") for name in names()))

    run(scenario())


def test_after_a_restart_the_kept_mark_tells_what_ended_meanwhile_and_nothing_twice(
    account: Account, kept: Kept
) -> None:
    async def scenario() -> list[Any]:
        async with watching(account, kept.store) as jobs:
            first = asyncio.ensure_future(anext(jobs))
            await until(lambda: len(account.pages) >= 1)
            account.ends(1)
            told = [(await first).id]
            second = asyncio.ensure_future(anext(jobs))
            await until(lambda: len(kept.saved_at) >= 2)
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
        account.ends(2)
        async with watching(account, kept.store) as jobs:
            return [*told, (await anext(jobs)).id]

    assert run(scenario()) == [1, 2]


def test_a_mark_is_kept_only_once_airflow_had_time_to_store_the_event(account: Account, kept: Kept) -> None:
    async def scenario() -> float:
        async with watching(account, kept.store) as jobs:
            first = asyncio.ensure_future(anext(jobs))
            await until(lambda: len(kept.saved_at) >= 1)
            account.ends(1)
            await first
            told_at = account.clock.now()
            second = asyncio.ensure_future(anext(jobs))
            await until(lambda: len(kept.saved_at) >= 2)
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
        return kept.saved_at[-1] - told_at

    assert run(scenario()) >= SAVE_DELAY_SECONDS


def test_killed_before_the_mark_is_kept_the_news_is_told_again(account: Account, kept: Kept) -> None:
    async def scenario() -> list[Any]:
        told = []
        async with watching(account, kept.store) as jobs:
            first = asyncio.ensure_future(anext(jobs))
            await until(lambda: len(kept.saved_at) >= 1)
            account.ends(1)
            told.append((await first).id)
        async with watching(account, kept.store) as jobs:
            return [*told, (await anext(jobs)).id]

    assert run(scenario()) == [1, 1]


def test_without_a_store_each_start_looks_back_as_far_as_asked(account: Account) -> None:
    account.jobs = [job(3, age_seconds=10), job(2, age_seconds=500), job(1, age_seconds=5000)]

    async def scenario() -> list[Any]:
        async with watching(account, None, lookback=600.0) as jobs:
            return [(await anext(jobs)).id, (await anext(jobs)).id]

    assert run(scenario()) == [2, 3]
    assert run(scenario()) == [2, 3]


def test_only_the_statuses_and_names_asked_for_are_told(account: Account) -> None:
    names = ["call-1.mp3", f"call-2{MARK}.mp3", "memo.mp3", "CALL-4.mp3", "call-5.mp3"]
    for number, name in enumerate(names, 1):
        account.ends(number, filename=name, status="failed" if number == 5 else "completed")
    interest = WatchFilter("call-?.mp3", since=START - timedelta(days=1))

    async def scenario(interest: WatchFilter, count: int) -> list[Any]:
        async with watching(account, None, interest, lookback=1e6) as jobs:
            return [(await anext(jobs)).id for _ in range(count)]

    assert sorted(run(scenario(interest, 2))) == [1, 2]
    both = WatchFilter("call-?.mp3", ("completed", "failed"), since=interest.since)
    assert sorted(run(scenario(both, 3))) == [1, 2, 5]


@pytest.mark.parametrize(
    ("error", "connects"),
    [(FluxionsServerError("busy", status_code=503), 1), (FluxionsAuthenticationError("key", status_code=401), 2)],
)
def test_trouble_is_waited_out_and_a_refused_key_is_read_anew(
    account: Account, error: Exception, connects: int
) -> None:
    account.trouble = lambda: error if len(account.pages) == 1 else None

    async def scenario() -> None:
        async with watching(account, None) as jobs:
            first = asyncio.ensure_future(anext(jobs))
            await until(lambda: len(account.pages) >= 2)
            account.ends(1)
            assert (await first).id == 1

    run(scenario())
    assert account.connects == connects
    pause = account.pages[1] - account.pages[0]
    assert pause == REFUSED_PAUSE_SECONDS if connects == 2 else 0 < pause < INTERVAL


def test_a_connection_that_cannot_work_stops_no_watcher(account: Account) -> None:
    connects: list[float] = []

    async def connect() -> Any:
        connects.append(account.clock.now())
        if len(connects) < 3:
            raise FluxionsConfigError("no key")
        return account

    account.connect = connect  # type: ignore[method-assign]
    account.jobs = [job(1)]

    async def scenario() -> Any:
        async with watching(account, None, lookback=600) as jobs:
            return (await anext(jobs)).id

    assert run(scenario()) == 1
    assert connects[1] - connects[0] == REFUSED_PAUSE_SECONDS


@pytest.mark.parametrize("statuses", [(), ("processing",), ("done",)])
def test_a_status_that_no_job_ends_in_is_refused(statuses: tuple[str, ...]) -> None:
    with pytest.raises(FluxionsInputError, match="'completed' and 'failed'"):
        WatchFilter(statuses=statuses)


@pytest.mark.parametrize("text", ["yesterday", "2026-01-31", "2026-01-31T06:00:00"])
def test_a_since_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(FluxionsInputError, match="with its zone"):
        parse_since(text)


def test_a_job_of_unknown_status_runs_on(account: Account) -> None:
    assert not JobStatus("paused").is_terminal
    account.jobs = [job(2, status="paused"), job(1)]

    async def scenario() -> Any:
        async with watching(account, None, lookback=600) as jobs:
            first = (await anext(jobs)).id
            second = asyncio.ensure_future(anext(jobs))
            await until(lambda: len(account.pages) >= 3)
            assert not second.done()
            account.jobs = [job(2), job(1)]
            return first, (await second).id

    assert run(scenario()) == (1, 2)
