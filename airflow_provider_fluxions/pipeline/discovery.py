"""Find the state of every input, from the source, the destination, and the job list. Nothing is submitted."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsAudioError
from airflow_provider_fluxions.api.humanize import counted
from airflow_provider_fluxions.api.recent_jobs import RecentJobs
from airflow_provider_fluxions.pipeline.conditional_put import occupied_message
from airflow_provider_fluxions.pipeline.destination import (
    DestinationState,
    find_destination_states,
    require_destination,
)
from airflow_provider_fluxions.pipeline.ignored import extension_of
from airflow_provider_fluxions.pipeline.items import PlannedInput, Target, check_collisions, plan_input
from airflow_provider_fluxions.pipeline.locations import SourcePattern
from airflow_provider_fluxions.pipeline.naming import too_long
from airflow_provider_fluxions.pipeline.object_metadata import META_JOB, META_RUN, audio_seconds_of
from airflow_provider_fluxions.pipeline.ownership import is_proven
from airflow_provider_fluxions.pipeline.partition import dated_folders, folders_of
from airflow_provider_fluxions.pipeline.records import AT_SERVICE, InputRecord, State, source_of
from airflow_provider_fluxions.pipeline.selection import Selection
from airflow_provider_fluxions.storage import ObjectStore, StoredObject

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TransferSpec:
    """The arguments of a transfer.

    :param options: Options of the transcription; they are part of the reference.
    :param run: Name of the task instance in the outputs' metadata.
    :param is_partitioned: Whether results are in folders by date.
    """

    sources: tuple[SourcePattern, ...]
    selection: Selection
    target: Target
    options: Mapping[str, Any]
    run: str
    is_partitioned: bool = False

    def item(self, found: StoredObject, source: SourcePattern) -> PlannedInput:
        """Return the work for one recording below one of the sources."""
        return plan_input(found, source.relative(found.key), self.target, self.options)


def discover(
    store: ObjectStore, pool: Executor, spec: TransferSpec, now: datetime, ignored: Counter[str] | None = None
) -> list[InputRecord]:
    """Return every input with its state at the destination, in order of sources and keys.

    :param ignored: Receives the number of ignored objects by extension.
    :raises FluxionsInputError: if two inputs would share an output.
    :raises FluxionsAudioError: if the only source is one object, which does not exist.
    :raises FluxionsStorageError: if the store refused a request.
    """
    require_destination(store, spec.target.destination)
    ignored = Counter() if ignored is None else ignored
    found_by_source = pool.map(lambda one: list_source(store, one, spec.selection.suffixes, ignored), spec.sources)
    listed = list(zip(spec.sources, found_by_source, strict=True))
    items = _unique(spec.item(found, source) for source, all_found in listed for found in all_found or ())
    # For all shards, because inputs of two shards must not share an output.
    check_collisions(items)
    records = [_record(item, spec.selection, now) for item in items if spec.selection.is_in_shard(item.source.uri)]
    _apply_destination(store, pool, spec, records)
    return records + _missing(spec, [source for source, all_found in listed if all_found is None])


def list_source(
    store: ObjectStore,
    source: SourcePattern,
    suffixes: Sequence[str],
    ignored: Counter[str],
    is_own: Callable[[StoredObject], bool] | None = None,
) -> list[StoredObject] | None:
    """Return the objects of a source, or None if it names one object that does not exist.

    :param ignored: Receives the number of ignored objects by extension.
    :param is_own: Whether this package wrote a listed object; these are neither inputs nor ignored. Default: none are.
    :raises FluxionsStorageError: if the store refused a request.
    """
    if source.may_be_one_object:
        # ``bucket/calls`` can be an object or a prefix, and only the store knows which.
        one = store.head(source.address)
        if one is not None:
            return [one]
    found, others = [], Counter[str]()
    for one in store.list(source.listed):
        if is_own is not None and is_own(one):
            continue
        if source.accepts(one, suffixes):
            found.append(one)
        elif source.matches(one):
            others[extension_of(one.key)] += 1
    ignored.update(others)
    return None if source.may_be_one_object and not found else found


def _unique(items: Iterable[PlannedInput]) -> list[PlannedInput]:
    """Return each recording once. If sources overlap, the first one names its results."""
    unique: dict[str, PlannedInput] = {}
    for item in items:
        unique.setdefault(item.source.uri, item)
    return list(unique.values())


def _record(item: PlannedInput, selection: Selection, now: datetime) -> InputRecord:
    record = InputRecord(item, folder=item.target.folder)
    if problem := too_long(item.outputs().values()):
        record.fail(problem)
    elif reason := selection.skip_reason(item.source, now):
        record.state, record.error = State.SKIPPED, reason
    return record


def _missing(spec: TransferSpec, sources: Sequence[SourcePattern]) -> list[InputRecord]:
    """Return failed inputs for named objects that do not exist."""
    addresses = [source.address.uri for source in sources]
    if addresses and len(spec.sources) == 1:
        raise FluxionsAudioError(f"There is no object {addresses[0]}, and no recordings below it.")
    records = [
        InputRecord(spec.item(StoredObject(source.address, 0, ""), source), folder=spec.target.folder)
        for source, address in zip(sources, addresses, strict=True)
        if spec.selection.is_in_shard(address)
    ]
    for record in records:
        record.fail("There is no such object.")
    return records


def _apply_destination(store: ObjectStore, pool: Executor, spec: TransferSpec, records: Sequence[InputRecord]) -> None:
    open_records = [record for record in records if record.state is State.TO_DO]
    folders = folders_of(store, spec.target) if spec.is_partitioned else [spec.target.folder]
    states = find_destination_states(store, pool, [record.item for record in open_records], folders)
    for record in open_records:
        _apply(record, states[record.item.ref], spec.run)


def _apply(record: InputRecord, found: DestinationState, run: str) -> None:
    record.up_to_date, record.stored_key, record.folder = found.up_to_date, found.stored_key, found.folder
    record.replaces = found.replaces
    if found.is_complete(record.item):
        metadata = found.metadata
        # A try that died after a write counts as work of this run, so its audio appears in the summary and the cost.
        record.state = State.COMPLETED if metadata.get(META_RUN) == run else State.ALREADY_DONE
        record.job_id = metadata.get(META_JOB)
        record.audio_seconds = audio_seconds_of(metadata)
    elif found.occupied_by is not None:
        record.fail(occupied_message(found.occupied_by, record.item.uris(record.folder)[0]))


def reuse_jobs(recent: RecentJobs, records: Iterable[InputRecord], api_key: str) -> int:
    """Give inputs the jobs of an earlier unfinished run, with one scan of the job list for all.

    :returns: The number of inputs with such a job.
    :raises FluxionsError: if the list could not be read to its end, so that the outcome is unknown.
    """
    # An input with a stored transcript needs no job.
    todo = {record.item.ref: record for record in records if record.state is State.TO_DO and not record.stored_key}
    if not todo:
        return 0
    reused = 0
    for ref, job in recent.scan().items():
        if (record := todo.get(ref)) is not None:
            record.state = State.IN_FLIGHT
            record.assign_job(job.id, api_key)
            reused += 1
    if reused:
        log.info("Reusing %s of an earlier run.", counted(reused, "job"))
    return reused


def scan_start(records: Iterable[InputRecord], horizon: datetime, first_start: datetime | None) -> datetime:
    """Return the oldest possible creation of jobs for these inputs: the oldest last change, or the horizon.

    If the same bytes are stored again after the submit, the last change becomes younger and the version stays. So
    jobs of a first try of this run are always included.

    :param first_start: Start of the run, if an earlier try might have submitted jobs.
    """
    changes = [
        record.item.source.modified_at or horizon
        for record in records
        if record.state is State.TO_DO and not record.stored_key
    ]
    oldest = min([*changes, *([first_start] if first_start else [])], default=horizon)
    return max(oldest, horizon)


def restore(
    spec: TransferSpec, rows: Iterable[Mapping[str, Any]], api_key: str
) -> tuple[list[InputRecord], list[InputRecord]]:
    """Return the records of a manifest of this transfer, and those of them without a valid job.

    Names and references are computed again, so that a line can refer only to inputs and outputs of this transfer. If a
    line does not prove that its job belongs to the input, the job is dropped and searched for in the job list.

    :raises ValueError: if a line does not match; also KeyError and TypeError for a line of another form.
    """
    records: list[InputRecord] = []
    unproven: list[InputRecord] = []
    for row in rows:
        record = _restored(spec, row, api_key)
        records.append(record)
        if record.state is State.TO_DO and row["status"] in AT_SERVICE:
            unproven.append(record)
    return records, unproven


def _restored(spec: TransferSpec, row: Mapping[str, Any], api_key: str) -> InputRecord:
    found = source_of(row)
    source = next((one for one in spec.sources if _may_hold(one, found, spec)), None)
    if source is None:
        raise ValueError(f"{found.uri} is not an input of this transfer")
    record = InputRecord.from_row(row, spec.item(found, source), api_key)
    # Users who can write manifests must not make the task read or write outside its destination.
    if record.stored_key is not None and not record.stored_key.startswith(spec.target.prefix):
        raise ValueError(f"{record.stored_key} is not a result of this transfer")
    if record.folder != spec.target.folder and not (spec.is_partitioned and dated_folders([record.folder])):
        raise ValueError(f"{record.folder} is not a result folder of this transfer")
    return record


def _may_hold(source: SourcePattern, found: StoredObject, spec: TransferSpec) -> bool:
    if not source.contains(found.address):
        return False
    return found.key == source.key or source.accepts(found, spec.selection.suffixes)


def jobs_left_behind(rows: Iterable[Mapping[str, Any]], api_key: str) -> Iterator[str]:
    """Yield the jobs in progress with a valid proof in the manifest, also if the arguments have changed."""
    for row in rows:
        job_id, ref = row.get("job_id"), row.get("reference")
        is_running = row.get("status") in AT_SERVICE and isinstance(job_id, str) and isinstance(ref, str)
        if is_running and is_proven(api_key, (str(ref),), str(job_id), row.get("proof")):
            yield str(job_id)
