"""When which run starts, what is killed and what goes wrong: decided by the seed alone, before anything runs."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
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
    "echo": 8,
    "cut": 6,
    "reshaped": 8,
    "drip": 6,
    "S3 500": 10,
    "S3 SlowDown": 8,
    "S3 latency": 4,
    "S3 truncated": 6,
    "S3 closed": 8,
}
# What the service or S3 is like for some seconds, one after the other.
SPELLS = {
    "late list": 4,
    "renamed": 4,
    "unnamed": 1,
    "short pages": 1,
    "wrong total": 2,
    "shuffled": 2,
    "clock": 1,
    "metadata case": 3,
}
LEAD_SECONDS, SECONDS_A_KILL = 12.0, 10.0
JOBS_A_KILL, JOBS_A_FAULT, JOBS_A_SPELL = 10, 4, 10
FEWEST_KILLS, FEWEST_FAULTS = 10, 20
# Runs start in the first part of the storm, so that all of them see some of it.
STARTING_SHARE = 0.6
# The second run of a shared folder follows the first.
MIN_FOLLOWING_SECONDS, MAX_FOLLOWING_SECONDS = 4.0, 30.0
MAX_DOWN_SECONDS = 4.0
MIN_SPELL_SECONDS, MAX_SPELL_SECONDS = 4.0, 20.0
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
class Spell:
    """For some `seconds` the service or S3 is of a kind. `draw`, in [0, 1), picks the variant."""

    at: float
    kind: str
    draw: float
    seconds: float


@dataclass(frozen=True)
class Plan:
    """All that happens in a storm of `seconds`; afterwards nothing does, and what runs may finish.

    Of the runs, `stalls` are those whose task is stopped in the middle of its upload until Airflow has replaced it.
    They start before the storm, whenever their `at` is.
    """

    seed: int
    seconds: float
    starts: tuple[Start, ...]
    kills: tuple[Kill, ...]
    faults: tuple[Strike, ...]
    spells: tuple[Spell, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The runs, in the order in which they start."""
        return tuple(start.part for start in self.starts)

    @property
    def stalls(self) -> tuple[Start, ...]:
        """The starts of runs whose task is stopped."""
        return tuple(start for start in self.starts if start.part.is_stalled)


def make_plan(seed: int, jobs: int, airflow_major: int = 3, pace: float = 1.0) -> Plan:
    """The same plan for the same arguments, always.

    With a `pace` of 2 the storm takes twice as long: for a machine on which tasks take long to start.
    """
    chance = random.Random(f"plan {seed}")  # noqa: S311 (reproducible, nothing secret)
    kinds = kill_kinds(airflow_major)
    kills = ordered(chance, shares(max(FEWEST_KILLS, jobs // JOBS_A_KILL), kinds))
    faults = ordered(chance, shares(max(FEWEST_FAULTS, jobs // JOBS_A_FAULT), FAULTS))
    spells = ordered(chance, shares(max(len(SPELLS), jobs // JOBS_A_SPELL), SPELLS))
    lead, seconds = LEAD_SECONDS * pace, (LEAD_SECONDS + SECONDS_A_KILL * len(kills)) * pace

    def kill(at: float, kind: str) -> Kill:
        return Kill(at, kind, chance.random(), round(chance.uniform(0.0, MAX_DOWN_SECONDS), 1))

    def strike(at: float, kind: str) -> Strike:
        name = f"{kind.replace(' ', '-')}-{round(at * 10):05d}"
        return Strike(at, kind, chance.random(), chance.randint(1, MAX_REQUESTS_A_FAULT), name)

    def spell(at: float, kind: str) -> Spell:
        return Spell(at, kind, chance.random(), round(chance.uniform(MIN_SPELL_SECONDS, MAX_SPELL_SECONDS), 1))

    return Plan(
        seed,
        seconds,
        _starts(chance, cast(seed, jobs), STARTING_SHARE * seconds),
        spread(chance, kills, lead, seconds, kill),
        spread(chance, faults, 0.0, seconds, strike),
        spread(chance, spells, 0.0, seconds - MAX_SPELL_SECONDS, spell),
    )


def _starts(chance: random.Random, parts: Sequence[Part], end: float) -> tuple[Start, ...]:
    """When each run starts, the second run of a shared folder some seconds after the first."""
    first = spread(chance, [part for part in parts if part.shares is None], 0.0, end - MAX_FOLLOWING_SECONDS, Start)
    begun = {start.part.run_id: start.at for start in first}
    second = [
        Start(round(begun[part.shares] + chance.uniform(MIN_FOLLOWING_SECONDS, MAX_FOLLOWING_SECONDS), 2), part)
        for part in parts
        if part.shares is not None
    ]
    return tuple(sorted([*first, *second], key=lambda start: start.at))


def kill_kinds(airflow_major: int) -> Mapping[str, int]:
    """The weights for a version: Airflow 2 has a webserver, and its scheduler processes DAGs itself."""
    if airflow_major > 2:
        return KILLS
    renamed = {"webserver" if kind == "api-server" else kind: weight for kind, weight in KILLS.items()}
    return {kind: weight for kind, weight in renamed.items() if kind != "dag-processor"}
