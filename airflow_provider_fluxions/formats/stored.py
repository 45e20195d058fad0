"""Read results of the ``json`` format, so that other formats can be made later at no charge."""

from __future__ import annotations

from airflow_provider_fluxions.api.errors import FluxionsFormatError, FluxionsResponseError
from airflow_provider_fluxions.api.json_values import json_value
from airflow_provider_fluxions.api.models import JobStatus, Transcription
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.formats.signed_links import without_signed_links


def read_stored(data: bytes) -> Transcription:
    """Return the transcription of a stored ``json`` result. It equals the stored one, except for its links.

    :raises FluxionsFormatError: if these bytes are not such a result, or if its job failed or had not finished, because
        it would give an empty transcript in another format.
    """
    try:
        answer = json_value(data)
    except ValueError as error:
        raise FluxionsFormatError(f"This is not a stored JSON result: it is not JSON ({error}).") from error
    if not isinstance(answer, dict):
        raise FluxionsFormatError(
            f"This is not a stored JSON result: it is a JSON {type(answer).__name__} and not an object."
        )
    try:
        transcription = Transcription.from_json(answer)
    except FluxionsResponseError as error:
        raise FluxionsFormatError(f"This is not a stored JSON result: {error}") from error
    if transcription.status.is_known and transcription.status != JobStatus.COMPLETED:
        reason = without_signed_links(printable(transcription.error_message or ""))
        raise FluxionsFormatError(
            f"This stored result has no transcript: job {printable(transcription.id)} was {transcription.status}"
            f"{f' ({reason})' if reason else ''}. Transcribe the recording again, or remove the file.",
            job_id=transcription.id,
        )
    return transcription
