"""Waiting for jobs: one poll loop for all waits on one connection, and blocking waits in the calling thread.

- `poll_requests`: the two requests and their results; `poll_planner`: which of them a round makes, as plain values;
- `watched_jobs`: the outcome of a wait; `error_tolerance`: which errors it survives;
- `intervals`: seconds between two polls;
- `blocking`: waiting in the calling thread;
- `loop`: waiting on an event loop; `shared_task` is its background task, `waiters` says which wait is due, `backoff`
  slows down after errors, `loop_client` makes the requests, `clock` is its time, `observer` receives its figures;
- `event_rate_limit`: how fast triggers hand events to Airflow;
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
    "clock",
    "error_tolerance",
    "event_rate_limit",
    "poll_once",
    "poll_planner",
    "poll_requests",
    "wait_blocking",
    "wait_for_jobs",
    "watch",
    "watched_jobs",
]
