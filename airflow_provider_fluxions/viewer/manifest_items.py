"""Make items from a transfer's manifest. No I/O.

Users who can write below the destination can change it. So a line can refer only to the task's own inputs and
outputs, its size is limited, and its job counts only with a proof that it belongs to the input; see
`pipeline.ownership`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_fluxions.api import json_values
from airflow_provider_fluxions.api.media_types import audio_type
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.pipeline.items import STORED_EXTENSION
from airflow_provider_fluxions.pipeline.locations import SourcePattern
from airflow_provider_fluxions.pipeline.ownership import possible_references
from airflow_provider_fluxions.pipeline.records import State
from airflow_provider_fluxions.storage import ObjectAddress, find_address
from airflow_provider_fluxions.viewer.errors import ViewerError, bad_gateway, not_found
from airflow_provider_fluxions.viewer.items import Item, SpokenSource, Status
from airflow_provider_fluxions.viewer.task_info import may_read

# A line has about 800 bytes, so a manifest of `MAX_BYTES` has about 80,000 of them.
MAX_LINES = 100_000
# Keys have at most 1,024 bytes, and a line names one for each format.
MAX_LINE_BYTES = 64 * 1024
MAX_OUTPUTS = 50

_STATUSES = {
    State.COMPLETED: Status.DONE,
    State.ALREADY_DONE: Status.DONE,
    State.FAILED: Status.FAILED,
    State.SKIPPED: Status.SKIPPED,
}


def read_manifest(data: bytes, sources: Sequence[SourcePattern], destination: ObjectAddress) -> tuple[Item, ...]:
    """Return the items of a manifest, in its order. Only one line at a time is in memory as JSON.

    :param sources: Sources of the task; other recordings cannot be played.
    :param destination: The task's; other results are not read.
    :raises ViewerError: if it is not JSON Lines, or has more than `MAX_LINES` or a line of over `MAX_LINE_BYTES`.
    """
    return tuple(_item(row, sources, destination) for row in _rows(data))


def weight_of(data: bytes, items: Sequence[Item]) -> int:
    """Return the approximate memory of the items of a manifest in bytes."""
    return len(data) + 800 * len(items)


def _rows(data: bytes) -> Iterator[Mapping[str, Any]]:
    # Counted before anything is parsed, because a hostile manifest can be all line breaks.
    if data.count(b"\n") > MAX_LINES:
        raise _too_large()
    for line in io.BytesIO(data):
        if len(line) > MAX_LINE_BYTES:
            raise _too_large()
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise bad_gateway(f"The task's manifest is not JSON Lines: {printable(error)}.") from error
        yield row if isinstance(row, dict) else {}


def _too_large() -> ViewerError:
    return not_found(
        f"The task's manifest is too large to be shown: more than {MAX_LINES:,} lines, or a line of more than "
        f"{MAX_LINE_BYTES:,} bytes. Read it in the bucket."
    )


def _item(row: Mapping[str, Any], sources: Sequence[SourcePattern], destination: ObjectAddress) -> Item:
    source, state = json_values.text(row.get("source")), json_values.text(row.get("status")) or ""
    listed = row.get("outputs")
    outputs = tuple(uri for uri in listed[:MAX_OUTPUTS] if isinstance(uri, str)) if isinstance(listed, list) else ()
    return Item(
        name=json_values.text(row.get("path")) or source or "",
        status=_STATUSES.get(state, Status.RUNNING),  # type: ignore[call-overload]  # a State is a str
        state=state,
        job_id=json_values.text(row.get("job_id")),
        proof=json_values.text(row.get("proof")),
        error=json_values.text(row.get("error")),
        audio_seconds=json_values.number(row.get("audio_seconds")),
        cost=json_values.number(row.get("cost")),
        source=source,
        outputs=outputs,
        stored=stored_result(outputs, row.get("stored"), destination),
        **_media(row, source if source and may_read(sources, source) else None, outputs, destination),
    )


def _media(
    row: Mapping[str, Any], source: str | None, outputs: Iterable[str], destination: ObjectAddress
) -> dict[str, Any]:
    """Return the recording of a transcription; of a spoken text its audio, which is a result, and where its text is.

    :param source: the line's source, if it may be read.
    """
    version = json_values.text(row.get("version"))
    if "voice" not in row:
        return {"recording": source, "version": version}
    start = destination.uri
    # The manifest could name any object of the bucket, and the viewer reads with the rights of the task.
    audio = next((uri for uri in outputs if uri.startswith(start) and audio_type(uri) is not None), None)
    text = SpokenSource(source, json_values.text(row.get("id")) or "", version or "") if source else None
    return {"recording": audio, "text": text}


def references_of(item: Item, sources: Sequence[SourcePattern], destination: ObjectAddress) -> frozenset[str]:
    """Return the possible references of a line's job, from the task's arguments; empty for a foreign recording.

    :param sources: Sources of the task.
    :param destination: The task's.
    """
    address = find_address(item.source)
    if address is None:
        return frozenset()
    paths = {source.relative(address.key) for source in sources if source.contains(address)}
    version = item.version or ""
    return frozenset().union(*(possible_references(address.uri, version, path, destination) for path in paths))


def stored_result(outputs: Iterable[str], stored: Any, destination: ObjectAddress) -> str | None:
    """Return the URI of the ``json`` result among outputs, else of the stored result from which they were made."""
    candidates = [*outputs, *([destination.at(stored).uri] if isinstance(stored, str) else [])]
    start = destination.uri
    return next((uri for uri in candidates if uri.startswith(start) and uri.endswith(STORED_EXTENSION)), None)
