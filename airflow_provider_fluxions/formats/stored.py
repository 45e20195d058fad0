"""Reading back what the ``json`` format wrote, so that any other format can be made later without paying again."""

from __future__ import annotations

from airflow_provider_fluxions.api.errors import FluxionsFormatError, FluxionsResponseError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.read import json_value


def read_stored(data: bytes) -> Transcription:
    """Return the transcription of a stored ``json`` result. It equals the one that was stored, but for its links.

    :raises FluxionsFormatError: these bytes are no such result.
    """
    try:
        answer = json_value(data)
    except ValueError as error:
        raise FluxionsFormatError(f"This is no stored result: no JSON ({error}).") from error
    if not isinstance(answer, dict):
        raise FluxionsFormatError(f"This is no stored result: a JSON {type(answer).__name__}, not an object.")
    try:
        return Transcription.from_json(answer)
    except FluxionsResponseError as error:
        raise FluxionsFormatError(f"This is no stored result: {error}") from error
