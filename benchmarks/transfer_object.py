"""One large object, S3 -> this machine -> Fluxions: throughput and memory, the provider compared with `curl | curl`.

    PYTHONPATH=. python benchmarks/transfer_object.py [MiB] [ROUNDS] [CONTESTANT ...]

Needs Linux, the environment of `scripts/test 3.3`, and curl. Contestants take turns, each in processes of its own,
against the same two servers (`transfer_s3.py`, `transfer_sink.py`). Prints one JSON line a round, and the medians.

- provider: the transfer operator for each input (a HEAD for the listing's line, then `TransferSteps.upload`), in a
  process that is there already and has sent one small object;
- curl: ``curl -s GET | curl -T -``, which cannot know the length and so sends chunks;
- curl with length: the same with the length as an argument, so it sends no chunks.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import transfer_stage as stage

MIB, ROUNDS = 1024, 9
CONTESTANTS = ("curl", "provider", "curl with length")
SMALL_BYTES = 4096


def new_worker() -> Any:
    """Return what the transfer operator makes once, with its connections."""
    from airflow_provider_fluxions.api.submit_once import SubmitOptions
    from airflow_provider_fluxions.formats.base import Provenance
    from airflow_provider_fluxions.hooks import FluxionsHook
    from airflow_provider_fluxions.pipeline.steps import TransferSteps
    from airflow_provider_fluxions.storage.s3_store import S3Store
    from airflow_provider_fluxions.task.metrics import TaskMetrics

    client, store, deadline = FluxionsHook().get_conn(), S3Store("aws_default"), time.time() + 3600
    return TransferSteps(
        client,
        store,
        [],
        Provenance(),
        SubmitOptions(cache=False),
        deadline,
        "benchmark",
        TaskMetrics("fluxions_default"),
    )


def upload(steps: Any, size_bytes: int) -> None:
    """Upload an object as the transfer operator does for each input."""
    from airflow_provider_fluxions.pipeline.items import Target, plan_input
    from airflow_provider_fluxions.pipeline.records import InputRecord
    from airflow_provider_fluxions.storage import ObjectAddress

    found = steps.store.head(ObjectAddress("s3", "input", f"{size_bytes}.wav"))
    steps.upload(InputRecord(plan_input(found, found.key, Target(ObjectAddress("s3", "output")), {})))


def answer_rounds() -> None:
    """Upload something small, so that all code is loaded; then, a line of input a round, the object of that size."""
    logging.disable(logging.INFO)
    steps = new_worker()
    upload(steps, SMALL_BYTES)
    print("ready", flush=True)
    for line in sys.stdin:
        start_kib, cpu_before, began = stage.forget_peak(), time.process_time(), time.monotonic()
        upload(steps, int(line))
        figures = {
            "seconds": time.monotonic() - began,
            "cpu_seconds": time.process_time() - cpu_before,
            "peak_over_start_mib": (stage.memory_kib("VmHWM") - start_kib) / 1024,
        }
        print(json.dumps(figures), flush=True)


class Ours:
    """A process that uploads as the operator does, started once as a task is."""

    def __init__(self, env: dict[str, str]) -> None:
        command = [sys.executable, "-P", str(Path(__file__).resolve()), "--provider"]
        self._process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._read("ready")

    def run(self, size_bytes: int) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(f"{size_bytes}\n")
        self._process.stdin.flush()
        figures: dict[str, Any] = json.loads(self._read("{"))
        return figures

    def stop(self) -> None:
        self._process.communicate()

    def _read(self, start: str) -> str:
        """Return the next line that begins so; Airflow may log others."""
        assert self._process.stdout
        return next(line for line in self._process.stdout if line.startswith(start))


def run_curl(size_bytes: int, source: str, sink: str, *, with_length: bool) -> dict[str, Any]:
    """Time the pipe of two curls, whose start (some milliseconds) is counted."""
    length = ["-H", f"Content-Length: {size_bytes}", "-H", "Transfer-Encoding:"] if with_length else []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    get = subprocess.Popen(["curl", "-sf", f"{source}/input/{size_bytes}.wav"], stdout=subprocess.PIPE)  # noqa: S607 (the client that it is compared with)
    command = ["curl", "-sf", "-X", "POST", "-T", "-", *length, f"{sink}/submit?filename=large.wav"]
    answer = subprocess.run(command, stdin=get.stdout, capture_output=True, check=True).stdout
    assert get.wait() == 0
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    sent = json.loads(answer)
    assert sent["is_chunked"] != with_length
    assert sent["received"] >= size_bytes
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu_seconds": cpu}


def measure(mib: int, rounds: int, contestants: Sequence[str] = CONTESTANTS) -> dict[str, Any]:
    """Let the contestants take turns; print every round and return the medians."""
    size_bytes = mib << 20
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        s3, sink = stage.start("transfer_s3.py", folder, stack), stage.start("transfer_sink.py", folder, stack)
        stage.call(f"{s3}/_objects", [["input", f"{size}.wav", size, {}] for size in (SMALL_BYTES, size_bytes)])
        env = stage.environment(folder, s3, {"conn_type": "fluxions", "host": sink, "password": "key"})
        ours = Ours(env)
        stack.callback(ours.stop)
        runs: dict[str, Callable[[], dict[str, Any]]] = {
            "curl": lambda: run_curl(size_bytes, s3, sink, with_length=False),
            "provider": lambda: ours.run(size_bytes),
            "curl with length": lambda: run_curl(size_bytes, s3, sink, with_length=True),
        }
        results = []
        for number in range(rounds):
            # Each contestant is first as often as last.
            first = number % len(contestants)
            results.append({name: runs[name]() for name in (*contestants[first:], *contestants[:first])})
            print(json.dumps(results[-1]), flush=True)
    return summarize(mib, results)


def summarize(mib: int, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return medians; a ratio is of two contestants of one round."""

    def medians(field: str) -> dict[str, float]:
        return {name: statistics.median(one[name][field] for one in results) for name in results[0]}

    ratios = {
        f"times {name}": round(
            statistics.median(one[name]["seconds"] / one["provider"]["seconds"] for one in results), 2
        )
        for name in results[0]
        if name != "provider"
    }
    return {
        "mib": mib,
        "rounds": len(results),
        "mib_per_second": {name: round(mib / seconds) for name, seconds in medians("seconds").items()},
        "cpu_seconds": {name: round(seconds, 2) for name, seconds in medians("cpu_seconds").items()},
        "peak_over_start_mib": round(max(one["provider"]["peak_over_start_mib"] for one in results), 1),
        **ratios,
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    if "--provider" in sys.argv:
        answer_rounds()
        return
    given = sys.argv[1:]
    mib = int(given[0]) if given else MIB
    rounds = int(given[1]) if len(given) > 1 else ROUNDS
    print(json.dumps(measure(mib, rounds, given[2:] or CONTESTANTS)))


if __name__ == "__main__":
    main()
