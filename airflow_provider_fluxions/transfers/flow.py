"""Moving a bucket of recordings through Fluxions: submit, collect, refill, until nothing is left.

State is derived, not kept: outputs say what is done, the API's list what is in flight, the rest is to do.
What travels through a deferral (`Progress`) only saves asking again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsFormatError,
    FluxionsRejectedError,
    JobId,
)
from airflow_provider_fluxions.api.ids import key_of
from airflow_provider_fluxions.api.models import JobStatus
from airflow_provider_fluxions.api.once import Taken, Work, submit_once
from airflow_provider_fluxions.api.search import newest_live, search
from airflow_provider_fluxions.formats import Choice
from airflow_provider_fluxions.formats.base import Origin
from airflow_provider_fluxions.polling import Watched, look
from airflow_provider_fluxions.polling.verdict import job_error
from airflow_provider_fluxions.s3 import S3Store
from airflow_provider_fluxions.transfers.plan import (
    META_JOB,
    META_OPTIONS,
    META_REFERENCE,
    META_RUN,
    META_VERSION,
    Item,
    is_made_from,
)
from airflow_provider_fluxions.waiting import warn_of_other_options

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class Options:
    """How a transfer submits and writes; ``deadline`` is epoch seconds, ``run`` names the task in output metadata."""

    non_speech: bool
    cache: bool
    max_in_flight: int
    upload_workers: int
    deadline: float
    run: str
    choices: tuple[Choice, ...]
    origin: Origin


@dataclass
class Progress:
    """What a deferral carries along: jobs in flight and failures by reference. JSON types only."""

    jobs: dict[str, JobId] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    transient: bool = False
    audio_seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


class Flow:
    """One transfer's moves. ``step`` goes as far as is possible without waiting."""

    def __init__(
        self, client: FluxionsClient, store: S3Store, items: list[Item], options: Options, progress: Progress | None
    ) -> None:
        self.client = client
        self.store = store
        self.items = {item.ref: item for item in items}
        self.options = options
        self.progress = progress or Progress()
        # A recording that changed or went while its job ran is other work now: that job's result has no place.
        self.progress.jobs = {ref: job_id for ref, job_id in self.progress.jobs.items() if ref in self.items}
        self._is_first_step = progress is None
        self.done: dict[str, dict[str, str]] = {}

    def step(self) -> tuple[JobId, ...]:
        """Write what is finished, submit what there is room for; return the jobs still running, none at the end.

        :raises FluxionsError: something that is not about one recording; what is in flight stays there, and the
            next try takes it up.
        """
        with ThreadPoolExecutor(self.options.upload_workers, thread_name_prefix="fluxions-transfer") as pool:
            self.done = self._find_done(pool)
            if self._is_first_step:
                self._take_up()
            while True:
                self._collect(pool)
                if not self._refill(pool):
                    return tuple(self.progress.jobs.values())

    @property
    def to_submit(self) -> list[Item]:
        """Inputs that are neither done, nor in flight, nor failed."""
        settled = self.done.keys() | self.progress.jobs.keys() | self.progress.errors.keys()
        return [item for ref, item in self.items.items() if ref not in settled]

    def _find_done(self, pool: ThreadPoolExecutor) -> dict[str, dict[str, str]]:
        """Return the metadata of the results of inputs whose every result exists, made from the same work."""
        asked = [item for ref, item in self.items.items() if ref not in self.progress.jobs]
        found = zip(asked, pool.map(self._metadata_if_done, asked), strict=True)
        return {item.ref: metadata for item, metadata in found if metadata}

    def _metadata_if_done(self, item: Item) -> dict[str, str] | None:
        for outputs in filter(None, (item.outputs, item.earlier)):
            if (metadata := self._metadata_of(item, outputs)) is not None:
                self.items[item.ref] = replace(item, outputs=outputs)
                return metadata
        return None

    def _metadata_of(self, item: Item, outputs: dict[str, str]) -> dict[str, str] | None:
        metadata: dict[str, str] = {}
        for extension, key in outputs.items():
            output = self.store.head(item.bucket, key)
            if output is None or not is_made_from(output.metadata, item.ref, item.marks.get(extension)):
                return None
            metadata = dict(output.metadata)
        return metadata

    def _take_up(self) -> None:
        """Adopt jobs that an earlier run submitted and did not finish."""
        todo = self.to_submit
        if not todo:
            return
        matches = search(self.client, {item.ref for item in todo}, _oldest(todo))
        for ref, jobs in matches.items():
            job = newest_live(jobs)
            if job is not None:
                self.progress.jobs[ref] = job.id
        if self.progress.jobs:
            log.info("Took up %d jobs that an earlier run submitted.", len(self.progress.jobs))

    def _refill(self, pool: ThreadPoolExecutor) -> bool:
        """Submit what there is room for; return whether anything was."""
        room = max(0, self.options.max_in_flight - len(self.progress.jobs))
        batch = self.to_submit[:room]
        for item, taken in _each(pool, self._submit, batch, self._fail):
            self.progress.jobs[item.ref] = taken.job_id
        return bool(batch)

    def _submit(self, item: Item) -> Taken:
        if item.source.size_bytes == 0:
            raise FluxionsAudioError(f"{item.source.uri} is empty: 0 bytes.")
        work = Work(
            self.store.audio(item.source),
            item.source.key.rpartition("/")[2],
            item.ref,
            non_speech=self.options.non_speech,
            cache=self.options.cache,
            since=item.source.modified_at,
        )
        return submit_once(self.client, work, look_first=False, deadline=self.options.deadline)

    def _collect(self, pool: ThreadPoolExecutor) -> None:
        """Write the results of the jobs that have ended."""
        if not self.progress.jobs:
            return
        watched = Watched(tuple(self.progress.jobs.values()))
        look(self.client, watched)
        ended = [
            (self.items[ref], watched.ended[key_of(job_id)])
            for ref, job_id in self.progress.jobs.items()
            if key_of(job_id) in watched.ended
        ]
        for item, job in ended:
            if job.status != JobStatus.COMPLETED:
                self._fail(item, job_error([job]))
        completed = [item for item, job in ended if job.status == JobStatus.COMPLETED]
        for item, (metadata, audio_seconds) in _each(pool, self._write, completed, self._fail):
            self.done[item.ref] = metadata
            self.progress.audio_seconds += audio_seconds
        for item, _ in ended:
            del self.progress.jobs[item.ref]

    def _write(self, item: Item) -> tuple[dict[str, str], float]:
        """Fetch one transcript and write its results; return their metadata and the seconds of audio."""
        job_id = self.progress.jobs[item.ref]
        transcription = self.client.get_transcription(job_id, word_level_timestamps=True)
        warn_of_other_options(self.options.non_speech, transcription)
        metadata = {
            META_REFERENCE: item.ref,
            META_VERSION: item.source.version,
            META_JOB: str(job_id),
            META_RUN: self.options.run,
        }
        source = item.source
        origin = replace(
            self.options.origin,
            source_uri=source.uri,
            source_etag=source.version,
            source_bytes=source.size_bytes,
            client_ref=item.ref,
        )
        # All are rendered before the first is written: a format that cannot be made leaves no half set behind.
        rendered = [
            (choice.format.content_type, choice.files(transcription, origin)) for choice in self.options.choices
        ]
        for content_type, files in rendered:
            for extension, body in files.items():
                mark = {META_OPTIONS: item.marks[extension]} if extension in item.marks else {}
                self.store.put(item.bucket, item.outputs[extension], body, content_type, {**metadata, **mark})
        return metadata, transcription.audio_duration or 0.0

    def _fail(self, item: Item, error: Exception) -> None:
        log.error("%s: %s", item.source.uri, error)
        self.progress.errors[item.ref] = f"{type(error).__name__}: {error}"
        self.progress.transient = self.progress.transient or bool(getattr(error, "transient", False))

    def rows(self) -> list[dict[str, Any]]:
        """Return the manifest's rows, one an input."""
        return [self._row(item) for item in self.items.values()]

    def _row(self, item: Item) -> dict[str, Any]:
        metadata = self.done.get(item.ref)
        status = "failed"
        if metadata:
            status = "completed" if metadata.get(META_RUN) == self.options.run else "already_done"
        return {
            "source": item.source.uri,
            "version": item.source.version,
            "bytes": item.source.size_bytes,
            "reference": item.ref,
            "status": status,
            "job_id": metadata.get(META_JOB) if metadata else None,
            "error": self.progress.errors.get(item.ref),
            "outputs": item.output_uris if metadata else [],
        }


def _each(
    pool: ThreadPoolExecutor, act: Callable[[A], B], things: Iterable[A], fail: Callable[[A, Exception], None]
) -> list[tuple[A, B]]:
    """Act on each thing side by side; what concerns one thing only is given to ``fail``, all else raises."""
    results = []
    for thing, future in [(thing, pool.submit(partial(act, thing))) for thing in things]:
        try:
            results.append((thing, future.result()))
        except (FluxionsAudioError, FluxionsRejectedError, FluxionsFormatError) as error:
            fail(thing, error)
    return results


def _oldest(items: Iterable[Item]) -> datetime | None:
    """Return since when jobs for these inputs can exist: the oldest input's last modification."""
    instants = [item.source.modified_at for item in items]
    return None if None in instants else min(instant for instant in instants if instant is not None)
