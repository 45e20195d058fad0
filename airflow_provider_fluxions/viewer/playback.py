"""Play the recording of an item through the web server."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_fluxions.api.media_types import audio_type
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.viewer.errors import not_found
from airflow_provider_fluxions.viewer.http_responses import HttpResponse, attachment, error_response
from airflow_provider_fluxions.viewer.items import Item
from airflow_provider_fluxions.viewer.object_reader import Stores, find, stream
from airflow_provider_fluxions.viewer.ranges import UnsatisfiableError, span_of
from airflow_provider_fluxions.viewer.task_info import TaskInfo


def play(stores: Stores, info: TaskInfo, item: Item, headers: Mapping[str, str]) -> HttpResponse:
    """Return an item's recording, or the requested part of it.

    :param headers: Headers of the request, by lower-case name.
    :raises ViewerError: if there is no recording, or it has changed since its transcription.
    :raises FluxionsStorageError: if the store refused the request.
    """
    # From the name and not from the store, and saved as a file: an object that is not a recording cannot become a page
    # in Airflow's origin.
    content_type = audio_type(item.recording or "")
    if item.recording is None or content_type is None:
        raise not_found(f"There is no recording of {item.name} that can be played here.")
    store = stores.open(item.recording_conn_id or info.conn_id("aws_conn_id"), item.recording)
    found = find(store, item.recording)
    if item.version and found.version != item.version:
        raise not_found(f"{found.uri} has changed since it was transcribed.")
    etag = f'"{found.version}"'
    common = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Disposition": attachment(last_part(found.key)),
        # Prevents compression by the server, because ranges count uncompressed bytes.
        "Content-Encoding": "identity",
    }
    # A part of another version than the browser already has would not fit, so it gets the whole.
    is_same = headers.get("if-range", etag) == etag
    try:
        span = span_of(headers.get("range") if is_same else None, found.size_bytes)
    except UnsatisfiableError as error:
        refused = error_response(416, str(error))
        return HttpResponse(416, refused.body, refused.content_type, {"Content-Range": f"bytes */{found.size_bytes}"})
    if span is None:
        whole = {**common, "Content-Length": str(found.size_bytes)}
        return HttpResponse(200, stream(store, found, None), content_type, whole)
    part = {**common, "Content-Length": str(span.length), "Content-Range": span.content_range}
    return HttpResponse(206, stream(store, found, span), content_type, part)
