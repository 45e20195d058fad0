"""Turn an authorized request into a response, for any web framework."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

from airflow_provider_fluxions.api.errors import (
    FluxionsError,
    FluxionsFormatError,
    FluxionsNotFoundError,
    FluxionsNotReadyError,
)
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.links import task_path
from airflow_provider_fluxions.viewer.airflow_db import read_task_info
from airflow_provider_fluxions.viewer.errors import ViewerError, not_found
from airflow_provider_fluxions.viewer.http_responses import (
    LINES,
    HttpResponse,
    error_response,
    json_response,
    lines_response,
    page_response,
)
from airflow_provider_fluxions.viewer.items import Status, page
from airflow_provider_fluxions.viewer.object_reader import Stores
from airflow_provider_fluxions.viewer.playback import play
from airflow_provider_fluxions.viewer.request import Query, TaskKey
from airflow_provider_fluxions.viewer.task_info import TaskInfo
from airflow_provider_fluxions.viewer.task_items import TaskItemsReader
from airflow_provider_fluxions.viewer.transcript_json import transcript_head, transcript_json, transcript_parts
from airflow_provider_fluxions.viewer.transcripts import DOWNLOADS, Transcripts, download

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
# The only files that are served. A name in a request is not a path.
ASSETS = {"viewer.js": "text/javascript; charset=utf-8", "viewer.css": "text/css; charset=utf-8"}
MAX_LIMIT = 500

Pairs = Iterable[tuple[str, str]]


class ViewerHandlers:
    """Handles authorized requests.

    :param info_of: Returns the state of a task instance.
    """

    def __init__(self, info_of: Callable[[TaskKey], TaskInfo | None] = read_task_info) -> None:
        self._info_of = info_of
        self._stores = Stores()
        self._task_items = TaskItemsReader(self._stores)
        self._transcripts = Transcripts(self._stores)
        self._calls = {
            "task": self._task,
            "items": self._items,
            "transcript": self._transcript,
            "download": self._download,
            "audio": self._audio,
        }

    def view(self, status: int = 200) -> HttpResponse:
        """Return the page, the same for every task. It shows a refusal in words, with any status."""
        return page_response((STATIC / "index.html").read_bytes(), status)

    def asset(self, name: str) -> HttpResponse:
        """Return a file of the page."""
        if name not in ASSETS:
            return error_response(404, "There is no such file.")
        # The page requests them with a digest of their content, which an update changes.
        kept = {"Cache-Control": "private, max-age=86400"}
        return HttpResponse(200, (STATIC / "assets" / name).read_bytes(), ASSETS[name], kept)

    def call(self, name: str, pairs: Pairs, headers: Mapping[str, str]) -> HttpResponse:
        """Return the response of ``api/{name}``. It never raises.

        :param pairs: Arguments of the request.
        :param headers: Headers of the request, by lower-case name.
        """
        try:
            query = Query(pairs)
            if name not in self._calls:
                raise not_found("There is no such page.")
            key = TaskKey.of(query)
            info = self._info_of(key)
            if info is None:
                raise not_found("There is no such task instance.")
            return self._calls[name](info, query, headers)
        # These texts are for users. Those of all other exceptions can contain secrets, so they are only in the log.
        except (FluxionsError, AirflowOptionalProviderFeatureException) as error:
            status = _status_of(error)
            if status >= 500:
                log.warning("The viewer could not respond to %s: %s", printable(name), printable(error))
            return error_response(status, str(error))
        except Exception:  # the outermost level of a request
            log.exception("The viewer failed to respond to %s.", printable(name))
            return error_response(500, "The viewer failed. The web server's log has the reason.")

    def _task(self, info: TaskInfo, query: Query, headers: Mapping[str, str]) -> HttpResponse:
        items = self._task_items.read(info)
        body: dict[str, Any] = {
            "dag_id": info.key.dag_id,
            "run_id": info.key.run_id,
            "task_id": info.key.task_id,
            "map_index": info.key.map_index,
            "state": info.state,
            "operator": info.operator,
            "task_page": f"../{task_path(info.key)}",
            **items.summary(),
            "formats": DOWNLOADS,
        }
        return json_response(body)

    def _items(self, info: TaskInfo, query: Query, headers: Mapping[str, str]) -> HttpResponse:
        status = query.choice("filter", "all", ("all", *Status))
        offset, limit = query.number("offset", 0), query.number("limit", 100, least=1, most=MAX_LIMIT)
        return json_response(page(self._task_items.read(info).items, status, query.text("q", ""), offset, limit))

    def _transcript(self, info: TaskInfo, query: Query, headers: Mapping[str, str]) -> HttpResponse:
        number = query.number("no")
        item = self._task_items.read(info).item(number)
        transcription = self._transcripts.read(info, item)
        names = {"no": number, "name": item.name}
        if headers.get("accept") != LINES:
            return json_response({**names, **transcript_json(transcription, item.cost)})
        # The page draws the first segments while this server makes the others.
        head = {**names, **transcript_head(transcription, item.cost)}
        return lines_response(chain([head], transcript_parts(transcription)))

    def _download(self, info: TaskInfo, query: Query, headers: Mapping[str, str]) -> HttpResponse:
        format_name = query.choice("format", DOWNLOADS[0], DOWNLOADS)
        item = self._task_items.read(info).item(query.number("no"))
        return download(self._transcripts.read(info, item), item, format_name, query.starting("speaker."))

    def _audio(self, info: TaskInfo, query: Query, headers: Mapping[str, str]) -> HttpResponse:
        return play(self._stores, info, self._task_items.read(info).item(query.number("no")), headers)


def _status_of(error: Exception) -> int:
    """Return the status of the response for an error."""
    if isinstance(error, ViewerError):
        return error.status_code or 500
    if isinstance(error, FluxionsFormatError):
        return 422
    return 404 if isinstance(error, FluxionsNotFoundError | FluxionsNotReadyError) else 502
