"""Runs tests under one change after another."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.mutants.changes import Mutant

# Under a change, a test may cost this many times the CPU that it took without, and at least so many seconds: some
# changes never end.
CPU_FACTOR, LEAST_CPU_SECONDS = 3, 4
# Waiting costs no CPU, and machines that run tests are shared. A change whose tests wait for longer than this is ended.
SECONDS_FOR_ONE_CPU_SECOND, LEAST_SECONDS = 20, 120

KILLED, SURVIVED, NO_TEST, LIMIT = "killed", "survived", "no test", "limit"


@dataclass
class Reach:
    """The tests that reach each function, and the CPU seconds of each test."""

    tests: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    cost: dict[str, float] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def of(self, function: str) -> list[str]:
        """Return the tests that can notice a change of this function, the cheapest first."""
        return sorted(self.tests[function] - self.failed, key=lambda test: (self.cost[test], test))


class Runs:
    """A pytest plugin that runs all tests once without a change, then, in forks, each change with the tests it needs.

    Tests are collected and imported once, for all forks.
    """

    def __init__(self, mutants: Sequence[Mutant], jobs: int, report: Callable[[Mutant, str], None]) -> None:
        self.mutants = mutants
        self.jobs = jobs
        self.report = report
        self.reach = Reach()
        self.begun = 0.0
        self.forked = False

    def pytest_runtestloop(self, session: Any) -> bool:
        """Run the tests, then the changes, in place of pytest's own loop."""
        from mutmut.mutation.trampoline import set_mutant_under_test

        os.environ["MUTMUT_DEPENDENCY_DEPTH"] = "-1"
        set_mutant_under_test("stats")
        run_items(session.items)
        set_mutant_under_test("")
        cost = self.reach.cost
        print(f"\n{len(cost)} tests, {sum(cost.values()):.0f} s of CPU; {len(self.mutants)} changes", flush=True)
        for mutant, result in self.run_changed({item.nodeid: item for item in session.items}):
            self.report(mutant, result)
        return True

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note what this process has used so far; in a fork, limit what the test may use."""
        self.begun = time.process_time()
        if self.forked:
            limit = int(self.begun + LEAST_CPU_SECONDS + CPU_FACTOR * self.reach.cost[nodeid])
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note a failure; it ends a fork."""
        if report.failed:
            if self.forked:
                os._exit(1)
            self.reach.failed.add(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note what the test cost and which functions it reached."""
        from mutmut.state import state

        self.reach.cost[nodeid] = time.process_time() - self.begun
        for function in state()._stats:
            self.reach.tests[function].add(nodeid)
        state()._stats.clear()

    def run_changed(self, items: dict[str, Any]) -> Iterator[tuple[Mutant, str]]:
        """Run each change, `jobs` at a time, and yield what became of it."""
        running: list[Fork] = []
        waiting = list(reversed(self.mutants))
        try:
            while waiting or running:
                while waiting and len(running) < self.jobs:
                    mutant = waiting.pop()
                    tests = self.reach.of(mutant.function)
                    if tests:
                        running.append(self.fork(mutant, [items[test] for test in tests]))
                    else:
                        yield mutant, NO_TEST
                time.sleep(0.02)
                for fork in list(running):
                    if result := fork.result():
                        running.remove(fork)
                        yield fork.mutant, result
        finally:
            for fork in running:
                fork.stop()

    def fork(self, mutant: Mutant, tests: Sequence[Any]) -> Fork:
        """Run tests under a change in a process of its own, which ends at the first failure."""
        longest = LEAST_SECONDS + SECONDS_FOR_ONE_CPU_SECOND * sum(self.reach.cost[test.nodeid] for test in tests)
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            return Fork(mutant, pid, time.monotonic() + longest)
        self.forked = True
        try:
            begin_fork(mutant)
            run_items(tests)
            os._exit(0)
        finally:
            os._exit(1)


def run_items(items: Sequence[Any]) -> None:
    """Run collected tests; they can run any number of times."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def begin_fork(mutant: Mutant) -> None:
    """Make this process a silent group of its own, and switch the change on."""
    from mutmut.mutation.trampoline import set_mutant_under_test

    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    set_mutant_under_test(mutant.key)


@dataclass
class Fork:
    """A change under its tests, in a process group of its own, until a time of `time.monotonic`."""

    mutant: Mutant
    pid: int
    ends: float

    def result(self) -> str | None:
        """Return what became of it, or None while it runs."""
        if time.monotonic() > self.ends:
            os.kill(self.pid, signal.SIGKILL)
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self.stop()
        if os.WIFSIGNALED(status):
            return LIMIT
        return SURVIVED if os.WEXITSTATUS(status) == 0 else KILLED

    def stop(self) -> None:
        """End it and the processes that its tests began."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
