"""Partitions by date of ingest, named as Hive, Spark, Athena and DuckDB read them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from airflow_provider_fluxions.api.elapsed import elapsed_seconds
from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.pipeline.destination import DestinationState, find_destination_states
from airflow_provider_fluxions.pipeline.items import Target
from airflow_provider_fluxions.pipeline.records import AT_SERVICE, InputRecord
from airflow_provider_fluxions.storage import ObjectStore

_FOLDER = re.compile(r"ingest_date=\d{4}-\d\d-\d\d/")


def ingest_folder(instant: datetime | None) -> str:
    """Return ``ingest_date=YYYY-MM-DD/`` for an instant, in UTC.

    :raises FluxionsInputError: if there is no instant.
    """
    if instant is None:
        raise FluxionsInputError("partition_by_date needs a run with a data interval, a logical date or a run_after.")
    day: date = instant.astimezone(UTC).date()
    return f"ingest_date={day.isoformat()}/"


def dated_folders(names: Iterable[str]) -> list[str]:
    """Return the names of folders that are date partitions, the latest first."""
    return sorted((name for name in names if _FOLDER.fullmatch(name)), reverse=True)


def folders_of(store: ObjectStore, target: Target) -> list[str]:
    """Return a target's own folder, then those of other dates, the latest first.

    :raises FluxionsStorageError: if the store refused a request.
    """
    dated = dated_folders(store.folders(target.destination.below("ingest_date=")))
    return [target.folder, *(folder for folder in dated if folder != target.folder)]


LISTERS = 8
# Maximum folders to list per second. A check takes about one request for each folder.
FOLDERS_A_SECOND = 20.0


@dataclass
class PartitionCheck:
    """Searches all partitions for results of the inputs in progress. Threads share it.

    Results that are ready at the same time share one search. With many folders, a search stays valid for some seconds:
    for 1,000 folders, 50 s.
    """

    store: ObjectStore
    target: Target
    records: Sequence[InputRecord]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: Mapping[str, DestinationState] = field(default_factory=dict)
    _begun_at: float = float("-inf")
    _folders: int = 0

    def find(self, record: InputRecord) -> DestinationState | None:
        """Return what there is of an input in the destination; None if it is not in progress.

        :raises FluxionsStorageError: if the store refused a request.
        """
        asked_at = elapsed_seconds()
        with self._lock:
            oldest = asked_at - self._folders / FOLDERS_A_SECOND
            # A search that began after this question includes every result that existed then, so threads can share it.
            if self._begun_at < oldest or record.item.ref not in self._found:
                self._search(record)
            return self._found.get(record.item.ref)

    def _search(self, record: InputRecord) -> None:
        self._begun_at = elapsed_seconds()
        items = {one.item.ref: one.item for one in (record, *self.records) if one is record or one.state in AT_SERVICE}
        folders = folders_of(self.store, self.target)
        # The folders of all dates count, so a large archive is searched less often.
        self._folders = len(folders)
        with ThreadPoolExecutor(LISTERS, thread_name_prefix="fluxions-partitions") as pool:
            self._found = find_destination_states(self.store, pool, list(items.values()), folders)
