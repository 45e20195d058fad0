"""``json``: the response as received. Any other format can be made from it again.

The file is one line of UTF-8 with the members in the order received. One line is a record for Athena, Spark and
BigQuery, and has a third of the size of indented JSON with words.

Two kinds of values change. Signed links become null (see `signed_links`). NaN and infinities become null, too: Python
reads them, but they are not JSON, and models read them as missing.
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
    """Write the JSON from which the transcription was read, without its signed links.

    :raises FluxionsFormatError: if it was not read from JSON, because ``{}`` would lose it; or if the JSON is nested
        too deeply.
    """
    if not transcription.raw:
        raise FluxionsFormatError(
            "Cannot write format 'json': this Transcription was not read from an API response. Read the job with "
            "FluxionsHook.get_transcription, or choose another format.",
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
    # Half a surrogate pair is valid in JSON and not in UTF-8; backslashreplace writes the escape that JSON
    # has for it (RFC 8259, section 8.2).
    return (line + "\n").encode("utf-8", errors="backslashreplace")


def _encoded(value: Any) -> str:
    try:
        return _ENCODER.encode(value)
    except ValueError:  # it contains NaN or an infinity
        return _ENCODER.encode(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None  # false for NaN, too
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value


FORMAT = Format("json", ".json", "application/json", write)
