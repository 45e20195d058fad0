"""Calls that nothing can break off: they cost a pause and a thread, and no wait hangs on them."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_fluxions.api.errors import FluxionsConnectionError
from airflow_provider_fluxions.polling.loop_client import MAX_STUCK_THREADS, RequestThread
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome
from tests.unit.conftest import Service
from tests.unit.fakes import FakeAccount, FakeLoopClock
from tests.unit.polling.test_chaos import Connected
from tests.unit.polling.test_loop import poll_threads, run, threads_left, wait

# Real seconds: a call that hangs is broken off and given up at once.
AT_ONCE = {"max_request_seconds": 0.01, "abort_seconds": 0.01}


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hangs, hangs here until the test is over."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def calls(gate: threading.Event) -> Iterator[RequestThread]:
    calls = RequestThread("fluxions-poll-test", FakeLoopClock(**AT_ONCE))
    yield calls
    calls.close()


def nothing() -> None:
    """Break off nothing."""


async def give_up(calls: RequestThread, call: Callable[[], Any]) -> str:
    with pytest.raises(FluxionsConnectionError) as raised:
        await calls.make(call, nothing)
    assert raised.value.transient
    return str(raised.value)


def test_a_call_that_hangs_is_broken_off_then_given_up_and_the_next_one_works(
    calls: RequestThread, gate: threading.Event
) -> None:
    aborted: list[str] = []

    async def scenario() -> None:
        with pytest.raises(FluxionsConnectionError, match="Check DNS"):
            await calls.make(gate.wait, lambda: aborted.append("once"))
        assert await calls.make(lambda: "answer", nothing) == "answer"

    run(scenario())
    assert aborted == ["once"]


def test_a_call_that_ends_when_broken_off_is_not_given_up(gate: threading.Event) -> None:
    calls = RequestThread("fluxions-poll-test", FakeLoopClock(max_request_seconds=0.01))
    assert run(calls.make(gate.wait, gate.set)) is True
    calls.close()


def test_so_many_calls_may_hang_and_no_more(calls: RequestThread, gate: threading.Event) -> None:
    async def scenario() -> None:
        for _ in range(MAX_STUCK_THREADS):
            await give_up(calls, gate.wait)
        never: list[str] = []
        assert "no new ones are sent" in await give_up(calls, lambda: never.append("made"))
        assert not never

    run(scenario())
    # Each of the hanging ones has its thread; the new pool has none before its first call.
    assert len(poll_threads()) == MAX_STUCK_THREADS


def test_calls_are_made_again_once_one_that_hung_has_come_back(calls: RequestThread, gate: threading.Event) -> None:
    async def scenario() -> str:
        for _ in range(MAX_STUCK_THREADS):
            await give_up(calls, gate.wait)
        gate.set()
        assert not await threads_left()
        return await calls.make(lambda: "answer", nothing)

    assert run(scenario()) == "answer"


def test_a_wait_that_is_cancelled_leaves_its_call_behind_at_once(gate: threading.Event) -> None:
    calls = RequestThread("fluxions-poll-test", FakeLoopClock())

    async def scenario() -> None:
        making = asyncio.ensure_future(calls.make(gate.wait, nothing))
        await asyncio.sleep(0)
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making

    run(scenario())
    calls.close()


def test_a_wait_past_its_deadline_ends_although_every_request_hangs(gate: threading.Event) -> None:
    clock = FakeLoopClock(**AT_ONCE)
    account = FakeAccount(clock.now, {1: 0.0}, gate=gate)
    assert run(wait(account, clock, 1, seconds=60)) is WaitOutcome.TIMEOUT


def test_a_name_server_that_never_answers_costs_a_pause_and_no_wait(
    documented: Service, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look-up is the one part of a request that no timeout and no abort reaches. A real client and socket."""
    resolve, asked = socket.getaddrinfo, threading.Event()

    def hang_once(*arguments: Any, **options: Any) -> Any:
        if not asked.is_set():
            asked.set()
            gate.wait()
        return resolve(*arguments, **options)

    client = documented.client(max_retries=0)
    job_id = client.submit(b"audio", filename="memo.mp3").id
    monkeypatch.setattr(socket, "getaddrinfo", hang_once)
    polling = documented.client(max_retries=0)
    clock = FakeLoopClock(max_request_seconds=0.05, abort_seconds=0.05)
    assert run(wait(Connected(polling), clock, job_id, seconds=600)) is WaitOutcome.DONE
    assert asked.is_set()
