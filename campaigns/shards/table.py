"""Plays a run on two Celery workers, kills one half way, prints what came of it: `scripts/celery-campaign`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from campaigns.framework import run_campaign, table
from campaigns.shards.judge import Shard, shared_paths
from campaigns.shards.run import SHARDS, Report, play
from campaigns.shards.scene import VICTIM, Scene, set_scene

RUN_SECONDS = 7200.0


def summary(report: Report) -> list[tuple[str, object]]:
    """Return the figures of the run, by name."""
    return [
        ("recordings", report.recordings),
        (f"{VICTIM} killed after, s", round(report.killed_after)),
        ("night, s", round(report.seconds)),
        ("one task without shards and kills, s", round(report.calm_seconds)),
        ("POSTs", ", ".join(f"{count} by {worker}" for worker, count in report.posts.items())),
        ("jobs", report.jobs),
        ("duplicates", report.duplicates),
        ("jobs whose upload was cut off before its answer", report.cut_off),
        ("of these reused", report.kept),
        ("outputs missing or different", len(report.wrong_outputs)),
    ]


def problems(report: Report) -> list[str]:
    """What was paid twice, lost or mistaken."""
    found = [f"shard {shard.index}: {shard.state}" for shard in report.shards if shard.state != "success"]
    found += report.wrong_outputs
    if (report.jobs, report.duplicates, report.kept) != (report.recordings, 0, report.cut_off):
        found.append(f"{report.recordings} recordings, {report.jobs} jobs, {report.duplicates} duplicates")
    if not report.cut_off or all(shard.tries == 1 for shard in report.shards):
        found.append("the kill hit nothing")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the run, print the tables; 1 if anything was paid twice, lost or mistaken."""
    parser = argparse.ArgumentParser(prog="scripts/celery-campaign", description=__doc__)
    parser.add_argument("--files", type=int, default=400, help="recordings a shard, of eight (%(default)s)")
    options = parser.parse_args(arguments)

    def play_and_print(scene: Scene) -> list[str]:
        print("two workers with", "separate views of the file system" if scene.workers.isolated else "separate homes")
        shared = shared_paths(scene)
        report = play(scene, options.files * SHARDS, run_seconds=RUN_SECONDS)
        print(*table(("figure", "value"), summary(report)), "", sep="\n")
        header = ("shard", "state", "recordings", "tries", "tries on each worker")
        print(*table(header, map(_row, report.shards)), sep="\n")
        return shared + problems(report)

    return run_campaign("shards", set_scene, play_and_print)


def _row(shard: Shard) -> tuple[object, ...]:
    workers = "; ".join(f"{worker}: {', '.join(map(str, tries)) or '-'}" for worker, tries in shard.workers.items())
    return shard.index, shard.state, shard.inputs, shard.tries, workers


if __name__ == "__main__":
    sys.exit(main())
