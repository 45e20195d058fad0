"""Whether another run has written an input's results into another date's partition, asked right before writing them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from airflow_provider_fluxions.api.elapsed import elapsed_seconds
from airflow_provider_fluxions.s3 import S3Store
from airflow_provider_fluxions.transfers.entry import AT_SERVICE, Entry
from airflow_provider_fluxions.transfers.outputs import Standing, find_standing
from airflow_provider_fluxions.transfers.partition import folders_of
from airflow_provider_fluxions.transfers.plan import Target

LISTERS = 8
# A look takes about a request a folder. So many folders a second are listed at most, whatever is ready to be written.
FOLDERS_A_SECOND = 20.0


@dataclass
class PartitionCheck:
    """Looks for results of all inputs in progress, in all partitions. Threads share it.

    Results that are ready at the same time share one look. With many folders a look serves for some seconds: of 1,000
    folders for 50 s.
    """

    store: S3Store
    target: Target
    entries: Sequence[Entry]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: Mapping[str, Standing] = field(default_factory=dict)
    _begun_at: float = float("-inf")
    _folders: int = 0

    def find(self, entry: Entry) -> Standing | None:
        """Return what there is of an input in the destination; None if it is not in progress.

        :raises FluxionsStorageError: S3 refused.
        """
        asked_at = elapsed_seconds()
        with self._lock:
            oldest = asked_at - self._folders / FOLDERS_A_SECOND
            if self._begun_at < oldest or entry.item.ref not in self._found:
                self._look(entry)
            return self._found.get(entry.item.ref)

    def _look(self, entry: Entry) -> None:
        self._begun_at = elapsed_seconds()
        items = {one.item.ref: one.item for one in (entry, *self.entries) if one is entry or one.state in AT_SERVICE}
        folders = folders_of(self.store, self.target)
        self._folders = len(folders)
        with ThreadPoolExecutor(LISTERS, thread_name_prefix="fluxions-partitions") as pool:
            self._found = find_standing(self.store, pool, list(items.values()), folders)
