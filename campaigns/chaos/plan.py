"""When which run starts, what is killed and what goes wrong: decided by the seed alone, before anything runs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from campaigns.chaos.cast import Part, cast
from campaigns.proportions import ordered, shares, spread

# Kind of victim -> its weight. A task's supervisor is its parent; both die. Components are killed with all they forked,
# so a scheduler takes the tasks of its LocalExecutor along.
KILLS = {
    "task": 48,
    "supervisor": 16,
    "triggerer": 9,
    "emulator": 12,
    "scheduler": 5,
    "api-server": 5,
    "dag-processor": 5,
}
FAULTS = {
    "latency": 10,
    "reset before": 10,
    "reset after": 12,
    "429": 10,
    "5xx": 14,
    "truncated": 10,
    "garbage": 10,
    "S3 500": 10,
    "S3 SlowDown": 8,
    "S3 latency": 4,
    "S3 truncated": 6,
}
LEAD_SECONDS, SECONDS_A_KILL = 12.0, 10.0
JOBS_A_KILL, JOBS_A_FAULT = 10, 4
FEWEST_KILLS, FEWEST_FAULTS = 10, 15
# Runs start in the first part of the storm, so that all of them see some of it.
STARTING_SHARE = 0.6
MAX_DOWN_SECONDS = 4.0
MAX_REQUESTS_A_FAULT = 8


@dataclass(frozen=True)
class Start:
    """A DAG run is triggered, `at` seconds after the storm's beginning."""

    at: float
    part: Part


@dataclass(frozen=True)
class Kill:
    """Something is killed. `draw`, in [0, 1), picks the victim where there are several; down for `down_seconds`."""

    at: float
    kind: str
    draw: float
    down_seconds: float


@dataclass(frozen=True)
class Strike:
    """The next `times` requests of a kind go wrong. `draw`, in [0, 1), picks the variant; `name` is its own."""

    at: float
    kind: str
    draw: float
    times: int
    name: str


@dataclass(frozen=True)
class Plan:
    """All that happens in a storm of `seconds`; afterwards nothing does, and what runs may finish."""

    seed: int
    seconds: float
    starts: tuple[Start, ...]
    kills: tuple[Kill, ...]
    faults: tuple[Strike, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The runs, in the order in which they start."""
        return tuple(start.part for start in self.starts)


def make_plan(seed: int, jobs: int, airflow_major: int = 3) -> Plan:
    """The same plan for the same arguments, always."""
    chance = random.Random(f"plan {seed}")  # noqa: S311 (reproducible, nothing secret)
    kinds = kill_kinds(airflow_major)
    kills = ordered(chance, shares(max(FEWEST_KILLS, jobs // JOBS_A_KILL), kinds))
    faults = ordered(chance, shares(max(FEWEST_FAULTS, jobs // JOBS_A_FAULT), FAULTS))
    seconds = LEAD_SECONDS + SECONDS_A_KILL * len(kills)
    parts = cast(seed, jobs)

    def kill(at: float, kind: str) -> Kill:
        return Kill(at, kind, chance.random(), round(chance.uniform(0.0, MAX_DOWN_SECONDS), 1))

    def strike(at: float, kind: str) -> Strike:
        name = f"{kind.replace(' ', '-')}-{round(at * 10):05d}"
        return Strike(at, kind, chance.random(), chance.randint(1, MAX_REQUESTS_A_FAULT), name)

    return Plan(
        seed,
        seconds,
        spread(chance, parts, 0.0, STARTING_SHARE * seconds, Start),
        spread(chance, kills, LEAD_SECONDS, seconds, kill),
        spread(chance, faults, 0.0, seconds, strike),
    )


def kill_kinds(airflow_major: int) -> Mapping[str, int]:
    """The weights for a version: Airflow 2 has a webserver, and its scheduler processes DAGs itself."""
    if airflow_major > 2:
        return KILLS
    renamed = {"webserver" if kind == "api-server" else kind: weight for kind, weight in KILLS.items()}
    return {kind: weight for kind, weight in renamed.items() if kind != "dag-processor"}
