"""A task that speaks is killed at a moment; what its next try renders again is what the kill costs."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Fault
from airflow_provider_fluxions.operators import FluxionsTextToSpeechOperator
from harness.faulty_s3 import S3At
from harness.holding_s3 import Hold, HoldingS3
from tests.airflow.conftest import OUTPUT, task_context
from tests.airflow.speaking import BOOK, LONG, TTS, speak, texts
from tests.airflow.transferring import outputs

KILL_SECONDS = 60.0
AUDIO = "out/a.txt.wav"


@dataclass(frozen=True)
class Moment:
    """A moment of a kill.

    :param text: what is spoken.
    :param twice: renders that are made again after it.
    :param leaves_pieces: stored pieces that stay behind when all is done.
    """

    name: str
    text: str
    twice: int
    fault: Fault | None = None
    hold: Hold | None = None
    leaves_pieces: bool = False


def moments() -> list[Moment]:
    """Return new holds: each is used up."""
    return [
        Moment("before the request", "Hello.", 0, Fault(path=TTS, hold="before_body", name="kill")),
        Moment("in the middle of the stream", "Hello.", 1, Fault(path=TTS, slow_body_seconds=KILL_SECONDS)),
        Moment("before the PUT", "Hello.", 1, hold=Hold("PUT", "*/out/a.txt.wav")),
        Moment("after the PUT, before its response", "Hello.", 0, hold=Hold("PUT", "*/out/a.txt.wav", True)),
        Moment("between two pieces", LONG, 0, Fault(path=TTS, hold="before_body", skip=1, name="kill")),
        Moment("before the PUT of a piece", LONG, 1, hold=Hold("PUT", "*_pieces/*")),
        Moment("at the start of the join", LONG, 0, hold=Hold("GET", "*_pieces/*.wav")),
        Moment("in the middle of the join", LONG, 0, hold=Hold("GET", "*_pieces/*.wav", skip=2)),
        Moment("at the end of the join", LONG, 0, hold=Hold("PUT", "*/out/a.txt.wav")),
        Moment("before the pieces are removed", LONG, 0, hold=Hold("DELETE", "*"), leaves_pieces=True),
    ]


@pytest.fixture(params=[pytest.param("documented", marks=pytest.mark.slow), "observed"])
def account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    emulator = Emulator(api_key="key", profile=request.param)
    with emulator, EmulatorServer(emulator) as server:
        connection = {"conn_type": "fluxions", "host": server.base_url, "password": "key"}
        monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(connection))
        yield emulator
        # Not before: a request of the killed task that is held whole would be rendered after all.
        emulator.hold_board.release()


@pytest.fixture
def store(s3: Any, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[HoldingS3]:
    with HoldingS3(S3At(s3_url)) as proxy:
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(proxy.airflow_connection()))
        yield proxy


def speak_bucket(text: str, try_number: int = 1) -> Any:
    """Speak the only text of a bucket."""
    return speak(task_context(try_number=try_number), max_in_flight=1)


def speak_text(text: str, try_number: int = 1, max_in_flight: int = 1) -> Any:
    """Speak the text that is an argument, into the same audio."""
    operator = FluxionsTextToSpeechOperator(
        task_id="t", text=text, destination=f"s3://{OUTPUT}/{AUDIO}", max_in_flight=max_in_flight
    )
    return operator.execute(task_context(try_number=try_number))


def killed(task: Callable[[], Any], reached: Callable[[], bool]) -> None:
    """Run a task in a process of its own, and kill it with SIGKILL when a moment is reached."""
    child = os.fork()
    if child == 0:
        try:
            task()
        finally:
            os._exit(0)
    deadline = time.monotonic() + KILL_SECONDS
    while not reached() and time.monotonic() < deadline:
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the task ended before the moment"
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.parametrize("task", [speak_bucket, pytest.param(speak_text, marks=pytest.mark.slow)])
@pytest.mark.parametrize("number", range(len(moments())), ids=[one.name for one in moments()])
def test_a_kill_costs_the_renders_in_progress_and_nothing_else(
    s3: Any, account: Emulator, store: HoldingS3, number: int, task: Callable[..., Any]
) -> None:
    moment = moments()[number]
    texts(s3, a_txt=moment.text)
    if moment.fault is not None:
        account.add_fault(moment.fault)
    if moment.hold is not None:
        store.add(moment.hold)

    def is_reached() -> bool:
        if moment.hold is not None:
            return moment.hold.client_port is not None
        if moment.fault is not None and moment.fault.hold:
            return bool(account.hold_board.current())
        return bool(account.renders)

    killed(partial(task, moment.text), is_reached)
    if moment.hold is not None:
        moment.hold.release()
    account.clear_faults()
    task(moment.text, try_number=2)
    once = 1 if moment.text == "Hello." else 2
    assert len(account.renders) - once == moment.twice
    left = {key for key in outputs(s3) if "_pieces/" in key}
    assert outputs(s3) - left == {AUDIO}
    assert bool(left) == moment.leaves_pieces


@pytest.mark.parametrize("max_in_flight", [2, 3])
def test_a_kill_costs_at_most_as_many_renders_as_may_be_in_progress(
    s3: Any, account: Emulator, store: HoldingS3, max_in_flight: int
) -> None:
    account.add_fault(Fault(path=TTS, slow_body_seconds=KILL_SECONDS, times=6))
    task = partial(speak_text, BOOK, max_in_flight=max_in_flight)
    killed(task, lambda: len(account.renders) >= max_in_flight)
    account.clear_faults()
    task(try_number=2)
    assert len(account.renders) - 6 == max_in_flight
    assert outputs(s3) == {AUDIO}
