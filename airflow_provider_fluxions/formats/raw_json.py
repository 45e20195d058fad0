"""``json``: the answer as it was received, the source from which any other format can be made again.

One line, UTF-8, members in the order received. One line because that is what Athena, Spark and
BigQuery take for a record, and a third of the size that indentation gives once there are words.

Two things are not written as received. Signed links are null (see `signed_links`). NaN and infinities are null, too:
Python reads them, but they are no JSON, and models read them as missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import Format, Options
from airflow_provider_fluxions.formats.signed_links import LINK_FIELDS, may_hold_signed_link, without_links

DEFAULTS = Options()
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_NESTED_LINK_FIELDS = tuple(f'"{name}":' for name in LINK_FIELDS)


def write(transcription: Transcription, options: Options = DEFAULTS) -> bytes:  # noqa: ARG001  # it has none
    """Write the JSON the transcription was read from, without its signed links.

    :raises FluxionsFormatError: it was not read from JSON, so writing ``{}`` would lose it; or the JSON is nested too
        deeply.
    """
    if not transcription.raw:
        raise FluxionsFormatError(
            "The json format writes what the API answered, but this transcription was read from no answer.",
            job_id=transcription.id,
        )
    links = [name for name in LINK_FIELDS if name in transcription.raw]
    kept = {**transcription.raw, **dict.fromkeys(links)}
    try:
        line = _encoded(kept)
        if any(line.count(field) > (field[1:-2] in links) for field in _NESTED_LINK_FIELDS) or may_hold_signed_link(
            line
        ):
            line = _encoded(without_links(kept))
    except RecursionError as error:
        raise FluxionsFormatError(
            f"The JSON of transcription {transcription.id} is nested too deeply to be written.",
            job_id=transcription.id,
        ) from error
    # JSON may hold half a surrogate pair, which UTF-8 cannot; backslashreplace writes the escape that JSON
    # has for it (RFC 8259, section 8.2).
    return (line + "\n").encode("utf-8", errors="backslashreplace")


def _encoded(value: Any) -> str:
    try:
        return _ENCODER.encode(value)
    except ValueError:  # it holds NaN or an infinity
        return _ENCODER.encode(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None  # false for NaN, too
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value


FORMAT = Format("json", ".json", "application/json", write)
