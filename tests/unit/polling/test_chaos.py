"""The loop against a service that does everything wrong. Virtual time; real sockets where sockets matter."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import (
    FluxionsConnectionError,
    FluxionsError,
    FluxionsResponseError,
    FluxionsServerError,
)
from airflow_provider_fluxions.emulator import Transition
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome
from tests.unit.conftest import Service
from tests.unit.fakes import FakeAccount, FakeLoopClock
from tests.unit.polling.test_loop import outcomes, poll_tasks, run, threads_left, throttled, turns, wait, waiting

# Storms of broken responses, each a tenth of a second of CPU and more.
pytestmark = pytest.mark.slow

# What can become of one request on the wire.
WIRE: list[dict[str, Any]] = [
    {"status": 429, "retry_after": "7"},
    {"status": 429, "retry_after": "date+20", "body": "html"},
    {"status": 503, "body": "empty"},
    {"status": 200, "body": "html"},
    {"status": 200, "body": "truncated_json"},
    {"status": 200, "body": "text"},
    {"reset": True},
    {"truncate_to_bytes": 40},
    {"slow_body_seconds": 600.0},
    {"hold": "before_body", "name": "silent"},
]


@dataclass
class Connected:
    """A real client where a fake account could stand."""

    client: FluxionsClient

    async def connect(self) -> FluxionsClient:
        return self.client


def submitted(service: Service, count: int) -> tuple[FluxionsClient, list[int | str]]:
    client = service.client(max_retries=0)
    return client, [client.submit(b"%d" % number, filename=f"{number}.mp3").id for number in range(count)]


@pytest.mark.parametrize("fault", WIRE, ids=lambda fault: "-".join(f"{name}={value}" for name, value in fault.items()))
def test_one_broken_answer_costs_a_pause_and_no_wait(documented: Service, fault: dict[str, Any]) -> None:
    documented.emulator.set_transition(Transition.after_reads(2))
    client, ids = submitted(documented, 3)
    clock = FakeLoopClock(max_request_seconds=0.05)
    documented.fault(method="GET", **fault)

    async def scenario() -> None:
        waits = waiting(*(wait(Connected(client), clock, number, seconds=600) for number in ids))
        assert await outcomes(waits) == [WaitOutcome.DONE] * 3
        assert not await threads_left()

    run(scenario())


@pytest.mark.parametrize("seed", range(6))
def test_a_storm_of_broken_answers_ends_and_so_does_every_wait(documented: Service, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a storm, not a secret
    documented.emulator.set_transition(Transition.after_reads(3))
    client, ids = submitted(documented, 20)
    clock = FakeLoopClock(jitter=chance.random, max_request_seconds=0.05)
    for fault in chance.choices(WIRE, k=12):
        documented.fault(method="GET", skip=chance.choice((0, 0, 1)), **fault)

    async def scenario() -> None:
        waits = waiting(*(wait(Connected(client), clock, number, seconds=36_000) for number in ids))
        assert await outcomes(waits) == [WaitOutcome.DONE] * 20

    run(scenario())


def test_a_last_waiter_that_leaves_does_not_wait_for_a_silent_server(documented: Service) -> None:
    """The loop's thread is gone at once, not when the read times out."""
    client, ids = submitted(documented, 1)
    documented.fault(method="GET", hold="before_body", name="silent")

    async def scenario() -> None:
        (leaving,) = waiting(wait(Connected(client), FakeLoopClock(), *ids))
        await asyncio.to_thread(documented.emulator.wait_for_hold, "silent")
        leaving.cancel()
        await outcomes([leaving])
        assert not await threads_left()

    run(scenario())


def test_a_deadline_inside_a_pause_gets_its_look_and_the_others_keep_their_pause() -> None:
    clock = FakeLoopClock()
    began = clock.now()
    account = FakeAccount(clock.now, {1: began + 10, 2: began + 10, 3: math.inf})
    account.trouble = lambda: throttled(300.0) if len(account.requests) == 1 else None

    async def scenario() -> list[tuple[WaitOutcome, float]]:
        async def timed(job: int, seconds: float) -> tuple[WaitOutcome, float]:
            return await wait(account, clock, job, seconds=seconds), clock.now() - began

        return await outcomes(waiting(timed(1, 20.0), timed(2, math.inf), timed(3, 40.0)))

    done, paused, late = run(scenario())
    assert done == (WaitOutcome.DONE, 20.0)
    assert late == (WaitOutcome.TIMEOUT, 40.0)
    assert paused[0] is WaitOutcome.DONE
    assert paused[1] >= 300.0
    assert len([at for at in account.request_times if began + 10 < at < began + 300]) == 2


# Any schedule


@dataclass
class ChaoticAccount(FakeAccount):
    """Answers late, in another order each time, in pages of any size, and fails by the hour."""

    clock: FakeLoopClock = field(default_factory=FakeLoopClock)
    chance: random.Random = field(default_factory=random.Random)
    latency_seconds: float = 0.0
    shuffled: bool = False
    spans: list[tuple[int, int, str]] = field(default_factory=list)
    failed_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.now()
        self.trouble = self._trouble

    def _ids(self) -> list[int]:
        ids = super()._ids()
        if self.shuffled:
            self.chance.shuffle(ids)
        return ids

    def _ask(self, kind: str, what: Any) -> None:
        self.clock.time.seconds += self.latency_seconds * self.chance.random()
        super()._ask(kind, what)

    def _trouble(self) -> FluxionsError | None:
        past = self.now() - self.began
        for start, length, kind in self.spans:
            if start <= past < start + length:
                self.failed_at.append(past)
                return TROUBLES[kind]()
        return None


TROUBLES = {
    "429": lambda: throttled(200.0),
    "storm": lambda: throttled(None),
    "503": lambda: FluxionsServerError("away"),
    "garbage": lambda: FluxionsResponseError("HTML"),
    "broken": lambda: FluxionsConnectionError("reset"),
}
JOBS = 40
SPANS = st.tuples(st.integers(0, 900), st.sampled_from([1, 30, 900]), st.sampled_from(sorted(TROUBLES)))
# job, seconds to the deadline, interval, seconds until it is cancelled
WAITS = st.tuples(
    st.integers(0, JOBS - 1),
    st.sampled_from([1.0, 100.0, 600.0, math.inf]),
    st.integers(3, 300),
    st.sampled_from([None, None, 0.0, 70.0, 700.0]),
)


@given(
    ends=st.lists(st.sampled_from([0, 3, 50, 500, math.inf]), min_size=JOBS, max_size=JOBS),
    spans=st.lists(SPANS, max_size=4),
    waits=st.lists(WAITS, min_size=1, max_size=25),
    latency=st.sampled_from([0.0, 0.3, 20.0]),
    page=st.sampled_from([1, 7, 100]),
    shuffled=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_each_wait_gets_its_outcome_and_a_job_that_ended_in_time_is_never_late(
    ends: list[float], spans: list[tuple[int, int, str]], waits: list[tuple[int, float, int, float | None]],
    latency: float, page: int, shuffled: bool, seed: int,
) -> None:  # fmt: skip
    """However slow, shuffled and broken the answers are; a last look that failed is the one excuse."""
    chance = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    clock = FakeLoopClock(jitter=chance.random)
    account = ChaoticAccount(
        clock.now, {number: clock.now() + end for number, end in enumerate(ends)}, max_limit=page,
        clock=clock, chance=chance, latency_seconds=latency, shuffled=shuffled, spans=spans,
    )  # fmt: skip

    async def timed(job: int, seconds: float, interval: int, _: float | None) -> tuple[WaitOutcome, float]:
        return await wait(account, clock, job, seconds=seconds, interval=interval), clock.now() - account.began

    endless = [math.isinf(min(ends[job], seconds)) for job, seconds, _, _ in waits]
    leaving = [
        after if after is not None else 2000.0 if for_ever else math.inf
        for for_ever, (_, _, _, after) in zip(endless, waits, strict=True)
    ]

    async def cancel(tasks: list[asyncio.Task[Any]]) -> None:
        while not all(task.done() for task in tasks):
            for task, leaves in zip(tasks, leaving, strict=True):
                if clock.now() - account.began >= leaves:
                    task.cancel()
            await asyncio.sleep(0)

    async def scenario() -> list[Any]:
        tasks = waiting(*(timed(*one) for one in waits))
        results, _ = await asyncio.gather(outcomes(tasks), cancel(tasks))
        await turns()
        assert not poll_tasks()
        assert not await threads_left()
        return results

    for result, (job, seconds, _, after) in zip(run(scenario()), waits, strict=True):
        if isinstance(result, asyncio.CancelledError):
            assert after is not None or math.isinf(min(ends[job], seconds))
            continue
        outcome, at = result
        if outcome is WaitOutcome.DONE:
            assert ends[job] <= at
        else:
            assert outcome is WaitOutcome.TIMEOUT
            assert at >= seconds
            assert ends[job] > seconds or any(seconds <= failed <= at for failed in account.failed_at)
