"""The one way in which a task submits audio: see `api.once` for the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.api.audio import AudioSource
from airflow_provider_fluxions.api.once import Taken, Work, submit_once
from airflow_provider_fluxions.identity import TaskIdentity, record_job, recorded_job

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient


def submit_for_task(
    client: FluxionsClient,
    context: Mapping[str, Any],
    source: AudioSource,
    *,
    retries: int,
    filename: str,
    non_speech: bool,
    cache: bool,
    durable: bool,
    deadline: float,
    on_pause: Callable[[float], object] | None = None,
) -> Taken:
    """Return the job for this task's audio: the one of an earlier try, or a new one. Records its id.

    :param deadline: epoch seconds until which trouble at the service is waited out.
    :param on_pause: see `submit_once`.
    :raises FluxionsError: see `submit_once`.
    """
    identity = TaskIdentity.of(context, retries)
    ref = identity.reference(source, non_speech=non_speech, cache=cache) if durable else None
    work = Work(source, filename, ref, non_speech=non_speech, cache=cache, since=identity.since)
    taken = submit_once(
        client,
        work,
        look_first=identity.may_have_submitted,
        recorded=recorded_job(context, ref) if ref else None,
        deadline=deadline,
        on_pause=on_pause,
    )
    record_job(context, ref, taken.job_id)
    return taken
