"""Plays a campaign of chaos and prints what came of it: `scripts/chaos`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from campaigns.chaos.plan import make_plan
from campaigns.chaos.run import Report, play
from campaigns.chaos.scene import SLOTS, Scene, set_scene
from campaigns.chaos.storm import STALL
from campaigns.framework import run_campaign, table

CALM_SECONDS = 900.0


def tables(report: Report) -> Iterator[str]:
    """The campaign in Markdown."""
    plan, found = report.plan, report.audit
    planned = Counter(kill.kind for kill in plan.kills)
    kills = [(kind, count, report.kills[kind]) for kind, count in planned.items()]
    kills += [("task stopped in its upload, replaced, continued", len(plan.stalls), report.kills[STALL])]
    all_kills = ("**all**", planned.total() + len(plan.stalls), report.kills.total())
    yield from table(("killed", "planned", "hit"), [*kills, all_kills])
    struck = Counter(strike.kind for strike in plan.faults if report.hits[strike.name])
    hits: Counter[str] = Counter()
    for strike in plan.faults:
        hits[strike.kind] += report.hits[strike.name]
    faults = [
        (kind, count, struck[kind], hits[kind]) for kind, count in Counter(one.kind for one in plan.faults).items()
    ]
    all_faults = ("**all**", len(plan.faults), struck.total(), hits.total())
    yield from ("", *table(("fault", "planned", "met a request", "requests hit"), [*faults, all_faults]))
    spells = Counter(spell.kind for spell in plan.spells)
    yield from ("", *table(("the service or S3 was, for some seconds", "times"), spells.items()))
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
    yield from ("", *table(("figure", "value"), figures))


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
    plan = make_plan(options.seed, options.jobs, airflow_major(), options.pace)

    def play_and_print(scene: Scene) -> list[str]:
        print(f"{SLOTS} slots, seed {plan.seed}\n", flush=True)
        report = play(scene, plan, calm_seconds=CALM_SECONDS)
        print(*tables(report), "\nFailed, cleared once, and what they said:", sep="\n")
        print("\n".join(f"- {one.task}, {one.tries} tries: {one.reason}" for one in report.failed) or "- none")
        return report.problems

    return run_campaign("chaos", lambda home: set_scene(home, plan), play_and_print)


if __name__ == "__main__":
    sys.exit(main())
