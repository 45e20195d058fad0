"""Finding out where every input stands: from the source, the destination, and the API's list. Nothing is submitted."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsAudioError
from airflow_provider_fluxions.api.recent_jobs import RecentJobs
from airflow_provider_fluxions.s3 import S3Object, S3Store
from airflow_provider_fluxions.transfers.address import Source
from airflow_provider_fluxions.transfers.entry import AT_SERVICE, Entry, State, source_of
from airflow_provider_fluxions.transfers.ignored import extension_of
from airflow_provider_fluxions.transfers.layout import too_long
from airflow_provider_fluxions.transfers.marks import META_JOB, META_RUN, META_SECONDS
from airflow_provider_fluxions.transfers.outputs import Standing, find_standing
from airflow_provider_fluxions.transfers.ownership import is_proven
from airflow_provider_fluxions.transfers.partition import dated_folders, folders_of
from airflow_provider_fluxions.transfers.placing import taken_by
from airflow_provider_fluxions.transfers.plan import Item, Target, check_collisions, plan_item
from airflow_provider_fluxions.transfers.selection import Selection
from airflow_provider_fluxions.transfers.words import counted

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What a transfer is asked for.

    :param options: of transcription; they are part of what makes a piece of work.
    :param run: names the task instance in outputs' metadata.
    :param is_partitioned: whether results stand in folders by date.
    """

    sources: tuple[Source, ...]
    selection: Selection
    target: Target
    options: Mapping[str, Any]
    run: str
    is_partitioned: bool = False

    def item(self, found: S3Object, source: Source) -> Item:
        """Return the work for one recording below one of the sources."""
        return plan_item(found, source.relative(found.key), self.target, self.options)


def survey(
    store: S3Store, pool: Executor, order: Order, now: datetime, ignored: Counter[str] | None = None
) -> list[Entry]:
    """Return every input with what the destination says of it, in order of sources and keys.

    :param ignored: gets the number of objects that are not inputs because of their extension, by extension.
    :raises FluxionsInputError: two inputs would share an output.
    :raises FluxionsAudioError: the only source is one object, and there is none.
    :raises FluxionsStorageError: S3 refused.
    """
    store.require_bucket(order.target.bucket)
    ignored = Counter() if ignored is None else ignored
    found_by_source = pool.map(lambda source: _listed(store, source, order, ignored), order.sources)
    listed = list(zip(order.sources, found_by_source, strict=True))
    items = _unique(order.item(found, source) for source, all_found in listed for found in all_found or ())
    # Over all shards: inputs of two of them must not share an output either.
    check_collisions(items)
    entries = [_entry(item, order.selection, now) for item in items if order.selection.holds(item.source.uri)]
    _look_at_destination(store, pool, order, entries)
    return entries + _missing(order, [source for source, all_found in listed if all_found is None])


def _listed(store: S3Store, source: Source, order: Order, ignored: Counter[str]) -> list[S3Object] | None:
    """Return what a source holds, None where it names one object that is not there."""
    if source.may_be_one_object:
        one = store.head(source.bucket, source.key)
        if one is not None:
            return [one]
    found, others = [], Counter[str]()
    for one in store.list(source.bucket, source.prefix):
        if source.takes(one, order.selection.suffixes):
            found.append(one)
        elif source.matches(one):
            others[extension_of(one.key)] += 1
    ignored.update(others)
    return None if source.may_be_one_object and not found else found


def _unique(items: Iterable[Item]) -> list[Item]:
    """Return each recording's work once: of sources that overlap the first one names its results."""
    unique: dict[str, Item] = {}
    for item in items:
        unique.setdefault(item.source.uri, item)
    return list(unique.values())


def _entry(item: Item, selection: Selection, now: datetime) -> Entry:
    entry = Entry(item, folder=item.target.folder)
    if problem := too_long(item.outputs().values()):
        entry.fail(problem)
    elif reason := selection.why_not(item.source, now):
        entry.state, entry.error = State.SKIPPED, reason
    return entry


def _missing(order: Order, sources: Sequence[Source]) -> list[Entry]:
    """Return failed inputs for objects that were named and are not there."""
    addresses = [f"s3://{source.bucket}/{source.key}" for source in sources]
    if addresses and len(order.sources) == 1:
        raise FluxionsAudioError(f"There is no object {addresses[0]}, and no recordings below it.")
    entries = [
        Entry(order.item(S3Object(source.bucket, source.key, 0, ""), source), folder=order.target.folder)
        for source, address in zip(sources, addresses, strict=True)
        if order.selection.holds(address)
    ]
    for entry in entries:
        entry.fail("There is no such object.")
    return entries


def _look_at_destination(store: S3Store, pool: Executor, order: Order, entries: Sequence[Entry]) -> None:
    open_entries = [entry for entry in entries if entry.state is State.TO_DO]
    folders = folders_of(store, order.target) if order.is_partitioned else [order.target.folder]
    standing = find_standing(store, pool, [entry.item for entry in open_entries], folders)
    for entry in open_entries:
        _apply(entry, standing[entry.item.ref], order.run)


def _apply(entry: Entry, standing: Standing, run: str) -> None:
    entry.right, entry.stored, entry.folder = standing.right, standing.stored, standing.folder
    entry.replaces = standing.replaces
    if standing.is_done(entry.item):
        metadata = standing.metadata
        entry.state = State.COMPLETED if metadata.get(META_RUN) == run else State.ALREADY_DONE
        entry.job_id = metadata.get(META_JOB)
        entry.audio_seconds = _seconds(metadata.get(META_SECONDS))
    elif standing.taken_by is not None:
        entry.fail(taken_by(standing.taken_by, entry.item.uris(entry.folder)[0]))


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def reuse_jobs(recent: RecentJobs, entries: Iterable[Entry], api_key: str) -> int:
    """Give inputs the jobs that an earlier run submitted and did not finish: one scan of the list for all.

    :returns: how many inputs have one.
    :raises FluxionsError: the list could not be read to its end: unknown, not absent.
    """
    todo = {entry.item.ref: entry for entry in entries if entry.state is State.TO_DO and not entry.stored}
    if not todo:
        return 0
    reused = 0
    for ref, job in recent.scan().items():
        if (entry := todo.get(ref)) is not None:
            entry.state = State.IN_FLIGHT
            entry.assign_job(job.id, api_key)
            reused += 1
    if reused:
        log.info("Reusing %s that an earlier run submitted.", counted(reused, "job"))
    return reused


def scan_start(entries: Iterable[Entry], horizon: datetime, first_start: datetime | None) -> datetime:
    """Return how far back jobs of these inputs can be: to the oldest one's last change, or to the horizon.

    The same bytes can be put again after their job was submitted, which makes the last change younger and leaves the
    version as it is. So the time of the last change never hides what a first try of this run submitted.

    :param first_start: when the run began, if an earlier try may have submitted jobs.
    """
    changes = [
        entry.item.source.modified_at or horizon for entry in entries if entry.state is State.TO_DO and not entry.stored
    ]
    oldest = min([*changes, *([first_start] if first_start else [])], default=horizon)
    return max(oldest, horizon)


def restore(order: Order, rows: Iterable[Mapping[str, Any]], api_key: str) -> tuple[list[Entry], list[Entry]]:
    """Return the entries of a manifest that this very order wrote, and those of them that lost their job.

    Names and references are computed again, so that a line can lead to nothing but inputs and outputs of this order.
    An input loses its job if its line does not prove that the job is its own; then only the job list can tell.

    :raises ValueError: a line does not fit; also KeyError and TypeError for one of another form.
    """
    entries: list[Entry] = []
    unproven: list[Entry] = []
    for row in rows:
        entry = _restored(order, row, api_key)
        entries.append(entry)
        if entry.state is State.TO_DO and row["status"] in AT_SERVICE:
            unproven.append(entry)
    return entries, unproven


def _restored(order: Order, row: Mapping[str, Any], api_key: str) -> Entry:
    found = source_of(row)
    source = next((one for one in order.sources if _may_hold(one, found, order)), None)
    if source is None:
        raise ValueError(f"{found.uri} is none of this transfer's inputs")
    entry = Entry.from_row(row, order.item(found, source), api_key)
    if entry.stored is not None and not entry.stored.startswith(order.target.prefix):
        raise ValueError(f"{entry.stored} is no result of this transfer")
    if entry.folder != order.target.folder and not (order.is_partitioned and dated_folders([entry.folder])):
        raise ValueError(f"{entry.folder} is no folder of this transfer's results")
    return entry


def _may_hold(source: Source, found: S3Object, order: Order) -> bool:
    if not source.holds(found.bucket, found.key):
        return False
    return found.key == source.key or source.takes(found, order.selection.suffixes)


def jobs_left_behind(rows: Iterable[Mapping[str, Any]], api_key: str) -> Iterator[str]:
    """Yield the jobs in progress that the lines of a manifest prove to be theirs, whatever the order is now."""
    for row in rows:
        job_id, ref = row.get("job_id"), row.get("reference")
        is_running = row.get("status") in AT_SERVICE and isinstance(job_id, str) and isinstance(ref, str)
        if is_running and is_proven(api_key, (str(ref),), str(job_id), row.get("proof")):
            yield str(job_id)
