"""What the rules of a poll round cost and save: requests and lag in simulated accounts, without a network.

    PYTHONPATH=. python benchmarks/poll_rules.py [--planner FILE]

Rounds every 15 s for ten minutes, 0.1 s a request, in virtual time, so the figures do not depend on the machine.
`--planner` takes another file with `plan_round` and `ListPositions`, for example one without a rule. Prints a row of a
Markdown table for each account: all requests, the most of a round, and the lag from a job's end to the response that
shows it.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.polling import poll_planner

PAGE_JOBS = 100
INTERVAL_SECONDS = 15.0
ROUNDS = 40
REQUEST_SECONDS = 0.1


@dataclass
class Account:
    """An account in virtual time.

    :param listed: The ids in the order of the list, at a time.
    :param waits: The waiting ids, at a time.
    :param ends: When each waiting job ends; jobs that are missing run for ever.
    """

    name: str
    listed: Callable[[float], Sequence[int]]
    waits: Callable[[float], Sequence[int]]
    ends: dict[int, float] = field(default_factory=dict)


def answered(account: Account, request: Any, now: float, planner: Any) -> Any:
    """Return the response to a request."""
    if isinstance(request, planner.ListPage):
        listed = account.listed(now)
        ids, behind = listed[request.offset : request.offset + PAGE_JOBS], request.offset + PAGE_JOBS
        result = planner.PollResult({str(number): shown(account, number, now) for number in ids})
        result.next_offset = behind if behind < len(listed) else None
        return result
    number = int(request.job_id)
    return planner.PollResult({str(number): shown(account, number, now)})


def shown(account: Account, number: int, now: float) -> Job:
    """Return a job as it is now."""
    has_ended = account.ends.get(number, float("inf")) <= now
    return Job(number, JobStatus.COMPLETED if has_ended else JobStatus.PROCESSING)


def simulate(account: Account, planner: Any) -> tuple[int, int, list[float]]:
    """Poll an account for all rounds; return the requests, the most of a round, and the lag of each end."""
    positions, ended, lags, total, most = planner.ListPositions(), set[int](), list[float](), 0, 0
    for number in range(ROUNDS):
        now = start = number * INTERVAL_SECONDS
        wanted = {str(one): one for one in account.waits(now) if one not in ended}
        requests, result, count = planner.plan_round(wanted, positions), None, 0
        while True:
            try:
                request = next(requests) if result is None else requests.send(result)
            except StopIteration:
                break
            now, count = now + REQUEST_SECONDS, count + 1
            result = answered(account, request, now, planner)
            for key in wanted.keys() & result.keys():
                if result[key].status.is_terminal and int(key) not in ended:
                    ended.add(int(key))
                    lags.append(now - account.ends[int(key)])
        positions.forget_all_but(key for key in wanted if int(key) not in ended)
        total, most = total + count, max(most, count)
        assert now - start < 1000, "a round must end"
    return total, most, lags


def newest_first(count: int) -> Callable[[float], Sequence[int]]:
    """Return a list of jobs with the highest number first."""
    return lambda _: range(count - 1, -1, -1)


def accounts() -> Iterator[Account]:
    """Yield accounts that differ in their number of waits, their order, and where the waiting jobs are."""
    chance = random.Random(7)  # noqa: S311 - a schedule, not a secret
    for waits in (1, 10, 100, 1000, 10_000):
        ends = {number: chance.uniform(60, 500) for number in range(100_000, 100_000 + waits)}
        yield Account(f"{waits:,} newest jobs, 100,000 older ones", newest_first(100_000 + waits),
                      lambda _, waits=waits: range(100_000, 100_000 + waits), ends)  # type: ignore[misc]  # fmt: skip
    yield Account("1,000 jobs behind 5,000 newer ones", newest_first(7000), lambda _: range(1000, 2000))
    yield Account("10 jobs behind 5,000 newer ones", newest_first(7000), lambda _: range(1000, 1010))
    yield Account("100 jobs behind 30,000 newer ones", newest_first(32_000), lambda _: range(1000, 1100))
    yield Account("100 newest jobs, oldest first, 10,000 others", lambda _: range(10_100),
                  lambda _: range(10_000, 10_100))  # fmt: skip
    shuffled = chance.sample(range(10_000), 10_000)
    yield Account("500 of 10,000 jobs, no order", lambda _: shuffled, lambda _: range(500))
    yield Account("20 of 10,000 jobs, far apart", newest_first(10_000), lambda _: range(0, 10_000, 500))
    yield Account("2 of 10,000 jobs, far apart", newest_first(10_000), lambda _: range(1, 10_000, 5000))
    yield Account("200 jobs, 250 newer ones arrive each round",
                  lambda now: range(2000 + 250 * int(now / INTERVAL_SECONDS), -1, -1),
                  lambda _: range(1800, 2000))  # fmt: skip
    yield Account("1,000 jobs that the list shows after 40 s", lambda now: range(1000 if now > 40 else 0),
                  lambda _: range(1000))  # fmt: skip
    yield Account("200 jobs that a list of 2,000 never shows", newest_first(2000), lambda _: range(5000, 5200))
    for waits in (10, 200):
        yield Account(f"{waits} jobs that a list of 100,000 never shows", newest_first(100_000),
                      lambda _, waits=waits: range(200_000, 200_000 + waits))  # type: ignore[misc]  # fmt: skip
    yield Account("waits begin 25 a round, oldest job first, 2,000 jobs", newest_first(2000),
                  lambda now: range(25 * (1 + int(now / INTERVAL_SECONDS))))  # fmt: skip
    yield Account("waits begin 25 a round, newest job first, 2,000 jobs", newest_first(2000),
                  lambda now: range(2000 - 25 * (1 + int(now / INTERVAL_SECONDS)), 2000))  # fmt: skip


def planner_of(path: Path | None) -> Any:
    """Return the module with the rules."""
    if path is None:
        return poll_planner
    spec = importlib.util.spec_from_file_location("planner", path)
    assert spec
    assert spec.loader
    module = sys.modules["planner"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--planner", type=Path)
    planner = planner_of(parser.parse_args().planner)
    print("| account | requests | most in a round | lag s p50 / max |\n|---|---|---|---|")
    for account in accounts():
        total, most, lags = simulate(account, planner)
        lag = f"{median(lags):.1f} / {max(lags):.1f}" if lags else "none ends"
        print(f"| {account.name} | {total:,} | {most:,} | {lag} |", flush=True)


if __name__ == "__main__":
    main()
