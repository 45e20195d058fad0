"""Reading back what the ``json`` format wrote, so that any other format can be made later without paying again."""

from __future__ import annotations

from airflow_provider_fluxions.api.errors import FluxionsFormatError, FluxionsResponseError
from airflow_provider_fluxions.api.models import JobStatus, Transcription
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.read import json_value
from airflow_provider_fluxions.formats.signed_links import without_signed_links


def read_stored(data: bytes) -> Transcription:
    """Return the transcription of a stored ``json`` result. It equals the one that was stored, but for its links.

    :raises FluxionsFormatError: these bytes are no such result, or one of a job that failed or had not finished: made
        into another format it would be an empty transcript.
    """
    try:
        answer = json_value(data)
    except ValueError as error:
        raise FluxionsFormatError(f"This is no stored result: no JSON ({error}).") from error
    if not isinstance(answer, dict):
        raise FluxionsFormatError(f"This is no stored result: a JSON {type(answer).__name__}, not an object.")
    try:
        transcription = Transcription.from_json(answer)
    except FluxionsResponseError as error:
        raise FluxionsFormatError(f"This is no stored result: {error}") from error
    if transcription.status.is_known and transcription.status != JobStatus.COMPLETED:
        reason = without_signed_links(printable(transcription.error_message or ""))
        raise FluxionsFormatError(
            f"This stored result has no transcript: job {printable(transcription.id)} was {transcription.status}"
            f"{f' ({reason})' if reason else ''}. Transcribe the recording again, or remove the file.",
            job_id=transcription.id,
        )
    return transcription
