"""One call at a time for what many readers want."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from airflow_provider_fluxions.viewer.single_flight import SingleFlight

READERS = 30


class Slow:
    """A call that ends when it is released, and counts how often it was made."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls = 0
        self.begun, self.released = threading.Event(), threading.Event()
        self.error = error

    def __call__(self) -> int:
        self.calls += 1
        self.begun.set()
        assert self.released.wait(30)
        if self.error:
            raise self.error
        return self.calls


def test_readers_who_ask_at_once_share_one_call() -> None:
    flight, slow, asking = SingleFlight[int](), Slow(), threading.Barrier(READERS + 1)

    def ask(_: int) -> int:
        asking.wait(30)
        return flight.run("job 1", slow)

    with ThreadPoolExecutor(READERS) as pool:
        answers = pool.map(ask, range(READERS))
        asking.wait(30)
        assert slow.begun.wait(30)
        slow.released.set()
        assert len(list(answers)) == READERS
    # A thread that comes after the first call's end makes another one, so only most are sure to share.
    assert slow.calls < READERS


def test_a_second_reader_gets_the_first_ones_error() -> None:
    flight, slow = SingleFlight[int](), Slow(ValueError("no"))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flight.run, 1, slow)
        assert slow.begun.wait(30)
        second = pool.submit(flight.run, 1, slow)
        slow.released.set()
        for reader in (first, second):
            with pytest.raises(ValueError, match="no"):
                reader.result(30)


def test_other_keys_do_not_wait() -> None:
    flight, slow = SingleFlight[int](), Slow()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(flight.run, 1, slow)
        assert slow.begun.wait(30)
        assert flight.run(2, lambda: 7) == 7
        slow.released.set()
        assert waiting.result(30) == 1


def test_a_later_reader_makes_a_call_of_its_own() -> None:
    flight: SingleFlight[int] = SingleFlight()
    calls = iter((1, 2))
    assert [flight.run("x", lambda: next(calls)) for _ in range(2)] == [1, 2]
