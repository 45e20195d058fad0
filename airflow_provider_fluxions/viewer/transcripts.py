"""One item's transcript: stored where there is one, else from the API."""

from __future__ import annotations

from typing import Any

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import FORMATS, get_format, read_stored, render
from airflow_provider_fluxions.hooks import connect_for_viewing
from airflow_provider_fluxions.polling.verdict import completed
from airflow_provider_fluxions.viewer.answers import Answer, file_answer
from airflow_provider_fluxions.viewer.errors import not_found
from airflow_provider_fluxions.viewer.facts import TaskFacts
from airflow_provider_fluxions.viewer.items import Item
from airflow_provider_fluxions.viewer.objects import Stores, find, read_whole, require_connection

# Formats of one file: a download is one.
DOWNLOADS = tuple(name for name, one in FORMATS.items() if len(one.extensions(one.options())) == 1)


def read_transcript(stores: Stores, facts: TaskFacts, item: Item) -> Transcription:
    """Return an item's transcript.

    :raises ViewerError: it has none.
    :raises FluxionsError: S3 or the API refused, or the stored one cannot be read.
    """
    if not item.has_transcript:
        raise not_found(f"{item.name} has no transcript: it is {item.state or item.status}.")
    if item.stored is not None:
        store = stores.open(facts.conn_id("aws_conn_id"))
        return read_stored(read_whole(store, find(store, item.stored)))
    conn_id = facts.conn_id("fluxions_conn_id")
    require_connection(conn_id)
    with connect_for_viewing(conn_id) as client:
        return completed(client.get_transcription(item.job_id or "", word_level_timestamps=True))


def download(transcription: Transcription, item: Item, format_name: str, speaker_names: dict[str, str]) -> Answer:
    """Return a transcript as a file.

    :param speaker_names: by label.
    :raises FluxionsFormatError: it cannot be written so.
    """
    chosen = get_format(format_name)
    options: dict[str, Any] = {"speaker_names": speaker_names}
    body = render(transcription, format_name, **options)
    name = item.name.rpartition("/")[2] or str(transcription.id)
    return file_answer(body, f"{name}{chosen.extension}", chosen.content_type)
