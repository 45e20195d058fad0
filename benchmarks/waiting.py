"""Measure the cost of waiting for many jobs: this provider, three other providers' triggers, and plain threads.

    python benchmarks/waiting.py [--jobs 100 1000 10000] [--only provider dbt-cloud ...] [--plot FILE] [--no-freeze]

Needs `requirements-waiting.txt` and this package. One server process serves all (`waiting_server.py`),
each contestant runs alone in a fresh process (`waiting_contestant.py`), one after the other. All jobs start within
a second and run for the whole window; cost is counted in the window. Then they end, spread over 5 seconds, and the
time from each end to its event is taken. Prints a Markdown table and one JSON line a turn.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

HERE = Path(__file__).parent
# Idle is first: its CPU is taken off the others'.
CONTESTANTS = ("idle", "provider", "dbt-cloud", "openai", "common-ai", "threads")
# What a process takes by itself does not depend on the jobs.
IDLE_JOBS = 100
INTERVAL_SECONDS = 5.0
WINDOW_SECONDS = 20.0
SPREAD_SECONDS = 5.0
# Time to wait for an event after the last job's end; this provider might delay one by 40 s.
GRACE_SECONDS = 45.0
LATENCY_SECONDS = 0.02
API_KEY = "benchmark-key"


class Server:
    """The process that all poll."""

    def __init__(self, folder: Path) -> None:
        self.certificate = str(folder / "cert.pem")
        command = [sys.executable, str(HERE / "waiting_server.py"), str(folder), str(LATENCY_SECONDS)]
        self.process = subprocess.Popen(command)
        port_file = folder / "port"
        while not (port_file.exists() and port_file.read_text()):
            time.sleep(0.1)
            if self.process.poll() is not None:
                raise SystemExit("The server did not start.")
        self.url = f"https://127.0.0.1:{port_file.read_text()}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = self.certificate

    def make(self, jobs: int) -> None:
        """Make the jobs of a turn, which takes seconds with many."""
        wish = {"jobs": jobs, "spread_seconds": SPREAD_SECONDS}
        self._session.post(f"{self.url}/bench/make", json=wish, timeout=600).raise_for_status()

    def begin(self, first_end: float) -> dict[int, float]:
        """Let the first job end then (epoch seconds); return when each does."""
        answer = self._session.post(f"{self.url}/bench/begin", json={"first_end": first_end}, timeout=60)
        return {int(job): end for job, end in answer.json()["ends"].items()}

    def seen(self) -> dict[str, Any]:
        """Return the times of all requests, and of each job's appearances."""
        seen: dict[str, Any] = self._session.get(f"{self.url}/bench/seen", timeout=120).json()
        return seen


def environment(server: Server, home: Path) -> dict[str, str]:
    """Connections to the server for every contestant."""
    host = server.url.removeprefix("https://")
    return {
        **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "AIRFLOW_CONN_FLUXIONS_DEFAULT": json.dumps({"conn_type": "fluxions", "host": server.url, "password": API_KEY,
                                                     "extra": {"verify": server.certificate}}),
        "AIRFLOW_CONN_DBT_DEFAULT": json.dumps({"conn_type": "dbt_cloud", "host": host, "password": "x", "login": "1"}),
        "AIRFLOW_CONN_OPENAI_DEFAULT": json.dumps({"conn_type": "openai", "host": f"{server.url}/openai",
                                                   "password": "x"}),
        "SSL_CERT_FILE": server.certificate,
        "REQUESTS_CA_BUNDLE": server.certificate,
    }  # fmt: skip


def turn(name: str, jobs: int, server: Server, env: dict[str, str], freeze: bool) -> dict[str, Any]:
    """Let one contestant wait for so many jobs; return its figures."""
    server.make(1)
    (warm_up_job,) = server.begin(time.time() - 60)
    command = [sys.executable, str(HERE / "waiting_contestant.py"), name]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
    assert child.stdin
    assert child.stdout
    base = {"url": server.url, "interval": INTERVAL_SECONDS, "api_key": API_KEY, "warm_up_job": warm_up_job,
            "freeze": freeze}  # fmt: skip
    print(json.dumps(base), file=child.stdin, flush=True)
    if child.stdout.readline().strip() != "ready":
        raise SystemExit(f"{name} did not start.")
    server.make(jobs)
    start = time.time() + 2 + jobs / 5000
    window_end = start + WINDOW_SECONDS
    ends = server.begin(window_end)
    end = window_end + SPREAD_SECONDS + GRACE_SECONDS
    go = {"start": start, "window_end": window_end, "end": end, "jobs": sorted(ends)}
    print(json.dumps(go), file=child.stdin, flush=True)
    answer = child.stdout.readline()
    child.wait(30)
    return {"contestant": name, "jobs": jobs, **judge(json.loads(answer), ends, server.seen(), start, window_end)}


def judge(figures: dict[str, Any], ends: dict[int, float], seen: dict[str, Any], start: float,
          window_end: float) -> dict[str, Any]:  # fmt: skip
    """Count what came of it."""
    shown = {job: [at for at in seen["shown"].get(str(job), []) if at <= window_end] for job in ends}
    due = int(WINDOW_SECONDS / INTERVAL_SECONDS)
    gaps = [later - earlier for times in shown.values()
            for earlier, later in zip([start, *times], [*times, window_end], strict=True)]  # fmt: skip
    events = {int(job): at for job, at in figures.pop("events").items()}
    waits = sorted(at - ends[job] for job, at in events.items())
    return {
        "requests": sum(at <= window_end for at in seen["requests"]),
        **figures,
        "polls_delivered": sum(min(due, len(times)) for times in shown.values()),
        "polls_due": due * len(ends),
        "longest_gap_seconds": max(gaps),
        "event_p50_seconds": waits[len(waits) // 2] if waits else None,
        "event_max_seconds": waits[-1] if waits else None,
        "events_missing": len(ends) - len(events),
        "load": os.getloadavg()[0],
    }


def row(turned: dict[str, Any]) -> str:
    """Write the figures of a turn as a row of the table."""
    t = turned

    def seconds(value: float | None) -> str:
        return "none" if value is None else f"{value:.1f}"

    cells = (
        f"{t['jobs']:,}",
        t["contestant"],
        f"{t['requests']:,}",
        f"{t['cpu_net_seconds']:.2f}",
        f"{t['lag_p50_ms']:.1f} / {t['lag_p99_ms']:.1f} / {t['lag_max_ms']:.0f}",
        f"{100 * t['polls_delivered'] / t['polls_due']:.0f} %",
        f"{t['longest_gap_seconds']:.1f}",
        f"{seconds(t['event_p50_seconds'])} / {seconds(t['event_max_seconds'])}",
        f"{t['events_missing']:,}",
        f"{t['rss_peak_mib'] - t['rss_start_mib']:.0f}",
        f"{t['load']:.1f}",
    )
    return f"| {' | '.join(cells)} |"


HEADER = (
    "| jobs | waiter | requests | CPU s | loop lag ms p50 / p99 / max | polls delivered | longest gap s | "
    "end to event s p50 / max | events missing | RSS + MiB | load |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def plot(turns: list[dict[str, Any]], path: str) -> None:
    """Draw requests, CPU and lag over the number of jobs, all logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figures = (("requests", "requests in 20 s"), ("cpu_net_seconds", "CPU seconds in 20 s"),
               ("lag_p99_ms", "event loop lag, p99, ms"))  # fmt: skip
    canvas, axes = pyplot.subplots(1, 3, figsize=(11, 3.4), dpi=80)
    for axis, (figure, title) in zip(axes, figures, strict=True):
        for name in CONTESTANTS[1:]:
            mine = [(t["jobs"], t[figure]) for t in turns if t["contestant"] == name]
            if mine:
                axis.loglog(
                    *zip(*mine, strict=True), marker="o", label=name, linewidth=3 if name == "provider" else 1.2
                )
        axis.set(title=title, xlabel="waiting jobs")
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    canvas.tight_layout()
    canvas.savefig(path)


def main() -> None:
    """Run all turns and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=CONTESTANTS)
    parser.add_argument("--plot")
    parser.add_argument("--no-freeze", action="store_true", help="let the garbage collector scan Airflow's modules")
    options = parser.parse_args()
    turns = []
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            env = environment(server, Path(folder))
            for jobs in options.jobs:
                for name in options.only:
                    if name != "idle" or jobs == IDLE_JOBS:
                        turns.append(turn(name, jobs, server, env, not options.no_freeze))
                        # Of the process alone, where it was measured.
                        turns[-1]["cpu_net_seconds"] = turns[-1]["cpu_seconds"] - turns[0]["cpu_seconds"] * (
                            turns[0]["contestant"] == "idle"
                        )
                        print(json.dumps(turns[-1]), flush=True)
        finally:
            server.process.terminate()
    print(HEADER, *map(row, turns), sep="\n")
    if options.plot:
        plot(turns, options.plot)


if __name__ == "__main__":
    main()
