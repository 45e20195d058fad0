"""From a request that is authorised to its answer, whatever framework carries them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
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
from airflow_provider_fluxions.viewer.airflow_facts import read_facts
from airflow_provider_fluxions.viewer.answers import Answer, error_answer, json_answer, page_answer
from airflow_provider_fluxions.viewer.errors import ViewerError, not_found
from airflow_provider_fluxions.viewer.facts import TaskFacts
from airflow_provider_fluxions.viewer.items import Status, page
from airflow_provider_fluxions.viewer.listing import Listings
from airflow_provider_fluxions.viewer.objects import Stores
from airflow_provider_fluxions.viewer.recordings import play
from airflow_provider_fluxions.viewer.request import Query, TaskKey
from airflow_provider_fluxions.viewer.spoken import spoken
from airflow_provider_fluxions.viewer.transcripts import DOWNLOADS, Transcripts, download

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
# The only files that are served; a name of a request is no path.
ASSETS = {"viewer.js": "text/javascript; charset=utf-8", "viewer.css": "text/css; charset=utf-8"}
MAX_LIMIT = 500

Pairs = Iterable[tuple[str, str]]


class Desk:
    """Answers requests. Who asks, and whether they may, is known by then.

    :param facts_of: what Airflow knows of a task instance.
    """

    def __init__(self, facts_of: Callable[[TaskKey], TaskFacts | None] = read_facts) -> None:
        self._facts_of = facts_of
        self._stores = Stores()
        self._listings = Listings(self._stores)
        self._transcripts = Transcripts(self._stores)
        self._calls = {
            "task": self._task,
            "items": self._items,
            "transcript": self._transcript,
            "download": self._download,
            "audio": self._audio,
        }

    def view(self) -> Answer:
        """Return the page, the same for every task."""
        return page_answer((STATIC / "index.html").read_bytes())

    def asset(self, name: str) -> Answer:
        """Return a file of the page."""
        if name not in ASSETS:
            return error_answer(404, "There is no such file.")
        # The page asks for them with a mark of their content, which an update changes.
        kept = {"Cache-Control": "private, max-age=86400"}
        return Answer(200, (STATIC / "assets" / name).read_bytes(), ASSETS[name], kept)

    def call(self, name: str, pairs: Pairs, headers: Mapping[str, str]) -> Answer:
        """Return what ``api/{name}`` answers, whatever goes wrong: never an exception.

        :param pairs: the arguments of the request.
        :param headers: of the request, by lower-case name.
        """
        try:
            query = Query(pairs)
            if name not in self._calls:
                raise not_found("There is no such address.")
            key = TaskKey.of(query)
            facts = self._facts_of(key)
            if facts is None:
                raise not_found("There is no such task instance.")
            return self._calls[name](facts, query, headers)
        except (FluxionsError, AirflowOptionalProviderFeatureException) as error:
            status = _status_of(error)
            if status >= 500:
                log.warning("The viewer could not respond to %s: %s", printable(name), printable(error))
            return error_answer(status, str(error))
        except Exception:  # the edge of one request
            log.exception("The viewer failed to respond to %s.", printable(name))
            return error_answer(500, "The viewer failed. The web server's log has the reason.")

    def _task(self, facts: TaskFacts, query: Query, headers: Mapping[str, str]) -> Answer:
        listing = self._listings.read(facts)
        told: dict[str, Any] = {
            "dag_id": facts.key.dag_id,
            "run_id": facts.key.run_id,
            "task_id": facts.key.task_id,
            "map_index": facts.key.map_index,
            "state": facts.state,
            "operator": facts.operator,
            **listing.summary(),
            "formats": DOWNLOADS,
        }
        return json_answer(told)

    def _items(self, facts: TaskFacts, query: Query, headers: Mapping[str, str]) -> Answer:
        status = query.choice("filter", "all", ("all", *Status))
        offset, limit = query.number("offset", 0), query.number("limit", 100, least=1, most=MAX_LIMIT)
        return json_answer(page(self._listings.read(facts).items, status, query.text("q", ""), offset, limit))

    def _transcript(self, facts: TaskFacts, query: Query, headers: Mapping[str, str]) -> Answer:
        number = query.number("no")
        item = self._listings.read(facts).item(number)
        told = spoken(self._transcripts.read(facts, item), item.cost)
        return json_answer({"no": number, "name": item.name, **told})

    def _download(self, facts: TaskFacts, query: Query, headers: Mapping[str, str]) -> Answer:
        format_name = query.choice("format", DOWNLOADS[0], DOWNLOADS)
        item = self._listings.read(facts).item(query.number("no"))
        return download(self._transcripts.read(facts, item), item, format_name, query.starting("speaker."))

    def _audio(self, facts: TaskFacts, query: Query, headers: Mapping[str, str]) -> Answer:
        return play(self._stores, facts, self._listings.read(facts).item(query.number("no")), headers)


def _status_of(error: Exception) -> int:
    """Return the status by which the page is told of an error."""
    if isinstance(error, ViewerError):
        return error.status_code or 500
    if isinstance(error, FluxionsFormatError):
        return 422
    return 404 if isinstance(error, FluxionsNotFoundError | FluxionsNotReadyError) else 502
