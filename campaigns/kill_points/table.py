"""Plays the kill points many times and prints what came of it: `scripts/kill-points`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from campaigns.framework import line, run_campaign, table
from campaigns.kill_points.plan import POINTS
from campaigns.kill_points.run import Report, play_point
from campaigns.kill_points.scene import SLOTS, Scene, set_scene

# Column -> the figure that is summed in it.
SUMS = {
    "kills": "kills",
    "supervisor too": "supervisors",
    "tries": "tries",
    "POSTs": "posts",
    "jobs": "jobs",
    "duplicates": "duplicates",
    "wrong": "wrong",
    "PUTs": "puts",
    "PUT again": "rewritten",
}
HEADER = ("point", "runs", *SUMS, "lists", "reads", "states", "s")


def row(report: Report) -> tuple[str, ...]:
    """A report as a line of the table."""
    sums = [sum(getattr(run, name) for run in report.runs) for name in SUMS.values()]
    reads = sum(run.reads for run in report.runs)
    states = Counter(run.state for run in report.runs)
    told = ", ".join(f"{count} {state}" for state, count in states.items())
    return (report.point, *map(str, (len(report.runs), *sums, report.lists, reads)), told, f"{report.seconds:.0f}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the points, print the table; 1 if anything was paid twice, lost or mistaken."""
    parser = argparse.ArgumentParser(prog="scripts/kill-points", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="runs a point (%(default)s)")
    parser.add_argument("--point", choices=list(POINTS), action="append", help="only this one; may be repeated")
    options = parser.parse_args(arguments)

    def play_and_print(scene: Scene) -> list[str]:
        print(f"At most {SLOTS} tasks at a time", *table(HEADER), sep="\n", flush=True)
        faults: list[str] = []
        for name in options.point or POINTS:
            report = play_point(scene, POINTS[name], options.runs)
            faults += report.problems
            print(line(row(report)), flush=True)
        return faults

    return run_campaign("kill-points", set_scene, play_and_print)


if __name__ == "__main__":
    sys.exit(main())
