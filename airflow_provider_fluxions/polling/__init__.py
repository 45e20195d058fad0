"""Waiting for jobs: one poll loop for all waits on one connection, and blocking waits in the calling thread.

- `poll_planner`: the two requests and their results, and which of them a round makes, as plain values;
- `watched_jobs`: the outcome of a wait; `error_tolerance`: which errors it survives, and the pause after each;
- `intervals`: seconds between two polls;
- `blocking`: waiting in the calling thread;
- `loop`: waiting on an event loop; `shared_task` is its background task, `waiters` says which wait is due,
  `loop_client` makes the requests, `observer` receives its figures;
- `watch`: reporting each job that ends.
"""

from __future__ import annotations

from airflow_provider_fluxions.polling.blocking import poll_once, wait_blocking
from airflow_provider_fluxions.polling.loop import wait_for_jobs
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome, WatchedJobs

__all__ = [
    "WaitOutcome",
    "WatchedJobs",
    "blocking",
    "error_tolerance",
    "intervals",
    "loop_client",
    "poll_once",
    "poll_planner",
    "wait_blocking",
    "wait_for_jobs",
    "watch",
    "watched_jobs",
]
