"""Waiting for jobs: one poll loop for all who wait on one connection, and one loop in place without it.

- `answers`: the two requests and what they show; `sweep`: which of them a round makes, as plain values;
- `verdict`: what the jobs seen mean for somebody who waits for several;
- `pace`: how long until the next look;
- `inplace`: waiting in the calling thread;
- `shared`: waiting on an event loop, in one `loop` for all; `waiters` knows who is due when, `brake` slows down in
  trouble, `calls` makes the requests, `clock` is its time, `observer` hears what it does;
- `turnstile`: how fast triggers hand on what they have waited for.
"""

from __future__ import annotations

from airflow_provider_fluxions.polling.inplace import look, wait_in_place
from airflow_provider_fluxions.polling.shared import wait_for_jobs
from airflow_provider_fluxions.polling.verdict import Outcome, Watched

__all__ = ["Outcome", "Watched", "look", "wait_for_jobs", "wait_in_place"]
