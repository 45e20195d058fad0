"""Waiting in the calling thread: for tasks that hold their slot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import FluxionsRequestError
from airflow_provider_fluxions.api.ids import key_of
from airflow_provider_fluxions.api.models import JobStatus
from airflow_provider_fluxions.api.once import Clock
from airflow_provider_fluxions.polling.answers import ReadJob, fetch
from airflow_provider_fluxions.polling.pace import interval_seconds, jittered_share, least_interval_seconds
from airflow_provider_fluxions.polling.sweep import Memory, plan_round
from airflow_provider_fluxions.polling.verdict import Outcome, Watched

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)


def look(client: FluxionsClient, watched: Watched, memory: Memory | None = None) -> int:
    """Ask once for every job of ``watched`` that is open, and note which have ended; return the requests it took.

    Failed jobs found in the list, which carries no reasons, are read once more for theirs.

    :raises FluxionsRequestError: no usable answer.
    """
    count = _sweep(client, watched, memory or Memory()) if watched.open else 0
    for key, job in watched.ended.items():
        if job.status == JobStatus.FAILED and not job.error_message:
            watched.ended[key] = fetch(client, ReadJob(job.id))[key_of(job.id)]
            count += 1
    return count


def _sweep(client: FluxionsClient, watched: Watched, memory: Memory) -> int:
    requests = plan_round(watched.open, memory)
    answer = fetch(client, next(requests))
    count = 1
    while True:
        watched.see(answer)
        try:
            request = requests.send(answer)
        except StopIteration:
            return count
        answer = fetch(client, request)
        count += 1


def wait_in_place(
    client: FluxionsClient,
    watched: Watched,
    *,
    poll_interval: float,
    deadline: float,
    clock: Clock | None = None,
    on_pause: Callable[[float], object] | None = None,
) -> Outcome:
    """Block until the jobs end or the deadline (epoch seconds) has passed, and note which have ended.

    Transient trouble is tolerated until the deadline. There is a last look after it, so a job that ended in
    time never counts as late.

    :param poll_interval: the most seconds between two rounds; jittered by a tenth. A young wait is looked at sooner,
        by the rule of `wait_for_jobs`; after trouble it is the least.
    :param on_pause: told each pause that trouble at the service makes, in seconds, for metrics.
    :raises FluxionsRequestError: refused (not transient), or still in trouble at the deadline.
    """
    clock = clock or Clock()
    memory, began = Memory(), clock.now()
    while True:
        started = clock.now()
        try:
            requests = look(client, watched, memory)
        except FluxionsRequestError as error:
            if not error.transient or started >= deadline:
                raise
            pause = min(max(poll_interval, error.retry_after_seconds or 0.0), deadline - started)
            log.warning("%s Looking again in %.0f s.", error, pause)
            if on_pause:
                on_pause(pause)
            clock.sleep(pause)
            continue
        if watched.is_done:
            return Outcome.DONE
        if started >= deadline:
            return Outcome.TIMEOUT
        interval = interval_seconds(started - began, poll_interval, least_interval_seconds(requests))
        pause = interval * jittered_share(clock.jitter())
        clock.sleep(max(0.0, min(pause, deadline - started)))
