"""Plays a campaign of chaos and prints what came of it: `scripts/chaos`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from campaigns.chaos.plan import make_plan
from campaigns.chaos.run import Report, play
from campaigns.chaos.scene import SLOTS, set_scene
from campaigns.chaos.storm import STALL
from campaigns.framework import exit_status, logs_folder

CALM_SECONDS = 900.0


def table(report: Report) -> Iterator[str]:
    """The campaign in Markdown."""
    plan, found = report.plan, report.audit
    planned = Counter(kill.kind for kill in plan.kills)
    yield from ("| killed | planned | hit |", "|---|---|---|")
    yield from (f"| {kind} | {count} | {report.kills[kind]} |" for kind, count in planned.items())
    yield f"| task stopped in its upload, replaced, continued | {len(plan.stalls)} | {report.kills[STALL]} |"
    yield f"| **all** | {planned.total() + len(plan.stalls)} | {report.kills.total()} |"
    yield from ("", "| fault | planned | met a request | requests hit |", "|---|---|---|---|")
    struck = Counter(strike.kind for strike in plan.faults if report.hits[strike.name])
    hits: Counter[str] = Counter()
    for strike in plan.faults:
        hits[strike.kind] += report.hits[strike.name]
    for kind, count in Counter(strike.kind for strike in plan.faults).items():
        yield f"| {kind} | {count} | {struck[kind]} | {hits[kind]} |"
    yield f"| **all** | {len(plan.faults)} | {struck.total()} | {hits.total()} |"
    yield from ("", "| the service or S3 was, for some seconds | times |", "|---|---|")
    yield from (f"| {kind} | {count} |" for kind, count in Counter(spell.kind for spell in plan.spells).items())
    figures = [
        ("runs", len(plan.starts)),
        ("recordings", found.inputs),
        ("live jobs", found.live_jobs),
        ("recordings paid twice", found.duplicates),
        ("of these by two runs at once, as documented", found.raced),
        ("failed jobs, of recordings doomed for the storm", found.failed_jobs),
        ("uploads begun", report.posts),
        ("tries of tasks", found.tries),
        ("results compared with undisturbed ones", found.outputs),
        ("tasks that failed and were cleared once", len(report.failed)),
        ("problems", len(report.problems)),
        ("storm, s", round(report.storm_seconds)),
        ("all, s", round(report.seconds)),
    ]
    yield from ("", "| figure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in figures))


def airflow_major() -> int:
    """The major version of the Airflow that this interpreter has."""
    return int(version("apache-airflow").partition(".")[0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Play a campaign and print its tables; return 1 after a double charge, a lost, wrong or hanging job, or a leak."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides what happens when (%(default)s)")
    parser.add_argument("--jobs", type=int, default=1000, help="recordings (%(default)s)")
    parser.add_argument("--pace", type=float, default=1.0, help="2: twice as long, for a busy machine (%(default)s)")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    plan = make_plan(options.seed, options.jobs, airflow_major(), options.pace)
    faults: list[str] = []
    with logs_folder("chaos", lambda: faults) as home, set_scene(home, plan) as scene:
        ready = time.monotonic() - started
        print(f"Airflow {scene.airflow.version} on PostgreSQL, {SLOTS} slots, ready in {ready:.0f} s, seed "
              f"{plan.seed}\n", flush=True)  # fmt: skip
        report = play(scene, plan, calm_seconds=CALM_SECONDS)
        faults += report.problems
    print("\n".join(table(report)))
    print("\nFailed, cleared once, and what they said:")
    print("\n".join(f"- {one.task}, {one.tries} tries: {one.reason}" for one in report.failed) or "- none")
    return exit_status(faults)


if __name__ == "__main__":
    sys.exit(main())
