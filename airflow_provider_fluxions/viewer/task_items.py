"""The items of a task, read from the store and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api import json_values
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.pipeline.locations import SourcePattern
from airflow_provider_fluxions.polling import WatchedJobs, poll_once
from airflow_provider_fluxions.storage import ObjectAddress
from airflow_provider_fluxions.viewer.api_client import connected
from airflow_provider_fluxions.viewer.cache import LruTtlCache
from airflow_provider_fluxions.viewer.errors import not_found
from airflow_provider_fluxions.viewer.items import Item, Status, count, total
from airflow_provider_fluxions.viewer.job_items import items_of_jobs, items_of_results, items_to_store, with_recordings
from airflow_provider_fluxions.viewer.manifest_items import read_manifest, weight_of
from airflow_provider_fluxions.viewer.object_reader import Stores, read_whole
from airflow_provider_fluxions.viewer.single_flight import SingleFlight
from airflow_provider_fluxions.viewer.task_info import Kind, TaskInfo, may_read

# Maximum weight of the manifests in memory, see `weight_of`: about 20,000 lines.
MAX_KEPT_BYTES = 32 * 1024 * 1024
MAX_KEPT_JOBS = 10_000

# Seconds between two polls of running jobs, for any number of users.
POLL_SECONDS = 5.0

Polled = Mapping[str, Job]


@dataclass(frozen=True)
class TaskItems:
    """The items of a task.

    :param manifest: URI of their manifest, or None.
    """

    kind: Kind
    items: tuple[Item, ...]
    manifest: str | None = None

    def item(self, number: int) -> Item:
        """Return the item of a number.

        :raises ViewerError: if there is no such item.
        """
        if number >= len(self.items):
            raise not_found(f"The task has {len(self.items)} items, numbered from 0; there is no item {number}.")
        return self.items[number]

    def summary(self) -> dict[str, Any]:
        """Return the data of all items together for the page."""
        return {
            "kind": str(self.kind),
            "manifest": self.manifest,
            "counts": count(self.items),
            "audio_seconds": total(item.audio_seconds for item in self.items),
            "cost": total(item.cost for item in self.items),
        }


class TaskItemsReader:
    """Reads the items of tasks, and caches unchanging ones. Threads can share it."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._manifests: LruTtlCache[tuple[str, tuple[Item, ...]]] = LruTtlCache(MAX_KEPT_BYTES)
        # Finished jobs never change.
        self._jobs: LruTtlCache[Job] = LruTtlCache(MAX_KEPT_JOBS)
        self._polls: LruTtlCache[Polled] = LruTtlCache(MAX_KEPT_JOBS, POLL_SECONDS)
        self._reading: SingleFlight[tuple[Item, ...]] = SingleFlight()
        self._polling: SingleFlight[Polled] = SingleFlight()

    def read(self, info: TaskInfo) -> TaskItems:
        """Return the current items of a task.

        :raises ViewerError: if it is not a Fluxions task, or Airflow no longer stores enough about it.
        :raises FluxionsError: if the store or the API refused a request.
        """
        kind = info.kind
        if kind is Kind.MANIFEST:
            return TaskItems(kind, self._of_manifest(info), info.manifest)
        if kind is Kind.RESULTS:
            return TaskItems(kind, with_recordings(_of_results(info), info.recordings))
        if kind is Kind.SPEECH:
            return TaskItems(kind, _of_text(info))
        return TaskItems(kind, with_recordings(self._of_jobs(info), info.recordings))

    def _of_manifest(self, info: TaskInfo) -> tuple[Item, ...]:
        uri = info.manifest
        if uri is None:
            return ()
        key = (info.conn_id("aws_conn_id"), uri, info.sources, info.destination)
        return self._reading.run(key, lambda: self._read_manifest(*key))

    def _read_manifest(
        self, conn_id: str, uri: str, sources: tuple[SourcePattern, ...], destination: ObjectAddress
    ) -> tuple[Item, ...]:
        store = self._stores.open(conn_id, uri)
        found = store.head(ObjectAddress.parse(uri))
        if found is None:
            return ()
        # The sources are part of the key, because they decide which recordings a line may name.
        key = (conn_id, uri, sources)
        kept = self._manifests.get(key)
        if kept is not None and kept[0] == found.version:
            return kept[1]
        with self._stores.room():
            data = read_whole(store, found)
            items = read_manifest(data, sources, destination)
        # With its version: a HEAD for each request notices a new manifest.
        self._manifests.put(key, (found.version, items), weight_of(data, items))
        return items

    def _of_jobs(self, info: TaskInfo) -> tuple[Item, ...]:
        job_ids = info.job_ids
        if not job_ids:
            return ()
        key = (info.conn_id("fluxions_conn_id"), job_ids)
        ended = self._polls.get(key)
        if ended is None:
            ended = self._polling.run(key, lambda: self._poll(*key))
        return items_of_jobs(job_ids, ended, info.cost, _recording(info))

    def _poll(self, conn_id: str, job_ids: tuple[str, ...]) -> Polled:
        """Return the finished jobs, by id."""
        latest = self._polls.get((conn_id, job_ids))  # another thread might have made this call meanwhile
        if latest is not None:
            return latest
        known = {job_id: job for job_id in job_ids if (job := self._jobs.get((conn_id, job_id))) is not None}
        # Wait for all, also after a failure.
        watched = WatchedJobs(job_ids, min_ended=len(job_ids), ended=known)
        with connected(conn_id) as client:
            poll_once(client, watched)
            polled = {key: _slim(job) for key, job in watched.ended.items()}
        for key, job in polled.items():
            if job.status.is_terminal:
                self._jobs.put((conn_id, key), job)
        self._polls.put((conn_id, job_ids), polled, len(job_ids))
        return polled


def _of_results(info: TaskInfo) -> tuple[Item, ...]:
    addresses = info.returned_addresses
    if not addresses:
        return items_to_store(info.job_ids, info.state)
    return items_of_results(addresses, info.job_ids, info.destination)


def _of_text(info: TaskInfo) -> tuple[Item, ...]:
    """Return the text of a task and its audio; nothing before its arguments are known."""
    uri, text, returned = info.audio, info.fields.get("text"), info.returned_facts
    if uri is None:
        return ()
    statuses = {"success": Status.DONE, "failed": Status.FAILED}
    status = statuses.get(info.state or "", Status.RUNNING)
    item = Item(
        name=last_part(uri),
        status=status,
        state=info.state or "",
        audio_seconds=json_values.number(returned.get("audio_seconds")),
        cost=json_values.number(returned.get("cost")),
        outputs=(uri,),
        recording=uri if status is Status.DONE else None,
        spoken=text if isinstance(text, str) else None,
    )
    return (item,)


def _slim(job: Job) -> Job:
    """Return a job without its transcript and its signed links."""
    # Thousands of jobs stay in the web server's memory, and signed links in it would outlive their page.
    names = ("id", "status", "filename", "error_message", "audio_duration", "num_speakers")
    return Job(**{name: getattr(job, name) for name in names})


def _recording(info: TaskInfo) -> str | None:
    """Return the URI that the task submitted, if it is in a store."""
    audio = info.fields.get("audio")
    return audio if isinstance(audio, str) and may_read(info.sources, audio) else None
