"""The manifest of a transfer: JSON Lines in the store, one for each input.

It is written before the first submit (so a read-only destination fails at no charge), at every deferral and at the
end. A resumed task reads it instead of listing everything again. If it is missing or does not match, the task plans
again from the state in the store and at the service.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError, FluxionsStorageError
from airflow_provider_fluxions.api.job_reference import coordinates, reference
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.pipeline.naming import MAX_KEY_BYTES
from airflow_provider_fluxions.pipeline.records import InputRecord
from airflow_provider_fluxions.storage import ObjectAddress, ObjectStore

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/x-ndjson"
_LOOKS_MAPPED = re.compile(r"-\d+\Z")
# About 250,000 inputs. A larger manifest is not read: the transfer plans again, which takes longer.
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """The manifest of a task instance, at the same place on every try.

    :param price_per_audio_hour: Price for the cost of each input, or None.
    :param earlier_key: Key in an earlier version of this package.
    """

    address: ObjectAddress
    price_per_audio_hour: float | None = None
    earlier_key: str | None = None

    @classmethod
    def of(
        cls, ti: Any, destination: ObjectAddress, map_index: int, price: float | None, loop_index: int | None = None
    ) -> Manifest:
        """Return the place below the destination, see `manifest_key`."""
        key = manifest_key(destination.key, ti.dag_id, ti.run_id, ti.task_id, map_index, loop_index)
        # A task that deferred before an upgrade wrote its manifest under the earlier name.
        earlier = key.replace("~.jsonl", ".jsonl") if map_index < 0 else key
        return cls(destination.at(key), price, earlier)

    @property
    def uri(self) -> str:
        """Its address."""
        return self.address.uri

    def write(self, store: ObjectStore, records: Iterable[InputRecord]) -> None:
        """Write the whole manifest.

        :raises FluxionsStorageError: if the store refused the request.
        """
        self.write_rows(store, (record.to_row(self.price_per_audio_hour) for record in records))

    def write_rows(self, store: ObjectStore, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write the whole manifest from its lines.

        :raises FluxionsStorageError: if the store refused the request.
        """
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        # A lone surrogate in a key must not prevent the report of the rest.
        store.put(self.address, lines.encode(errors="replace"), CONTENT_TYPE, {})

    def read(self, store: ObjectStore) -> Iterator[Mapping[str, Any]] | None:
        """Return its lines one by one, or None if it cannot be read.

        The iterator raises ValueError at a line that is not a JSON object.
        """
        for key in dict.fromkeys((self.address.key, self.earlier_key or self.address.key)):
            try:
                data = store.get(self.address.at(key), MAX_BYTES)
            except FluxionsStorageError as error:
                # A lost manifest costs a new listing and a scan, and no second charge.
                log.info("Could not read the manifest: %s", printable(error))
            else:
                return map(_row, io.BytesIO(data))
        return None


@contextmanager
def written_on_error(write: Callable[[], None]) -> Iterator[None]:
    """Run a block, and write the manifest if it fails. An error of ``write`` is logged and hides no other error."""
    try:
        yield
    except BaseException:  # timeouts and kills of Airflow are not Exceptions
        try:
            write()
        except Exception as error:
            log.warning("Could not write the manifest: %s", printable(error))
        raise


def manifest_key(
    prefix: str, dag_id: str, run_id: str, task_id: str, map_index: int, loop_index: int | None = None
) -> str:
    """Return ``{prefix}_manifests/{dag}/{run}/{task}[-{map index}][~loop-{iteration}].jsonl``.

    If the name of an unmapped task ends like a map index (``t-1``), a tilde is added, which a task id cannot contain.
    If the key would be longer than stores allow, a digest replaces the names.

    :param prefix: Prefix of the destination: empty, or ends with a slash.
    :param map_index: -1 for an unmapped task.
    :param loop_index: the iteration of a task loop, None outside of loops.
    :raises FluxionsInputError: the destination alone is too long.
    """
    index = f"-{map_index}" if map_index >= 0 else "~" if _LOOKS_MAPPED.search(task_id) else ""
    index += "" if loop_index is None else f"~loop-{loop_index}"
    key = f"{prefix}_manifests/{dag_id}/{run_id}/{task_id}{index}.jsonl"
    if len(key.encode(errors="replace")) > MAX_KEY_BYTES:
        key = f"{prefix}_manifests/{reference(dag_id, run_id, task_id, *coordinates(map_index, loop_index))}.jsonl"
    if len(key.encode(errors="replace")) > MAX_KEY_BYTES:
        raise FluxionsInputError(f"The destination is too long: keys have at most {MAX_KEY_BYTES:,} bytes.")
    return key


def _row(line: bytes) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except RecursionError as error:
        raise ValueError("a line is nested too deeply") from error
    if not isinstance(row, dict):
        raise ValueError("a line is not a JSON object")
    return row
