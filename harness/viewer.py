"""The viewer's page, as it ships, over answers of a test's own making: Airflow and S3 are not there.

Addresses, headers and errors are those of the plugin, so what the page does here it does in Airflow.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route

from airflow_provider_fluxions.viewer.http_responses import LINES
from airflow_provider_fluxions.viewer.transcript_json import FIRST_SEGMENTS, LINE_SEGMENTS
from harness.processes import wait_until
from harness.service import Service

STATIC = Path(__file__).parent.parent / "airflow_provider_fluxions" / "viewer" / "static"
START_SECONDS = 10.0
# A transcript whose lines are held is sent after this time, so that a test that fails ends.
HELD_SECONDS = 60.0
# As an Airflow behind a reverse proxy: the page must not think that it lives at the root.
PREFIX = "/af/fluxions"
TASK = {"dag_id": "nightly", "run_id": "scheduled__2026-11-25T00:00:00+00:00", "task_id": "transcribe"}
QUERY = (
    "dag_id=nightly&run_id=scheduled__2026-11-25T00%3A00%3A00%2B00%3A00&task_id=transcribe&map_index=%7BMAP_INDEX%7D"
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# Airflow's document around the page, with the class that its theme switch sets.
FRAME = """<!doctype html><html class="{theme}"><title>Airflow</title>
<iframe src="fluxions/view?{query}" width="900" height="900" title="Transcript"
 sandbox="allow-scripts allow-same-origin allow-forms allow-downloads"></iframe></html>"""


def _set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass
class Scene:
    """What the server answers: the task, its items, their transcripts and recordings by the items' numbers.

    :param piece_bytes: what is sent of a recording when all the rest of it is asked for.
    :param may_continue: cleared, it holds each transcript after its first segments.
    :param refused: by the call's name: the status and the sentence that it is refused with.
    """

    items: list[dict[str, Any]]
    transcripts: dict[int, dict[str, Any]] = field(default_factory=dict)
    recordings: dict[int, Path] = field(default_factory=dict)
    state: str = "success"
    piece_bytes: int = 4 * 1024 * 1024
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    may_continue: threading.Event = field(default_factory=_set_event)

    def task(self) -> dict[str, Any]:
        """Return the answer to ``api/task``."""
        counts = {status: len(self.chosen(status, "")) for status in ("all", "done", "failed", "skipped", "running")}
        return {
            **TASK,
            "map_index": -1,
            "state": self.state,
            "operator": "FluxionsS3ToS3Operator",
            "task_page": "../dags/nightly/runs/scheduled__2026-11-25T00%3A00%3A00%2B00%3A00/tasks/transcribe",
            "kind": "manifest",
            "manifest": "s3://lake/_manifests/nightly.jsonl",
            "counts": counts,
            "audio_seconds": sum(item["audio_seconds"] or 0.0 for item in self.items),
            "cost": sum(item["cost"] or 0.0 for item in self.items),
            "formats": ["json", "text", "srt", "vtt", "jsonl"],
        }

    def chosen(self, status: str, name: str) -> list[dict[str, Any]]:
        """Return the items of a status, or of all, whose names contain a text."""
        return [one for one in self.items if status in ("all", one["status"]) and name.lower() in one["name"].lower()]


class ViewerServer(Service):
    """Serves a scene, which may change meanwhile, on a free loopback port; a context manager."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        # Paths with their queries, in the order in which they came.
        self.requests: list[str] = []
        routes = [
            Route("/view", self._page),
            Route("/assets/{name}", self._asset),
            Route("/api/{call}", self._call),
        ]
        app = Starlette(routes=[Route("/af/frame", self._frame), Mount(PREFIX, routes=routes)])
        self._server = uvicorn.Server(uvicorn.Config(app, ws="none", lifespan="off", log_level="critical"))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._socket = socket.create_server(("127.0.0.1", 0))

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def url(self) -> str:
        """The page of the scene's task."""
        return f"{self.origin}{PREFIX}/view?{QUERY}"

    def framed(self, theme: str) -> str:
        """Return a document like Airflow's, in that theme, with the page in its frame."""
        return f"{self.origin}/af/frame?theme={theme}"

    def asked(self, call: str) -> list[str]:
        """Return the requests of one call so far."""
        return [path for path in self.requests if f"/api/{call}?" in path]

    def start(self) -> None:
        """Start the server without waiting for it."""
        self._thread.start()

    def wait_ready(self) -> None:
        """Wait until it answers."""
        wait_until(lambda: self._server.started, "the viewer's server starts", START_SECONDS)

    def stop(self) -> None:
        """Stop the server, also during a request."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def _frame(self, request: Request) -> Response:
        return HTMLResponse(FRAME.format(theme=request.query_params["theme"], query=QUERY.replace("&", "&amp;")))

    def _page(self, _: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers=HEADERS)

    def _asset(self, request: Request) -> Response:
        return FileResponse(STATIC / "assets" / request.path_params["name"], headers=HEADERS)

    def _call(self, request: Request) -> Response:
        call, query = request.path_params["call"], request.query_params
        self.requests.append(f"{request.url.path}?{request.url.query}")
        if call in self.scene.refused:
            status, detail = self.scene.refused[call]
            return JSONResponse({"detail": detail}, status, HEADERS)
        number = int(query.get("no", -1))
        match call:
            case "task":
                return JSONResponse(self.scene.task(), headers=HEADERS)
            case "items":
                found = self.scene.chosen(query["filter"], query["q"])
                offset, limit = int(query["offset"]), int(query["limit"])
                page = {"total": len(found), "offset": offset, "items": found[offset : offset + limit]}
                return JSONResponse(page, headers=HEADERS)
            case "transcript" if number in self.scene.transcripts:
                return StreamingResponse(self._lines(self.scene.transcripts[number]), headers=HEADERS, media_type=LINES)
            case "audio" if number in self.scene.recordings:
                return self._recording(self.scene.recordings[number], request.headers.get("range", "bytes=0-"))
            case "download" if number in self.scene.transcripts:
                named = {key: value for key, value in query.items() if key.startswith("speaker.")}
                attachment = {"Content-Disposition": f'attachment; filename="a.{query["format"]}"'}
                return PlainTextResponse(f"{query['format']} {named}", headers={**HEADERS, **attachment})
        return JSONResponse({"detail": f"There is no {call} of item {number}."}, 404, HEADERS)

    def _lines(self, transcript: dict[str, Any]) -> Iterator[str]:
        """Yield a line of facts, then segments with their events."""
        head = {key: value for key, value in transcript.items() if key not in ("segments", "events")}
        segments, events = transcript["segments"], transcript["events"]
        seconds = max([transcript["audio_seconds"] or 0.0, *(one["end"] or 0.0 for one in segments)])
        timed = sum(one["start"] is not None for one in events)
        yield _line({"seconds": seconds, "segment_count": len(segments), "timed_event_count": timed, **head})
        cuts = [0, *range(FIRST_SEGMENTS, len(segments), LINE_SEGMENTS), len(segments)]
        for first, after in pairwise(cuts):
            some = segments[first:after]
            own = [one for one in events if one["segment_no"] in range(first, after)]
            yield _line({"segments": some, "events": own})
            self.scene.may_continue.wait(HELD_SECONDS)

    def _recording(self, path: Path, wanted: str) -> Response:
        data = path.read_bytes()
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first)
        end = min(int(last) + 1 if last else start + self.scene.piece_bytes, len(data))
        told = {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}", "Accept-Ranges": "bytes"}
        return Response(data[start:end], 206, {**HEADERS, **told}, "audio/mpeg")


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value) + "\n"
