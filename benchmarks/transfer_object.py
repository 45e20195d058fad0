"""One large object, S3 -> this machine -> Fluxions: throughput and memory, ours against `curl | curl`.

    PYTHONPATH=. python benchmarks/transfer_object.py [MiB] [ROUNDS]

Needs the environment of `scripts/test 3.3` and curl. Contestants take turns, each in processes of its own, against the
same two servers (`transfer_wire.py`). Prints one JSON line a contestant, and the medians of the ratios at the end.

- ours: what the transfer operator does for an input (`transfers.work.Worker.upload`), connections and all;
- curl: ``curl -s GET | curl -T -``, which cannot know the length and so sends chunks;
- curl with length: the same, told the length by hand, which saves it the chunks.
"""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from harness.processes import ManagedProcess
from harness.settings import clean_environment

HERE = Path(__file__).parent
ROUNDS = 7
SMALL_BYTES = 4096


def memory_kib(name: str) -> int:
    """Return a figure of this process's memory, such as VmRSS or VmHWM (its peak), in KiB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])


def upload(size_bytes: int) -> None:
    """Upload an object as the transfer operator does."""
    from airflow_provider_fluxions.formats.base import Origin
    from airflow_provider_fluxions.hooks import FluxionsHook
    from airflow_provider_fluxions.s3 import S3Store
    from airflow_provider_fluxions.transfers.entry import Entry
    from airflow_provider_fluxions.transfers.plan import Target, plan_item
    from airflow_provider_fluxions.transfers.work import Worker

    store = S3Store("aws_default")
    found = store.head("input", f"{size_bytes}.wav")
    assert found is not None
    entry = Entry(plan_item(found, found.key, Target("output", ""), {}))
    deadline = time.time() + 3600
    worker = Worker(FluxionsHook().get_conn(), store, [], Origin(), False, False, deadline, "benchmark")
    worker.upload(entry)


def measure_ours(size_bytes: int) -> None:
    """Upload something small, so that all code is loaded, then the large object; print the figures."""
    logging.disable(logging.INFO)
    upload(SMALL_BYTES)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far: proc(5)
    start_kib, cpu_before = memory_kib("VmRSS"), time.process_time()
    began = time.monotonic()
    upload(size_bytes)
    seconds = time.monotonic() - began
    peak_kib = memory_kib("VmHWM") - start_kib
    print(json.dumps({
        "seconds": seconds, "cpu_seconds": time.process_time() - cpu_before, "peak_over_start_mib": peak_kib / 1024,
    }))  # fmt: skip


def run_ours(size_bytes: int, env: dict[str, str]) -> dict[str, Any]:
    """Measure ours in a process of its own, whose start is not counted."""
    command = [sys.executable, "-P", str(Path(__file__).resolve()), "--ours", str(size_bytes)]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return figures


def run_curl(size_bytes: int, source: str, sink: str, *, with_length: bool) -> dict[str, Any]:
    """Time the pipe of two curls, whose start (some milliseconds) is counted."""
    length = ["-H", f"Content-Length: {size_bytes}", "-H", "Transfer-Encoding:"] if with_length else []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    get = subprocess.Popen(["curl", "-sf", f"{source}/input/{size_bytes}.wav"], stdout=subprocess.PIPE)  # noqa: S607
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


def start(role: str, folder: Path, stack: ExitStack) -> str:
    """Start one of the servers; return its address."""
    port_file = folder / role
    command = [sys.executable, str(HERE / "transfer_wire.py"), role, str(port_file)]
    process = ManagedProcess(role, command, folder / f"{role}.log", clean_environment())
    process.start()
    stack.callback(process.kill)
    port = process.wait_ready(lambda: port_file.exists() and port_file.read_text(), 30)
    return f"http://127.0.0.1:{port}"


def environment(folder: Path, source: str, sink: str) -> dict[str, str]:
    """Return the environment in which both connections lead to the two servers."""
    aws = {"conn_type": "aws", "login": "key", "password": "secret",
           "extra": {"endpoint_url": source, "region_name": "us-east-1"}}  # fmt: skip
    fluxions = {"conn_type": "fluxions", "host": sink, "password": "key"}
    return {
        **clean_environment(),
        "PYTHONPATH": str(HERE.parent),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(aws),
        "AIRFLOW_CONN_FLUXIONS_DEFAULT": json.dumps(fluxions),
    }


def measure(mib: int, rounds: int) -> dict[str, Any]:
    """Let the contestants take turns; print every round and return the medians."""
    size_bytes = mib << 20
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        source, sink = start("source", folder, stack), start("sink", folder, stack)
        env = environment(folder, source, sink)
        results = []
        for _ in range(rounds):
            one = {
                "curl": run_curl(size_bytes, source, sink, with_length=False),
                "ours": run_ours(size_bytes, env),
                "curl with length": run_curl(size_bytes, source, sink, with_length=True),
            }
            print(json.dumps(one), flush=True)
            results.append(one)
    return summarize(mib, results)


def summarize(mib: int, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return medians; a ratio is of two contestants of one round."""

    def median(name: str, field: str) -> float:
        return statistics.median(one[name][field] for one in results)

    ratios = {
        f"times {name}": round(statistics.median(one[name]["seconds"] / one["ours"]["seconds"] for one in results), 2)
        for name in ("curl", "curl with length")
    }
    return {
        "mib": mib,
        "rounds": len(results),
        "mib_per_second": {name: round(mib / median(name, "seconds")) for name in results[0]},
        "cpu_seconds": {name: round(median(name, "cpu_seconds"), 2) for name in results[0]},
        "peak_over_start_mib": round(max(one["ours"]["peak_over_start_mib"] for one in results), 1),
        **ratios,
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    if "--ours" in sys.argv:
        measure_ours(int(sys.argv[2]))
        return
    mib, rounds = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (1024, ROUNDS)
    print(json.dumps(measure(mib, rounds)))


if __name__ == "__main__":
    main()
