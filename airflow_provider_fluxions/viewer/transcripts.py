"""One item's transcript, from the stored result, else from the job at the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.api.errors import (
    FluxionsInputError,
    FluxionsNotFoundError,
    FluxionsRejectedError,
    FluxionsResponseError,
)
from airflow_provider_fluxions.api.job_errors import require_completed
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.formats import FORMATS, get_format, read_stored, render
from airflow_provider_fluxions.pipeline.ownership import is_own_job
from airflow_provider_fluxions.speech.documents import read_documents
from airflow_provider_fluxions.viewer.api_client import connected
from airflow_provider_fluxions.viewer.errors import ViewerError, not_found
from airflow_provider_fluxions.viewer.http_responses import HttpResponse, file_response
from airflow_provider_fluxions.viewer.items import Item, SpokenSource
from airflow_provider_fluxions.viewer.manifest_items import references_of
from airflow_provider_fluxions.viewer.object_reader import Stores, find, read_whole, require_few_values
from airflow_provider_fluxions.viewer.single_flight import SingleFlight
from airflow_provider_fluxions.viewer.task_info import Kind, TaskInfo

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient
    from airflow_provider_fluxions.storage import ObjectStore, StoredObject

# Formats with one file, because a download is one file.
DOWNLOADS = tuple(name for name, one in FORMATS.items() if len(one.extensions(one.options())) == 1)


class Transcripts:
    """Reads transcripts, each one once for all concurrent users. Threads can share it."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._reading: SingleFlight[Transcription] = SingleFlight()

    def read(self, info: TaskInfo, item: Item) -> Transcription:
        """Return an item's transcript.

        :raises ViewerError: if it has none, or its manifest line does not prove that the job belongs to it.
        :raises FluxionsError: if the store or the API refused a request, or the stored result is invalid.
        """
        if not item.has_transcript:
            raise not_found(f"{item.name} has no transcript: it is {item.state or item.status}.")
        if item.stored is not None:
            return self._stored(info.conn_id("aws_conn_id"), item.stored)
        if item.spoken is not None:
            return Transcription.from_json({"id": "text", "status": "completed", "text": item.spoken})
        if item.text is not None:
            return self._spoken(info.conn_id("aws_conn_id"), item.text)
        conn_id = info.conn_id("fluxions_conn_id")
        # The same job on another line needs its own check.
        key = (conn_id, item.job_id, info.kind, item.proof, _references(info, item))
        return self._reading.run(key, lambda: _read_job(conn_id, info, item))

    def _stored(self, conn_id: str, uri: str) -> Transcription:
        store = self._stores.open(conn_id, uri)
        found = find(store, uri)
        return self._reading.run((conn_id, uri, found.version), lambda: self._parse(store, found))

    def _spoken(self, conn_id: str, text: SpokenSource) -> Transcription:
        """Return a text that was spoken, without times: no time line was stored with its audio."""
        store = self._stores.open(conn_id, text.uri)
        found = find(store, text.uri)
        if found.version != text.version:
            raise not_found(f"{found.uri} has changed since it was spoken.")
        with self._stores.room():
            documents = read_documents(found.key, read_whole(store, found))
        spoken = next((one.text for one in documents if one.name == text.name and one.problem is None), None)
        if spoken is None:
            raise not_found(f"{found.uri} has no text {text.name}.")
        return Transcription.from_json({"id": text.name or "text", "status": "completed", "text": spoken})

    def _parse(self, store: ObjectStore, found: StoredObject) -> Transcription:
        with self._stores.room():
            data = read_whole(store, found)
            # Before parsing, because Python objects need fifty times the bytes of their JSON.
            require_few_values(found.uri, data)
            return read_stored(data)


def _references(info: TaskInfo, item: Item) -> frozenset[str]:
    if info.kind is not Kind.MANIFEST:
        return frozenset()
    return references_of(item, info.sources, info.destination)


def _read_job(conn_id: str, info: TaskInfo, item: Item) -> Transcription:
    with connected(conn_id) as client:
        if info.kind is Kind.MANIFEST:
            _require_own_job(client, item, _references(info, item))
        return require_completed(client.get_transcription(item.job_id or "", word_level_timestamps=True))


def _require_own_job(client: FluxionsClient, item: Item, refs: frozenset[str]) -> None:
    """Check that the job of a manifest's line belongs to its input.

    A job without a proof is read only for its file name. The error is the same whether or not the job exists, so that
    users cannot find out the job ids of the account.

    :raises ViewerError: if it does not.
    """
    key, job_id = client.settings.api_key, item.job_id or ""
    if is_own_job(key, refs, job_id, item.proof, None):
        return
    try:
        # No transcript leaves this function: the job is read only for its file name.
        filename = client.get_transcription(job_id).filename if refs else None
    except (FluxionsNotFoundError, FluxionsInputError, FluxionsRejectedError, FluxionsResponseError) as error:
        # The same error whether or not the job exists, so that users cannot find out the job ids of the account.
        raise _not_own(item) from error
    if not is_own_job(key, refs, job_id, item.proof, filename):
        raise _not_own(item)


def _not_own(item: Item) -> ViewerError:
    return not_found(
        f"The transcript of {item.name} cannot be shown: nothing proves that the job in the manifest belongs to this "
        "recording. Run the transfer again, or add json to its formats."
    )


def download(transcription: Transcription, item: Item, format_name: str, speaker_names: dict[str, str]) -> HttpResponse:
    """Return a transcript as a file.

    :param speaker_names: Names by label.
    :raises FluxionsFormatError: if it cannot be written in this format.
    """
    chosen = get_format(format_name)
    options: dict[str, Any] = {"speaker_names": speaker_names}
    body = render(transcription, format_name, **options)
    name = last_part(item.name) or str(transcription.id)
    return file_response(body, f"{name}{chosen.extension}", chosen.content_type)
