"""Make items from jobs at the service, and from results that a task returned. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from airflow_provider_fluxions.api.cost import cost_of
from airflow_provider_fluxions.api.job_reference import filename_without_reference
from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.formats import FORMATS
from airflow_provider_fluxions.formats.table_format import TableFormat
from airflow_provider_fluxions.formats.tables import TABLES
from airflow_provider_fluxions.storage import ObjectAddress
from airflow_provider_fluxions.viewer.items import Item, Status
from airflow_provider_fluxions.viewer.manifest_items import stored_result
from airflow_provider_fluxions.viewer.task_info import Recording


def _all_extensions() -> list[str]:
    """Return the possible extensions of results, the longest first: ``.words.jsonl`` before ``.jsonl``."""
    found = set()
    for one in FORMATS.values():
        options = one.read_options({"tables": list(TABLES)} if isinstance(one, TableFormat) else {})
        found |= set(one.extensions(options))
    return sorted(found, key=len, reverse=True)


_EXTENSIONS = _all_extensions()
# Status of items of a task that ended without a result. Other tasks might still store them.
_WITHOUT_RESULT = {"failed": Status.FAILED, "upstream_failed": Status.FAILED, "skipped": Status.SKIPPED}


def items_of_jobs(
    job_ids: Iterable[str], ended: Mapping[str, Job], cost: float | None, recording: str | None
) -> tuple[Item, ...]:
    """Return the items of a task that submits jobs or waits for them.

    :param ended: Finished jobs, by id; the others run.
    :param cost: Cost of all jobs, as the task reported it. Each job has its share by seconds of audio.
    :param recording: URI that the task submitted, if it is in a store.
    """
    seconds = sum(job.audio_duration or 0.0 for job in ended.values())
    # From the reported cost and not from the connection, because its price might have changed since.
    price = None if cost is None or not seconds else cost / seconds * 3600
    return tuple(_job_item(job_id, ended.get(job_id), price, recording) for job_id in job_ids)


def _job_item(job_id: str, job: Job | None, price: float | None, recording: str | None) -> Item:
    shown = last_part(recording) if recording else None
    if job is None:
        return Item(shown or f"job {job_id}", Status.RUNNING, "running", job_id, source=recording, recording=recording)
    seconds = job.audio_duration
    return Item(
        name=shown or (filename_without_reference(job.filename) if job.filename else f"job {job_id}"),
        status=Status.DONE if job.status == JobStatus.COMPLETED else Status.FAILED,
        state=str(job.status),
        job_id=job_id,
        error=job.error_message,
        audio_seconds=seconds,
        speakers=job.num_speakers,
        cost=None if seconds is None else cost_of(seconds, price),
        source=recording,
        recording=recording,
    )


def items_of_results(addresses: Sequence[str], job_ids: Sequence[str], destination: ObjectAddress) -> tuple[Item, ...]:
    """Return the items of a task that stored results: one for each job, with all of its files.

    :param addresses: URIs that the task returned.
    :param job_ids: Job ids in its arguments, if they are known.
    """
    files: dict[str, list[str]] = {}
    for uri in addresses:
        files.setdefault(_without_extension(uri), []).append(uri)
    return tuple(_result_item(base, uris, job_ids, destination) for base, uris in files.items())


def items_to_store(job_ids: Iterable[str], task_state: str | None) -> tuple[Item, ...]:
    """Return the items of a task that has stored nothing."""
    status = _WITHOUT_RESULT.get(task_state or "", Status.RUNNING)
    return tuple(Item(f"job {job_id}", status, task_state or "to_do", job_id) for job_id in job_ids)


def with_recordings(items: Iterable[Item], recordings: Mapping[str, Recording]) -> tuple[Item, ...]:
    """Return items with the recordings that other tasks submitted.

    :param recordings: By job id.
    """
    return tuple(_with_recording(item, recordings.get(item.job_id or "")) for item in items)


def _with_recording(item: Item, recording: Recording | None) -> Item:
    if recording is None or item.recording is not None:
        return item
    return replace(item, source=recording.uri, recording=recording.uri, recording_conn_id=recording.conn_id)


def _result_item(base: str, uris: Sequence[str], job_ids: Sequence[str], destination: ObjectAddress) -> Item:
    name = last_part(base)
    # Ids can contain dashes. An id that is not in the task's arguments is not read, because users can change the URIs.
    job_id = next((one for one in sorted(job_ids, key=len, reverse=True) if name.endswith(f"-{one}")), None)
    stem = name if job_id is None else name.removesuffix(f"-{job_id}")
    stored = stored_result(uris, None, destination)
    return Item(stem, Status.DONE, "completed", job_id, outputs=tuple(uris), stored=stored)


def _without_extension(uri: str) -> str:
    extension = next((one for one in _EXTENSIONS if uri.endswith(one)), "")
    return uri.removesuffix(extension)
