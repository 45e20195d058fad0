"""Waiting in the calling thread: for tasks that hold their slot."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import FluxionsRequestError
from airflow_provider_fluxions.api.ids import key_of
from airflow_provider_fluxions.api.models import JobStatus
from airflow_provider_fluxions.api.once import Clock
from airflow_provider_fluxions.polling.answers import ReadJob, fetch
from airflow_provider_fluxions.polling.sweep import Memory, plan_round
from airflow_provider_fluxions.polling.verdict import Outcome, Watched

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)


def look(client: FluxionsClient, watched: Watched, memory: Memory | None = None) -> None:
    """Ask once for every job of ``watched`` that is open, and note which have ended.

    Failed jobs found in the list, which carries no reasons, are read once more for theirs.

    :raises FluxionsRequestError: no usable answer.
    """
    if watched.open:
        _sweep(client, watched, memory or Memory())
    for key, job in watched.ended.items():
        if job.status == JobStatus.FAILED and not job.error_message:
            watched.ended[key] = fetch(client, ReadJob(job.id))[key_of(job.id)]


def _sweep(client: FluxionsClient, watched: Watched, memory: Memory) -> None:
    requests = plan_round(watched.open, memory)
    answer = fetch(client, next(requests))
    while True:
        watched.see(answer)
        try:
            request = requests.send(answer)
        except StopIteration:
            return
        answer = fetch(client, request)


def wait_in_place(
    client: FluxionsClient, watched: Watched, *, poll_interval: float, deadline: float, clock: Clock | None = None
) -> Outcome:
    """Block until the jobs end or the deadline (epoch seconds) has passed, and note which have ended.

    Transient trouble is tolerated until the deadline. There is a last look after it, so a job that ended in
    time never counts as late.

    :param poll_interval: seconds between two rounds; jittered by a tenth.
    :raises FluxionsRequestError: refused (not transient), or still in trouble at the deadline.
    """
    clock = clock or Clock()
    memory = Memory()
    while True:
        started = clock.now()
        try:
            look(client, watched, memory)
        except FluxionsRequestError as error:
            if not error.transient or started >= deadline:
                raise
            pause = min(max(poll_interval, error.retry_after_seconds or 0.0), deadline - started)
            log.warning("%s Looking again in %.0f s.", error, pause)
            clock.sleep(pause)
            continue
        if watched.is_done:
            return Outcome.DONE
        if started >= deadline:
            return Outcome.TIMEOUT
        pause = poll_interval * (0.9 + 0.2 * clock.jitter())
        clock.sleep(max(0.0, min(pause, deadline - started)))
