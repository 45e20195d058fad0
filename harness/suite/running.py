"""Starts parts as soon as they may run and follows them; a failure stops only what needs the failed part."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.suite.parts import Part
from harness.suite.report import Outcome, percent

_LOOK_SECONDS = 0.5
_TELL_EVERY_PERCENT = 25
_STOP_SECONDS = 30.0
_TAIL_BYTES = 4096
Say = Callable[[str], None]


@dataclass
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    log: Path
    begun: float
    load: float
    told: int = 0


@dataclass
class Suite:
    """Runs parts in `root`; each writes its output to a file in `logs`. `say` gets a line for each event."""

    root: Path
    logs: Path
    say: Say
    capacity: int
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def run(self, parts: Sequence[Part]) -> list[Outcome]:
        """Run all parts and return their outcomes in the same order."""
        self.logs.mkdir(parents=True, exist_ok=True)
        begun, waiting, done = time.monotonic(), list(parts), dict[str, Outcome]()
        running: list[_Running] = []
        try:
            while waiting or running:
                for one in self._ended(running):
                    running.remove(one[0])
                    done[one[0].part.name] = one[1]
                    self.say(f"{one[1].name}: {one[1].in_words} after {one[1].seconds:.0f} s")
                for outcome in _not_to_run(waiting, done, (time.monotonic() - begun) / 60):
                    done[outcome.name] = outcome
                    self.say(f"{outcome.name}: {outcome.in_words}")
                waiting = [part for part in waiting if part.name not in done]
                free = self.capacity - sum(one.part.load for one in running)
                for part in next_parts(waiting, done, free, is_idle=not running):
                    waiting.remove(part)
                    running.append(self._start(part))
                self._tell(running)
                time.sleep(_LOOK_SECONDS)
        finally:
            _stop(running)
        return [done[part.name] for part in parts]

    def _start(self, part: Part) -> _Running:
        log = self.logs / f"{part.name.replace(' ', '-')}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                part.command,
                cwd=self.root,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.say(f"{part.name}: started")
        return _Running(part, process, log, time.monotonic(), os.getloadavg()[0])

    def _ended(self, running: Iterable[_Running]) -> list[tuple[_Running, Outcome]]:
        found: list[tuple[_Running, Outcome]] = []
        for one in running:
            pid, status, usage = os.wait4(one.process.pid, os.WNOHANG)
            if not pid:
                continue
            one.process.returncode = code = os.waitstatus_to_exitcode(status)
            seconds, log = time.monotonic() - one.begun, one.log.read_text(errors="replace")
            cpu_seconds = usage.ru_utime + usage.ru_stime
            found.append((one, Outcome(one.part.name, code, seconds, cpu_seconds, one.load, log)))
        return found

    def _tell(self, running: Iterable[_Running]) -> None:
        for one in running:
            with one.log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
                reached = percent(log.read().decode(errors="replace")) if one.part.tests else None
            if reached is not None and reached >= one.told + _TELL_EVERY_PERCENT:
                one.told = reached - reached % _TELL_EVERY_PERCENT
                if reached < 100:
                    self.say(f"{one.part.name}: {reached} %")


def next_parts(waiting: Sequence[Part], done: Mapping[str, Outcome], free: int, *, is_idle: bool) -> list[Part]:
    """The parts to start now, in order: those whose needs are met and for which there is room.

    A part that is too large for the capacity runs alone.
    """
    found: list[Part] = []
    for part in waiting:
        ready = all(need in done for need in part.needs)
        if ready and (part.load <= free or (is_idle and not found)):
            found.append(part)
            free -= part.load
    return found


def _not_to_run(waiting: Iterable[Part], done: Mapping[str, Outcome], minute: float) -> list[Outcome]:
    """The outcomes of parts that cannot run any more: what they need failed, or it is too late for them."""
    found = []
    for part in waiting:
        failed = [need for need in part.needs if need in done and not done[need].is_good]
        if failed:
            found.append(Outcome(part.name, why_not=f"{', '.join(failed)} failed"))
        elif minute > part.before_minute:
            why = f"minute {minute:.0f} is too late to start it"
            found.append(Outcome(part.name, why_not=why, is_left_out=True))
    return found


def _stop(running: Iterable[_Running]) -> None:
    """End what still runs: an interrupt first, so that tests stop their servers."""
    left = list(running)
    for one in left:
        os.killpg(one.process.pid, signal.SIGINT)
    deadline = time.monotonic() + _STOP_SECONDS
    for one in left:
        try:
            one.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(one.process.pid, signal.SIGKILL)
            one.process.wait()
