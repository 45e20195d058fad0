"""One contestant of `benchmarks/waiting.py`, alone in its process: waits for jobs and prints what that cost.

Started by `waiting.py`; reads its task as JSON from standard input. A thread takes the figures at their time,
so that a contestant that blocks the event loop cannot delay them.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import resource
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Task = dict[str, Any]
Wait = Callable[[int], Awaitable[None]]
TICK_SECONDS = 0.01
BATCHES = 50


class LagMeter:
    """How late a task on the event loop is that wants to run every 10 ms."""

    def __init__(self) -> None:
        self.samples: list[float] = []
        self._expected = time.monotonic()

    async def run(self) -> None:
        while True:
            self._expected = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self.samples.append(time.monotonic() - self._expected)

    def taken(self) -> list[float]:
        """Return the samples so far; a block that lasts is one, and counts for every tick that it swallowed."""
        lasting = max(0.0, time.monotonic() - self._expected)
        samples = [*self.samples, lasting]
        return sorted(late for late in samples for _ in range(max(1, int(late / TICK_SECONDS))))


async def first_event(trigger: Any) -> None:
    async for _ in trigger.run():
        return


def ours(task: Task) -> Wait:
    from airflow_provider_fluxions.triggers import FluxionsTranscriptionTrigger

    return lambda job: first_event(
        FluxionsTranscriptionTrigger([job], "fluxions_default", task["interval"], time.time() + 600)
    )


def dbt_cloud(task: Task) -> Wait:
    from airflow.providers.dbt.cloud.triggers.dbt import DbtCloudRunJobTrigger

    return lambda job: first_event(DbtCloudRunJobTrigger("dbt_default", job, time.time() + 600, task["interval"], 1))


def openai(task: Task) -> Wait:
    from airflow.providers.openai.triggers.openai import OpenAIBatchTrigger

    return lambda job: first_event(OpenAIBatchTrigger("openai_default", str(job), task["interval"], timeout=600))


def common_ai(task: Task) -> Wait:
    from airflow.providers.common.ai.triggers.llm_batch import LLMBatchTrigger

    return lambda job: first_event(
        LLMBatchTrigger(llm_conn_id="openai_default", adapter="openai", batch_id=str(job),
                        poll_interval=task["interval"], end_time=time.time() + 600,
                        cancel_on_kill=False, cancel_on_timeout=False)
    )  # fmt: skip


def threads(task: Task) -> Wait:
    import requests

    def loop(job: int) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = task["api_key"]
            while session.get(f"{task['url']}/transcriptions/{job}", timeout=30).json()["status"] != "completed":
                time.sleep(task["interval"])

    async def wait(job: int) -> None:
        done, running = asyncio.Event(), asyncio.get_running_loop()

        def run() -> None:
            loop(job)
            running.call_soon_threadsafe(done.set)

        threading.Thread(target=run, daemon=True).start()
        await done.wait()

    return wait


def idle(task: Task) -> Wait:
    """Wait for nothing: what the process and its lag meter take by themselves."""

    async def wait(job: int) -> None:
        if job != task["warm_up_job"] or "jobs" in task:
            await asyncio.Event().wait()

    return wait


CONTESTANTS = {"idle": idle, "provider": ours, "dbt-cloud": dbt_cloud, "openai": openai, "common-ai": common_ai,
               "threads": threads}  # fmt: skip


def memory_mib(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def report(task: Task, lag: LagMeter, events: dict[int, float], before: tuple[float, float]) -> None:
    """Take cost and lag when the window ends, the events when all had their time, print, and end the process."""
    time.sleep(max(0.0, task["window_end"] - time.time()))
    late = lag.taken()
    figures = {
        "cpu_seconds": cpu_seconds() - before[0],
        "lag_p50_ms": late[len(late) // 2] * 1000,
        "lag_p99_ms": late[int(len(late) * 0.99)] * 1000,
        "lag_max_ms": late[-1] * 1000,
        "rss_start_mib": before[1],
    }
    while time.time() < task["end"] and sys.argv[1] != "idle" and len(events) < len(task["jobs"]):
        time.sleep(0.1)
    print(json.dumps({**figures, "rss_peak_mib": memory_mib("VmHWM"), "events": dict(events)}), flush=True)
    os._exit(0)  # some contestants cannot be stopped in any other way


async def contest(task: Task, wait: Wait) -> None:
    lag, events = LagMeter(), dict[int, float]()

    async def timed(job: int) -> None:
        await wait(job)
        events[job] = time.time()

    await asyncio.sleep(max(0.0, task["start"] - time.time()))
    before = cpu_seconds(), memory_mib("VmRSS")
    meter = asyncio.create_task(lag.run())
    threading.Thread(target=report, args=(task, lag, events, before), daemon=True).start()
    # All come within a second, as from a scheduler; in one go their start alone would be one block.
    waits, batch = [], max(1, len(task["jobs"]) // BATCHES)
    for first in range(0, len(task["jobs"]), batch):
        waits += [asyncio.create_task(timed(job)) for job in task["jobs"][first : first + batch]]
        await asyncio.sleep(1 / BATCHES)
    await asyncio.gather(*waits, meter)


def main() -> None:
    """Wait for one job that has ended, so that everything is imported; then say so and take the real task."""
    task: Task = json.loads(sys.stdin.readline())
    wait = CONTESTANTS[sys.argv[1]](task)
    asyncio.run(asyncio.wait_for(wait(task["warm_up_job"]), 60))
    gc.collect()
    if task["freeze"]:  # The cost of collecting Airflow's modules belongs to no contestant.
        gc.freeze()
    print("ready", flush=True)
    task.update(json.loads(sys.stdin.readline()))
    asyncio.run(contest(task, wait))


if __name__ == "__main__":
    main()
