"""Submit the audio of a task; see `api.submit_once` for the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.api.audio import AudioSource
from airflow_provider_fluxions.api.submit_once import SubmitOptions, SubmitRequest, SubmitResult, submit_once
from airflow_provider_fluxions.task.identity import TaskIdentity, record_job, recorded_job

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient


def submit_for_task(
    client: FluxionsClient,
    context: Mapping[str, Any],
    source: AudioSource,
    *,
    retries: int,
    filename: str,
    options: SubmitOptions,
    durable: bool,
    deadline: float,
    on_pause: Callable[[float], object] | None = None,
) -> SubmitResult:
    """Return the job for this task's audio: the one of an earlier try, or a new one. Records its id.

    :param deadline: Retry after service errors until this instant (epoch seconds).
    :param on_pause: see `submit_once`.
    :raises FluxionsError: see `submit_once`.
    """
    identity = TaskIdentity.of(context, retries)
    ref = identity.reference(source, options) if durable else None
    work = SubmitRequest(source, filename, ref, options, since=identity.since)
    submitted = submit_once(
        client,
        work,
        may_exist=identity.may_have_submitted,
        recorded=recorded_job(context, ref) if ref else None,
        deadline=deadline,
        on_pause=on_pause,
    )
    # Before anything waits: a worker that is lost now leaves the id for the next try.
    record_job(context, ref, submitted.job_id)
    return submitted
