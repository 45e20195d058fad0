"""What a task has to show, read from S3 and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api import read
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.polling import Watched, look
from airflow_provider_fluxions.s3 import parse_s3_uri
from airflow_provider_fluxions.transfers.address import Source
from airflow_provider_fluxions.viewer.errors import not_found
from airflow_provider_fluxions.viewer.facts import Kind, TaskFacts, may_read
from airflow_provider_fluxions.viewer.items import Item, Status, count, total
from airflow_provider_fluxions.viewer.job_items import items_of_jobs, items_of_results, items_to_store
from airflow_provider_fluxions.viewer.manifest_items import read_manifest, weight_of
from airflow_provider_fluxions.viewer.objects import Stores, read_whole
from airflow_provider_fluxions.viewer.service import connected
from airflow_provider_fluxions.viewer.shelf import Shelf
from airflow_provider_fluxions.viewer.single_flight import SingleFlight

# Weight of the manifests kept in memory, see `weight_of`: some 20,000 lines.
MAX_KEPT_BYTES = 32 * 1024 * 1024
MAX_KEPT_JOBS = 10_000

# However many readers follow jobs that run, the API is asked for them this often.
LOOK_SECONDS = 5.0

Looked = tuple[Mapping[str, Job], float | None]


@dataclass(frozen=True)
class Listing:
    """The items of a task.

    :param manifest: where they are listed, if there is such a place.
    """

    kind: Kind
    items: tuple[Item, ...]
    manifest: str | None = None

    def item(self, number: int) -> Item:
        """Return the item of a number.

        :raises ViewerError: there is none.
        """
        if number >= len(self.items):
            raise not_found(f"The task has {len(self.items)} items, numbered from 0; there is no item {number}.")
        return self.items[number]

    def summary(self) -> dict[str, Any]:
        """Return what the page is told of all items together."""
        return {
            "kind": str(self.kind),
            "manifest": self.manifest,
            "counts": count(self.items),
            "audio_seconds": total(item.audio_seconds for item in self.items),
            "cost": total(item.cost for item in self.items),
        }


class Listings:
    """Reads what tasks have to show, and remembers what does not change; threads may share it."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._manifests: Shelf[tuple[str, tuple[Item, ...]]] = Shelf(MAX_KEPT_BYTES)
        # Jobs that have ended never change.
        self._jobs: Shelf[Job] = Shelf(MAX_KEPT_JOBS)
        self._looks: Shelf[Looked] = Shelf(MAX_KEPT_JOBS, LOOK_SECONDS)
        self._reading: SingleFlight[tuple[Item, ...]] = SingleFlight()
        self._looking: SingleFlight[Looked] = SingleFlight()

    def read(self, facts: TaskFacts) -> Listing:
        """Return what a task has to show by now.

        :raises ViewerError: it is no task of ours, or not known well enough any more.
        :raises FluxionsError: S3 or the API refused.
        """
        kind = facts.kind
        if kind is Kind.MANIFEST:
            return Listing(kind, self._of_manifest(facts), facts.manifest)
        if kind is Kind.RESULTS:
            return Listing(kind, _of_results(facts))
        if kind is Kind.SPEECH:
            return Listing(kind, _of_text(facts))
        return Listing(kind, self._of_jobs(facts))

    def _of_manifest(self, facts: TaskFacts) -> tuple[Item, ...]:
        uri = facts.manifest
        if uri is None:
            return ()
        key = (facts.conn_id("aws_conn_id"), uri, facts.sources, facts.destination)
        return self._reading.run(key, lambda: self._read_manifest(*key))

    def _read_manifest(
        self, conn_id: str, uri: str, sources: tuple[Source, ...], destination: tuple[str, str]
    ) -> tuple[Item, ...]:
        store = self._stores.open(conn_id)
        found = store.head(*parse_s3_uri(uri))
        if found is None:
            return ()
        key = (conn_id, uri, sources)
        kept = self._manifests.get(key)
        if kept is not None and kept[0] == found.version:
            return kept[1]
        with self._stores.room():
            data = read_whole(store, found)
            items = read_manifest(data, sources, destination)
        self._manifests.put(key, (found.version, items), weight_of(data, items))
        return items

    def _of_jobs(self, facts: TaskFacts) -> tuple[Item, ...]:
        job_ids = facts.job_ids
        if not job_ids:
            return ()
        key = (facts.conn_id("fluxions_conn_id"), job_ids)
        ended, price = self._looks.get(key) or self._looking.run(key, lambda: self._look(*key))
        return items_of_jobs(job_ids, ended, price, _recording(facts))

    def _look(self, conn_id: str, job_ids: tuple[str, ...]) -> Looked:
        """Return the jobs that have ended, by id, and what an hour of audio costs."""
        latest = self._looks.get((conn_id, job_ids))  # this thread may have come after another one's call
        if latest is not None:
            return latest
        known = {job_id: job for job_id in job_ids if (job := self._jobs.get((conn_id, job_id))) is not None}
        # All are wanted, whichever of them failed.
        watched = Watched(job_ids, enough=len(job_ids), ended=known)
        with connected(conn_id) as client:
            look(client, watched)
            looked = {key: _slim(job) for key, job in watched.ended.items()}, client.settings.price_per_audio_hour
        for key, job in looked[0].items():
            if job.status.is_terminal:
                self._jobs.put((conn_id, key), job)
        self._looks.put((conn_id, job_ids), looked, len(job_ids))
        return looked


def _of_results(facts: TaskFacts) -> tuple[Item, ...]:
    addresses = facts.returned_addresses
    if not addresses:
        return items_to_store(facts.job_ids, facts.state)
    return items_of_results(addresses, facts.job_ids, facts.destination)


def _of_text(facts: TaskFacts) -> tuple[Item, ...]:
    """Return the text of a task and its audio; nothing before its arguments are known."""
    uri, text, returned = facts.audio, facts.fields.get("text"), facts.returned_facts
    if uri is None:
        return ()
    statuses = {"success": Status.DONE, "failed": Status.FAILED}
    status = statuses.get(facts.state or "", Status.RUNNING)
    item = Item(
        name=uri.rpartition("/")[2],
        status=status,
        state=facts.state or "",
        audio_seconds=read.number(returned.get("audio_seconds")),
        cost=read.number(returned.get("cost")),
        outputs=(uri,),
        recording=uri if status is Status.DONE else None,
        spoken=text if isinstance(text, str) else None,
    )
    return (item,)


def _slim(job: Job) -> Job:
    """Return a job without its transcript and its signed links."""
    names = ("id", "status", "filename", "error_message", "audio_duration", "num_speakers")
    return Job(**{name: getattr(job, name) for name in names})


def _recording(facts: TaskFacts) -> str | None:
    """Return the address that the task submitted, if it is one of S3."""
    audio = facts.fields.get("audio")
    return audio if isinstance(audio, str) and may_read(facts.sources, audio) else None
