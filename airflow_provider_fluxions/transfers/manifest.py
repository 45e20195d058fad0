"""The manifest of a transfer: JSON Lines in S3, one an input.

It is written before the first submit (so a destination that cannot be written costs nothing), at every deferral and
at the end. A resumed task reads it instead of listing everything again; it is no more than a saving: where it is
missing or does not fit, the task plans again from what stands in S3 and at the service.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsStorageError
from airflow_provider_fluxions.s3 import S3Object, S3Store
from airflow_provider_fluxions.transfers.entry import Entry

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/x-ndjson"


@dataclass(frozen=True)
class Manifest:
    """Where a task instance's manifest is: the same place on every try.

    :param price_per_audio_hour: for the cost of each input; None: there is none.
    """

    bucket: str
    key: str
    price_per_audio_hour: float | None = None

    @classmethod
    def of(cls, ti: Any, destination: tuple[str, str], map_index: int, price: float | None) -> Manifest:
        """Return the place below the destination: ``_manifests/{dag}/{run}/{task}[-{map index}].jsonl``."""
        bucket, prefix = destination
        index = "" if map_index < 0 else f"-{map_index}"
        return cls(bucket, f"{prefix}_manifests/{ti.dag_id}/{ti.run_id}/{ti.task_id}{index}.jsonl", price)

    @property
    def uri(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.key}"

    def write(self, store: S3Store, entries: Iterable[Entry]) -> None:
        """Write it whole.

        :raises FluxionsStorageError: S3 refused.
        """
        lines = "".join(
            json.dumps(entry.to_row(self.price_per_audio_hour), ensure_ascii=False) + "\n" for entry in entries
        )
        # A lone surrogate of a strange key must not keep the rest from being reported.
        store.put(self.bucket, self.key, lines.encode(errors="replace"), CONTENT_TYPE, {})

    def read(self, store: S3Store) -> list[Mapping[str, Any]] | None:
        """Return its lines, or None if there is none that can be read."""
        try:
            data = store.get(S3Object(self.bucket, self.key, 0, ""))
            rows = [json.loads(line) for line in data.splitlines()]
        except FluxionsStorageError:
            return None
        except (ValueError, RecursionError) as error:
            log.warning("The manifest %s is no JSON Lines (%s); planning again.", self.uri, error)
            return None
        return rows if all(isinstance(row, dict) for row in rows) else None
