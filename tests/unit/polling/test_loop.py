"""The shared poll loop: one for many, nobody left hanging, nothing left behind. Virtual time, real threads."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import math
import random
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsConfigError,
    FluxionsError,
    FluxionsMissingConnectionError,
    FluxionsRejectedError,
    FluxionsResponseError,
    FluxionsServerError,
    FluxionsThrottledError,
    FluxionsUnreadableConnectionError,
)
from airflow_provider_fluxions.api.retry_after import MAX_RETRY_AFTER_SECONDS
from airflow_provider_fluxions.emulator import Transition
from airflow_provider_fluxions.polling.error_tolerance import REFUSED_SECONDS
from airflow_provider_fluxions.polling.loop import wait_for_jobs
from airflow_provider_fluxions.polling.loop_client import LoopClock
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome, WatchedJobs
from tests.unit.conftest import Service
from tests.unit.fakes import FakeAccount, FakeLoopClock, running

T = TypeVar("T")
# Real seconds after which a test counts as hanging.
HANGING_SECONDS = 30.0


@pytest.fixture
def clock() -> FakeLoopClock:
    return FakeLoopClock()


@pytest.fixture
def account(clock: FakeLoopClock) -> FakeAccount:
    return FakeAccount(clock.now)


def run(scenario: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        return await asyncio.wait_for(scenario, HANGING_SECONDS)

    return asyncio.run(bounded())


async def wait(
    account: Any, clock: LoopClock, *ids: int | str, seconds: float = math.inf, interval: float = 5.0, **options: Any
) -> WaitOutcome:
    watched = options.pop("watched", None) or WatchedJobs(ids)
    given: dict[str, Any] = {"connection": "main", "connect": account.connect, **options}
    return await wait_for_jobs(watched, poll_interval=interval, deadline=clock.now() + seconds, clock=clock, **given)


def waiting(*coroutines: Coroutine[Any, Any, T]) -> list[asyncio.Task[T]]:
    return [asyncio.ensure_future(one) for one in coroutines]


async def outcomes(tasks: list[asyncio.Task[Any]]) -> list[Any]:
    return await asyncio.gather(*tasks, return_exceptions=True)


async def turns(count: int = 50) -> None:
    """Let every other task run for a while."""
    for _ in range(count):
        await asyncio.sleep(0)


def poll_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("fluxions-poll-")]


async def threads_left() -> list[threading.Thread]:
    """Give the threads that were told to end the time to do so, and return the others."""
    for thread in poll_threads():
        await asyncio.to_thread(thread.join, 5)
    return poll_threads()


def poll_tasks() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("fluxions-poll-")]


def throttled(seconds: float | None) -> FluxionsThrottledError:
    error = FluxionsThrottledError("slow down", status_code=429)
    error.retry_after_seconds = seconds
    return error


# One loop for all


@pytest.mark.slow
def test_many_waiters_share_one_client_one_task_and_one_thread(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = dict.fromkeys(range(300), clock.now() + 30)
    connected = itertools.count()

    async def connect() -> Any:
        next(connected)
        return account

    async def scenario() -> None:
        tasks = waiting(*(wait(account, clock, number, connect=connect) for number in range(300)))
        await turns(5)
        assert len(poll_tasks()) == 1
        assert await outcomes(tasks) == [WaitOutcome.DONE] * 300

    run(scenario())
    assert next(connected) == 1
    assert len(account.threads) == 1
    assert account.closed == 1


@pytest.mark.slow
def test_a_thousand_waiters_at_five_seconds_make_at_most_sixty_requests_in_twenty(account: FakeAccount) -> None:
    """They are deferred in the same second, and their first looks are spread."""
    spread = FakeLoopClock(jitter=random.Random(7).random)  # noqa: S311 - a spread, not a secret
    account.now = spread.now
    account.ends = dict.fromkeys(range(1000), spread.now() + 20)
    began = spread.now()

    async def scenario() -> None:
        assert set(await outcomes(waiting(*(wait(account, spread, number) for number in range(1000))))) == {
            WaitOutcome.DONE
        }

    run(scenario())
    assert sum(at <= began + 20 for at in account.request_times) <= 60


def test_one_waiter_for_many_jobs_asks_by_pages(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = dict.fromkeys(range(500), clock.now() + 12)
    assert run(wait(account, clock, *range(500))) is WaitOutcome.DONE
    assert account.reads == 0
    assert account.pages <= 5 * 6


def test_two_waiters_for_the_same_job_are_both_told(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: clock.now() + 12}

    async def scenario() -> None:
        assert await outcomes(waiting(wait(account, clock, 1), wait(account, clock, "1"))) == [WaitOutcome.DONE] * 2

    run(scenario())
    assert len(account.requests) <= 5


def test_what_has_ended_is_noted_for_the_waiter(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = dict.fromkeys(range(3), 0.0)
    account.failed = {1}
    watched = WatchedJobs((0, 1, 2), min_ended=3)
    assert run(wait(account, clock, watched=watched)) is WaitOutcome.DONE
    assert watched.statuses == {"0": "completed", "1": "failed", "2": "completed"}


def test_jobs_known_to_have_ended_need_no_loop(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: 0.0}
    watched = WatchedJobs((1,))

    async def scenario() -> None:
        for _ in range(2):
            assert await wait(account, clock, watched=watched) is WaitOutcome.DONE

    run(scenario())
    assert len(account.requests) == 1


def test_the_first_look_comes_within_the_interval_and_five_seconds(account: FakeAccount) -> None:
    late = FakeLoopClock(jitter=lambda: 1.0)
    account.now = late.now
    account.ends = {1: 0.0}
    began = late.now()
    run(wait(account, late, 1, interval=60.0))
    assert late.now() == began + 5
    run(wait(account, late, 1, interval=2.0))
    assert late.now() == began + 7


def test_a_waiter_in_a_hurry_does_not_wait_for_a_patient_one(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: math.inf, 2: clock.now() + 20}
    began = clock.now()

    async def scenario() -> None:
        patient, hurried = waiting(wait(account, clock, 1, interval=3600.0), wait(account, clock, 2, interval=1.0))
        assert await hurried is WaitOutcome.DONE
        patient.cancel()
        await outcomes([patient])

    run(scenario())
    assert clock.now() <= began + 25


# Deadlines


def test_a_job_that_ends_at_its_deadline_is_done(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: clock.now() + 12}
    assert run(wait(account, clock, 1, seconds=12, interval=100)) is WaitOutcome.DONE


def test_a_job_that_runs_on_times_out_at_the_deadline(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = running([1])
    began = clock.now()
    assert run(wait(account, clock, 1, seconds=12, interval=100)) is WaitOutcome.TIMEOUT
    assert clock.now() == began + 12


def test_a_deadline_that_has_passed_still_gets_a_look(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: 0.0, 2: math.inf}

    async def scenario() -> None:
        tasks = waiting(wait(account, clock, 1, seconds=-100), wait(account, clock, 2, seconds=-100))
        assert await outcomes(tasks) == [WaitOutcome.DONE, WaitOutcome.TIMEOUT]

    run(scenario())


def test_a_missed_deadline_ends_its_own_wait_only(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = dict.fromkeys(range(2), clock.now() + 60)

    async def scenario() -> None:
        tasks = waiting(wait(account, clock, 0, seconds=30), wait(account, clock, 1))
        assert await outcomes(tasks) == [WaitOutcome.TIMEOUT, WaitOutcome.DONE]

    run(scenario())


def test_a_missed_deadline_costs_its_last_look_and_no_request_more(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = running(range(100))

    async def scenario() -> None:
        tasks = waiting(*(wait(account, clock, n, seconds=3, interval=100) for n in range(100)))
        assert set(await outcomes(tasks)) == {WaitOutcome.TIMEOUT}

    run(scenario())
    assert account.request_times.count(clock.now()) <= 1


# Trouble


def test_a_throttled_answer_pauses_every_waiter_as_long_as_it_asks(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = dict.fromkeys(range(50), clock.now() + 100)
    began = clock.now()
    account.trouble = lambda: throttled(30.0) if len(account.requests) == 3 else None

    async def scenario() -> None:
        tasks = waiting(*(wait(account, clock, number) for number in range(50)))
        assert set(await outcomes(tasks)) == {WaitOutcome.DONE}

    run(scenario())
    third = account.request_times[2]
    assert third > began
    assert not [at for at in account.request_times[3:] if at < third + 30]


def test_a_pause_begins_when_the_answer_comes(account: FakeAccount, clock: FakeLoopClock) -> None:
    """A server that takes a minute to say "in 30 s" means 30 s from then."""
    account.ends = {1: 0.0}

    def slow_then_well() -> FluxionsThrottledError | None:
        if len(account.requests) > 1:
            return None
        clock.time.seconds += 60
        return throttled(30.0)

    account.trouble = slow_then_well
    run(wait(account, clock, 1))
    assert account.request_times[1] - account.request_times[0] >= 90


@pytest.mark.parametrize("error", [FluxionsServerError("away"), FluxionsResponseError("HTML"), throttled(None)])
def test_an_outage_of_an_hour_fails_nobody_with_a_later_deadline(
    account: FakeAccount, clock: FakeLoopClock, error: FluxionsError
) -> None:
    began = clock.now()
    account.ends = dict.fromkeys(range(20), began + 60)
    account.trouble = lambda: error if began + 30 < clock.now() < began + 3630 else None

    async def scenario() -> None:
        tasks = waiting(*(wait(account, clock, number, seconds=7200) for number in range(20)))
        assert set(await outcomes(tasks)) == {WaitOutcome.DONE}

    run(scenario())
    assert len(account.requests) < 150
    assert clock.now() < began + 3630 + 70


def test_an_outage_that_outlasts_a_deadline_is_a_timeout(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: 0.0}
    account.trouble = lambda: FluxionsServerError("away")
    began = clock.now()
    assert run(wait(account, clock, 1, seconds=600)) is WaitOutcome.TIMEOUT
    assert clock.now() <= began + 600 + 60


def test_a_server_cannot_pause_a_loop_for_longer_than_the_cap(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: 0.0}
    account.trouble = lambda: throttled(86_400.0) if len(account.requests) == 1 else None
    began = clock.now()
    run(wait(account, clock, 1))
    assert clock.now() <= began + 5 + MAX_RETRY_AFTER_SECONDS


def refused(status_code: int = 401) -> FluxionsAuthenticationError:
    return FluxionsAuthenticationError("wrong key", status_code=status_code)


def test_a_key_that_is_refused_for_ten_minutes_ends_every_wait(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = running(range(20))
    account.trouble = refused
    began = clock.monotonic()

    async def scenario() -> list[Any]:
        return await outcomes(waiting(*(wait(account, clock, number) for number in range(20))))

    assert {type(error) for error in run(scenario())} == {FluxionsAuthenticationError}
    assert REFUSED_SECONDS <= clock.monotonic() - began <= REFUSED_SECONDS + 70
    assert len(account.requests) <= 20


@pytest.mark.slow
@pytest.mark.parametrize("status_code", [401, 403])
def test_a_key_that_is_rotated_at_the_service_first_ends_no_wait(
    documented: Service, account: FakeAccount, clock: FakeLoopClock, status_code: int
) -> None:
    """The connection gets the new key some minutes later."""
    emulator = documented.emulator
    emulator.set_transition(Transition.after_reads(10_000))
    submitting = documented.client()
    ids = [submitting.submit(b"%d" % number, filename=f"{number}.mp3").id for number in range(20)]
    key = "the old key"
    minutes_later = clock.monotonic() + 300
    documented.emulator.api_key = "the new key"
    documented.fault(status=status_code, times=None)

    async def connect() -> Any:
        nonlocal key
        if clock.monotonic() >= minutes_later:
            key = "the new key"
            emulator.clear_faults()
            for number in ids:
                emulator.force_status(int(number), "completed")
        return documented.client(max_retries=0, api_key=key)

    async def scenario() -> list[Any]:
        options = {"connect": connect, "seconds": 3600.0}
        return await outcomes(waiting(*(wait(account, clock, number, **options) for number in ids)))

    assert run(scenario()) == [WaitOutcome.DONE] * 20
    assert {request.key for request in documented.gets} == {"wrong", "valid"}


@pytest.mark.slow
def test_two_refusals_an_hour_apart_are_two_rotations(account: FakeAccount, clock: FakeLoopClock) -> None:
    began = clock.monotonic()
    account.ends = {1: clock.now() + 7200}

    def trouble() -> BaseException | None:
        is_rotation = (clock.monotonic() - began) % 3600 < 500
        return refused() if is_rotation else None

    account.trouble = trouble
    assert run(wait(account, clock, 1, seconds=9000)) is WaitOutcome.DONE


UNREADABLE = FluxionsUnreadableConnectionError("the secrets backend is down")


@pytest.mark.parametrize("minutes", [9, 120])
def test_a_secrets_backend_that_is_down_when_the_loop_starts_ends_no_wait(
    account: FakeAccount, clock: FakeLoopClock, minutes: int
) -> None:
    account.ends = dict.fromkeys(range(6), 0.0)
    back_at = clock.monotonic() + 60 * minutes
    reads: list[float] = []

    async def connect() -> Any:
        reads.append(clock.monotonic())
        if clock.monotonic() < back_at:
            raise UNREADABLE
        return account

    async def scenario() -> list[Any]:
        options = {"connect": connect, "seconds": 86_400.0}
        return await outcomes(waiting(*(wait(account, clock, number, **options) for number in range(6))))

    assert run(scenario()) == [WaitOutcome.DONE] * 6
    assert clock.monotonic() < back_at + 70
    assert len(reads) <= 2 * minutes + 10, "it is read with pauses"


def test_a_connection_that_stays_unreadable_is_a_timeout_at_the_deadline(
    account: FakeAccount, clock: FakeLoopClock
) -> None:
    async def connect() -> Any:
        raise UNREADABLE

    began = clock.now()
    assert run(wait(account, clock, 1, connect=connect, seconds=3600)) is WaitOutcome.TIMEOUT
    assert began + 3600 <= clock.now() <= began + 3601


def test_a_missing_connection_ends_a_wait_after_ten_minutes(account: FakeAccount, clock: FakeLoopClock) -> None:
    async def connect() -> Any:
        raise FluxionsMissingConnectionError("there is none")

    began = clock.monotonic()
    with pytest.raises(FluxionsMissingConnectionError):
        run(wait(account, clock, 1, connect=connect))
    assert REFUSED_SECONDS <= clock.monotonic() - began <= REFUSED_SECONDS + 70


def test_a_read_of_the_connection_that_hangs_is_not_cancelled_but_waited_for(account: FakeAccount) -> None:
    clock = FakeLoopClock(max_request_seconds=0.01)
    account.now = clock.now
    account.ends = {1: 0.0}
    reads = itertools.count()
    cancelled = []

    async def scenario() -> WaitOutcome:
        answered = asyncio.Event()

        async def connect() -> Any:
            next(reads)
            try:
                await answered.wait()
            except asyncio.CancelledError:
                cancelled.append(1)
                raise
            return account

        asyncio.get_running_loop().call_later(0.05, answered.set)
        return await wait(account, clock, 1, connect=connect, seconds=1e6)

    assert run(scenario()) is WaitOutcome.DONE
    assert (next(reads), cancelled) == (1, [])


@pytest.mark.parametrize("hours", [-1, 1], ids=["back", "forward"])
def test_polling_continues_when_the_machines_clock_is_set(
    account: FakeAccount, clock: FakeLoopClock, hours: int
) -> None:
    account.ends = running([1])
    began = clock.monotonic()
    end = began + 120

    def trouble() -> None:
        if clock.monotonic() >= began + 30:
            clock.time.offset = 3600.0 * hours
        if clock.monotonic() >= end:
            account.ends[1] = 0.0

    account.trouble = trouble  # type: ignore[assignment]
    assert run(wait(account, clock, 1, seconds=86_400)) is WaitOutcome.DONE
    assert clock.monotonic() <= end + 6


def test_a_pause_does_not_grow_when_the_machines_clock_is_set_back(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: 0.0}
    began = clock.monotonic()

    def trouble() -> BaseException | None:
        clock.time.offset = -3600.0
        return throttled(60.0) if len(account.requests) == 1 else None

    account.trouble = trouble
    assert run(wait(account, clock, 1)) is WaitOutcome.DONE
    assert clock.monotonic() <= began + 70


def test_a_deadline_is_an_instant_of_the_machines_clock(account: FakeAccount, clock: FakeLoopClock) -> None:
    """Set forward, it comes sooner; a last poll comes with it."""
    account.ends = running([1])
    began = clock.monotonic()

    def trouble() -> None:
        if clock.monotonic() >= began + 30:
            clock.time.offset = 3600.0

    account.trouble = trouble  # type: ignore[assignment]
    assert run(wait(account, clock, 1, seconds=3000)) is WaitOutcome.TIMEOUT
    assert clock.monotonic() <= began + 120


def test_an_unknown_job_ends_its_own_wait_only(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: clock.now() + 30}
    missing = WatchedJobs((4711,))

    async def scenario() -> None:
        tasks = waiting(wait(account, clock, watched=missing), wait(account, clock, 1))
        assert await outcomes(tasks) == [WaitOutcome.DONE, WaitOutcome.DONE]

    run(scenario())
    assert missing.statuses == {"4711": "lost"}


def test_an_id_that_the_service_refuses_ends_its_own_wait_only(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: clock.now() + 30}
    refused = FluxionsRejectedError("The id must be an integer.", status_code=422)
    account.trouble = lambda: refused if account.requests[-1] == ("read", "odd") else None

    async def scenario() -> None:
        tasks = waiting(wait(account, clock, "odd"), wait(account, clock, 1))
        assert await outcomes(tasks) == [WaitOutcome.DONE, WaitOutcome.DONE]

    run(scenario())


def test_a_bug_in_a_sweep_reaches_every_waiter(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = running(range(20))
    account.trouble = lambda: ZeroDivisionError("a bug")

    async def scenario() -> list[Any]:
        return await outcomes(waiting(*(wait(account, clock, number) for number in range(20))))

    assert {type(error) for error in run(scenario())} == {ZeroDivisionError}
    assert account.closed == 1


def test_a_client_that_cannot_be_closed_keeps_no_one_waiting(account: FakeAccount, clock: FakeLoopClock) -> None:
    class Unclosable(FakeAccount):
        def abort(self) -> None:
            raise TypeError("no socket")

    async def scenario() -> None:
        other = Unclosable(account.now, running(range(2)))
        other.trouble = lambda: FluxionsRejectedError("no such path", status_code=405)
        (outcome,) = await outcomes(waiting(wait(other, clock, 1)))
        assert isinstance(outcome, FluxionsRejectedError)

    run(scenario())


def test_a_connection_that_cannot_work_reaches_every_waiter(account: FakeAccount, clock: FakeLoopClock) -> None:
    async def connect() -> Any:
        raise FluxionsConfigError("no key")

    async def scenario() -> list[Any]:
        tasks = waiting(*(wait(account, clock, number, connect=connect) for number in range(20)))
        errors = await outcomes(tasks)
        assert not await threads_left()
        return errors

    assert {type(error) for error in run(scenario())} == {FluxionsConfigError}


def test_a_waiter_after_a_failed_loop_gets_a_new_one(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: 0.0}
    account.trouble = lambda: ZeroDivisionError("a bug") if len(account.requests) == 1 else None

    async def scenario() -> None:
        with pytest.raises(ZeroDivisionError):
            await wait(account, clock, 1)
        assert await wait(account, clock, 1) is WaitOutcome.DONE

    run(scenario())


def test_a_waiter_that_comes_while_others_learn_of_a_failure_gets_a_new_loop(
    account: FakeAccount, clock: FakeLoopClock
) -> None:
    account.ends = {1: 0.0, 2: 0.0}
    account.trouble = lambda: ZeroDivisionError("a bug") if len(account.requests) == 1 else None

    async def again() -> WaitOutcome:
        try:
            return await wait(account, clock, 1)
        except ZeroDivisionError:
            return await wait(account, clock, 1)

    async def scenario() -> None:
        results = await outcomes(waiting(again(), wait(account, clock, 2), again()))
        assert results[0] == results[2] == WaitOutcome.DONE
        assert isinstance(results[1], ZeroDivisionError)

    run(scenario())


# Ends


def test_a_cancelled_waiter_leaves_the_others_waiting(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: math.inf, 2: clock.now() + 60}

    async def scenario() -> None:
        leaving, staying = waiting(wait(account, clock, 1), wait(account, clock, 2))
        await turns(20)
        leaving.cancel()
        assert await staying is WaitOutcome.DONE
        assert leaving.cancelled()

    run(scenario())
    assert account.requests[-1] == ("read", 2)


def test_the_last_waiter_takes_the_loop_its_thread_and_its_client_along(
    account: FakeAccount, clock: FakeLoopClock
) -> None:
    account.ends = running(range(10))

    async def scenario() -> None:
        tasks = waiting(*(wait(account, clock, number) for number in range(10)))
        await turns()
        assert poll_threads()
        for task in tasks:
            task.cancel()
        await outcomes(tasks)
        await turns()
        assert not poll_tasks()
        assert not await threads_left()
        assert account.closed == 1

    run(scenario())


def test_a_waiter_cancelled_before_the_loop_began_leaves_nothing(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = running([1])

    async def scenario() -> None:
        (task,) = waiting(wait(account, clock, 1))
        await asyncio.sleep(0)
        task.cancel()
        await outcomes([task])
        await turns()
        assert not poll_tasks()
        assert not await threads_left()

    run(scenario())
    assert not account.requests


def test_a_loop_stopped_in_the_middle_of_a_request_ends_when_that_returns(
    account: FakeAccount, clock: FakeLoopClock
) -> None:
    account.ends = running([1])
    account.gate = threading.Event()

    async def scenario() -> None:
        (task,) = waiting(wait(account, clock, 1))
        while not account.requests:
            await asyncio.sleep(0)
        task.cancel()
        await outcomes([task])
        assert account.gate is not None
        account.gate.set()
        assert not await threads_left()

    run(scenario())
    assert len(account.requests) == 1


def test_cancelling_the_loop_itself_cancels_its_waiters(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = running(range(5))

    async def scenario() -> None:
        tasks = waiting(*(wait(account, clock, number) for number in range(5)))
        await turns()
        (poll_task,) = poll_tasks()
        poll_task.cancel()
        assert {type(result) for result in await outcomes(tasks)} == {asyncio.CancelledError}
        assert not await threads_left()

    run(scenario())


def test_an_event_loop_that_ends_leaves_no_thread(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = running([1])

    async def scenario() -> None:
        waiting(wait(account, clock, 1))
        await turns()

    run(scenario())
    for thread in poll_threads():
        thread.join(5)
    assert not poll_threads()
    assert account.closed == 1


def test_a_waiter_that_comes_right_after_the_last_one_left_gets_a_loop(
    account: FakeAccount, clock: FakeLoopClock
) -> None:
    account.ends = {1: math.inf, 2: 0.0}

    async def scenario() -> None:
        for _ in range(20):
            (leaving,) = waiting(wait(account, clock, 1))
            await turns(3)
            leaving.cancel()
            assert await wait(account, clock, 2) is WaitOutcome.DONE

    run(scenario())


# Side by side


def test_a_connection_that_hangs_does_not_hold_up_another(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: 0.0}
    account.gate = threading.Event()
    other = FakeAccount(clock.now, {1: clock.now() + 60})

    async def scenario() -> None:
        hanging, quick = waiting(wait(account, clock, 1), wait(other, clock, 1, connection="other"))
        assert await quick is WaitOutcome.DONE
        assert not hanging.done()
        assert account.gate is not None
        account.gate.set()
        assert await hanging is WaitOutcome.DONE

    run(scenario())
    assert account.threads.isdisjoint(other.threads)


def test_a_refused_key_of_one_connection_is_no_business_of_another(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.trouble = lambda: FluxionsAuthenticationError("wrong key", status_code=401)
    other = FakeAccount(clock.now, {1: clock.now() + 60})

    async def scenario() -> None:
        results = await outcomes(waiting(wait(account, clock, 1), wait(other, clock, 1, connection="other")))
        assert isinstance(results[0], FluxionsAuthenticationError)
        assert results[1] is WaitOutcome.DONE

    run(scenario())


def test_the_loop_knows_nothing_of_the_task_that_started_it(account: FakeAccount, clock: FakeLoopClock) -> None:
    """Else it would log into that task's log, long after the task has ended."""
    account.ends = {1: 0.0}
    whose: contextvars.ContextVar[str] = contextvars.ContextVar("whose", default="nobody")
    seen: list[str] = []

    async def connect() -> Any:
        seen.append(whose.get())
        return account

    async def scenario() -> None:
        whose.set("first waiter")
        await wait(account, clock, 1, connect=connect)

    run(scenario())
    assert seen == ["nobody"]


def test_requests_never_run_on_the_event_loops_thread(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: 0.0}
    run(wait(account, clock, 1))
    assert all(name.startswith("fluxions-poll-main") for name in account.threads)


def test_waiters_are_served_over_a_socket(service: Service) -> None:
    """The real clock and client, at an interval of milliseconds."""
    service.emulator.set_transition(Transition.after_reads(3))
    client = service.client()
    ids = [client.submit(b"%d" % number, filename=f"{number}.mp3").id for number in range(30)]

    async def connect() -> Any:
        return client

    async def scenario() -> list[Any]:
        deadline = LoopClock().now() + 20
        waits = (
            wait_for_jobs(WatchedJobs((n,)), connection="c", connect=connect, poll_interval=0.01, deadline=deadline)
            for n in ids
        )
        return await outcomes(waiting(*waits))

    assert run(scenario()) == [WaitOutcome.DONE] * 30
    assert len(service.gets) < 30


# Any schedule

SPANS = st.tuples(st.integers(0, 900), st.integers(1, 900), st.sampled_from(["429", "503", "HTML"]))
WAITS = st.tuples(st.integers(0, 11), st.sampled_from([0, 100, 600, math.inf]), st.integers(50, 2000), st.booleans())


def in_trouble(clock: FakeLoopClock, spans: list[tuple[int, int, str]]) -> Callable[[], FluxionsError | None]:
    began = clock.now()
    kinds = {"429": throttled(20.0), "503": FluxionsServerError("away"), "HTML": FluxionsResponseError("HTML")}

    def trouble() -> FluxionsError | None:
        past = clock.now() - began
        return next((kinds[kind] for start, length, kind in spans if start <= past < start + length), None)

    return trouble


@pytest.mark.slow
@given(
    ends=st.lists(st.sampled_from([0, 50, 500, math.inf]), min_size=12, max_size=12),
    spans=st.lists(SPANS, max_size=3),
    waits=st.lists(WAITS, min_size=1, max_size=8),
    seed=st.integers(0, 2**16),
)
def test_every_waiter_gets_its_outcome_whatever_happens(
    ends: list[float], spans: list[tuple[int, int, str]], waits: list[tuple[int, float, int, bool]], seed: int
) -> None:
    """Waits of (job, deadline, interval, cancelled): the outcome is certain where nothing was in trouble."""
    clock = FakeLoopClock(jitter=random.Random(seed).random)  # noqa: S311 - a schedule, not a secret
    began = clock.now()
    account = FakeAccount(clock.now, {number: began + end for number, end in enumerate(ends)})
    account.trouble = in_trouble(clock, spans)

    async def timed(job: int, seconds: float, interval: int, _: bool) -> tuple[WaitOutcome, float]:
        return await wait(account, clock, job, seconds=seconds, interval=interval), clock.now() - began

    async def scenario() -> list[Any]:
        tasks = waiting(*(timed(*one) for one in waits))
        await turns(15)
        for task, (job, seconds, _, cancelled) in zip(tasks, waits, strict=True):
            if cancelled or math.isinf(min(ends[job], seconds)):
                task.cancel()
        results = await outcomes(tasks)
        await turns()
        assert not poll_tasks()
        assert not await threads_left()
        return results

    for result, (job, seconds, _, _) in zip(run(scenario()), waits, strict=True):
        if isinstance(result, asyncio.CancelledError):
            continue
        outcome, after_seconds = result
        if outcome is WaitOutcome.DONE:
            assert ends[job] <= after_seconds
        else:
            assert outcome is WaitOutcome.TIMEOUT
            assert after_seconds >= seconds
            assert spans or ends[job] > seconds


# Age


def test_a_young_wait_is_noticed_long_before_a_long_interval(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: clock.now() + 6}
    began = clock.now()
    run(wait(account, clock, 1, interval=300.0))
    assert clock.now() - began <= 9


def test_a_long_wait_is_looked_at_once_an_interval(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = {1: clock.now() + 3600}
    run(wait(account, clock, 1, interval=60.0))
    assert len(account.requests) <= 3600 / 60 + 16


@pytest.mark.slow
def test_a_thousand_waits_of_every_age_keep_to_sixty_requests_in_twenty_seconds(account: FakeAccount) -> None:
    """They come over a minute, so that young and old ones wait side by side."""
    spread = FakeLoopClock(jitter=random.Random(7).random)  # noqa: S311 - a spread, not a secret
    account.now = spread.now
    began = spread.now()
    account.ends = dict.fromkeys(range(1000), began + 120)

    async def scenario() -> None:
        tasks = []
        for number in range(1000):
            while spread.now() < began + 60 * number / 1000:
                await asyncio.sleep(0)
            tasks += waiting(wait(account, spread, number))
        assert set(await outcomes(tasks)) == {WaitOutcome.DONE}

    run(scenario())
    for start in range(0, 100, 5):
        assert sum(start <= at - began < start + 20 for at in account.request_times) <= 60, start


# Who is told


def test_an_observer_hears_of_jobs_rounds_pauses_and_ends(account: FakeAccount, clock: FakeLoopClock) -> None:
    account.ends = dict.fromkeys(range(3), clock.now() + 20)
    account.trouble = lambda: throttled(30.0) if len(account.requests) == 2 else None
    heard: list[tuple[str, float]] = []

    class Observer:
        def watching(self, jobs: int) -> None:
            heard.append(("watching", jobs))

        def polled(self, requests: int) -> None:
            heard.append(("swept", requests))

        def throttled(self, seconds: float) -> None:
            heard.append(("throttled", seconds))

        def noticed(self, seconds: float) -> None:
            heard.append(("noticed", seconds))

    async def scenario() -> None:
        await outcomes(waiting(*(wait(account, clock, n, observer=Observer()) for n in range(3))))
        await turns()

    run(scenario())
    assert ("watching", 3) in heard
    assert ("throttled", 30.0) in heard
    assert sum(value for name, value in heard if name == "swept") == len(account.requests) - 1
    ends = [value for name, value in heard if name == "noticed"]
    assert len(ends) == 3
    assert all(0 < seconds <= 36 for seconds in ends)
    assert heard[-1] == ("watching", 0)


def test_an_observer_that_fails_ends_nobodys_wait(
    account: FakeAccount, clock: FakeLoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    account.ends = {1: clock.now() + 60}

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise OSError("no such host")

    assert run(wait(account, clock, 1, observer=Broken())) is WaitOutcome.DONE
    assert len([message for message in caplog.messages if "Metrics" in message]) == 1


def test_a_pause_is_logged_with_its_seconds_and_the_number_of_waits(
    account: FakeAccount, clock: FakeLoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    account.ends = {1: clock.now() + 30, 2: clock.now() + 30}
    errors = iter([throttled(42.0)])
    account.trouble = lambda: next(errors, None)

    async def scenario() -> None:
        await outcomes(waiting(wait(account, clock, 1), wait(account, clock, 2)))

    run(scenario())
    assert [line for line in caplog.messages if "Retrying in 42.0 s (waits=2)." in line]
