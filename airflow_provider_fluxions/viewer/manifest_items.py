"""From a transfer's manifest to items. No I/O.

Who may write below the destination may have changed it: a line leads to nothing but the task's own inputs and outputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_provider_fluxions.api import read
from airflow_provider_fluxions.transfers.address import Source
from airflow_provider_fluxions.transfers.entry import State
from airflow_provider_fluxions.transfers.plan import STORED_EXTENSION
from airflow_provider_fluxions.viewer.errors import bad_gateway
from airflow_provider_fluxions.viewer.facts import may_read
from airflow_provider_fluxions.viewer.items import Item, Status

_STATUSES = {
    State.COMPLETED: Status.DONE,
    State.ALREADY_DONE: Status.DONE,
    State.FAILED: Status.FAILED,
    State.SKIPPED: Status.SKIPPED,
}


def read_manifest(data: bytes, sources: Sequence[Source], destination: tuple[str, str]) -> tuple[Item, ...]:
    """Return the items of a manifest, in its order.

    :param sources: of the task; recordings elsewhere cannot be played.
    :param destination: bucket and prefix of the task; results elsewhere are not read.
    :raises ViewerError: these are no JSON Lines.
    """
    try:
        rows = [json.loads(line) for line in data.splitlines()]
    except (ValueError, RecursionError) as error:
        raise bad_gateway(f"The task's manifest is no JSON Lines: {error}.") from error
    return tuple(_item(row if isinstance(row, dict) else {}, sources, destination) for row in rows)


def _item(row: Mapping[str, Any], sources: Sequence[Source], destination: tuple[str, str]) -> Item:
    source, state = read.text(row.get("source")), read.text(row.get("status")) or ""
    outputs = tuple(uri for uri in row.get("outputs") or () if isinstance(uri, str))
    return Item(
        name=read.text(row.get("path")) or source or "",
        status=_STATUSES.get(state, Status.RUNNING),  # type: ignore[call-overload]  # a State is a str
        state=state,
        job_id=read.text(row.get("job_id")),
        error=read.text(row.get("error")),
        audio_seconds=read.number(row.get("audio_seconds")),
        cost=read.number(row.get("cost")),
        source=source,
        outputs=outputs,
        stored=stored_result(outputs, row.get("stored"), destination),
        recording=source if source and may_read(sources, source) else None,
        version=read.text(row.get("version")),
    )


def stored_result(outputs: Iterable[str], stored: Any, destination: tuple[str, str]) -> str | None:
    """Return the address of the ``json`` result among outputs, else of the stored one that they were made from."""
    bucket, prefix = destination
    candidates = [*outputs, *([f"s3://{bucket}/{stored}"] if isinstance(stored, str) else [])]
    start = f"s3://{bucket}/{prefix}"
    return next((uri for uri in candidates if uri.startswith(start) and uri.endswith(STORED_EXTENSION)), None)
