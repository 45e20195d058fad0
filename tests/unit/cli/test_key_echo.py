"""A response that echoes the API key: the command line does not show it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.replies import replies
from tests.unit.conftest import KEY

PATHS = ("/transcriptions", "/transcriptions/1", "/health", "/submit", "/akro/submit")
JSON = json.dumps({"detail": f"Invalid API key provided: {KEY} (Bearer {KEY})"}).encode()
PAGE = b"<html><h1>Bad gateway</h1><pre>"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (401, JSON, "application/json"),
        (404, JSON, "application/json"),
        (400, PAGE, "text/html"),
        (502, PAGE, "text/html"),
        (502, b"debug: ", "text/plain"),
    ],
)
def test_the_key_that_a_response_echoes_is_not_shown(
    run: Run, recording: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, content_type: str
) -> None:
    monkeypatch.setenv("FLUXIONS_MAX_RETRIES", "0")
    is_page = content_type != "application/json"
    with replies(dict.fromkeys(PATHS, body), status, echo=is_page, content_type=content_type) as url:
        monkeypatch.setenv("FLUXIONS_BASE_URL", url)
        for command in (["get", 1], ["list", "-v"], ["health"], ["export", 1], ["submit", recording, "--retry-for", 0]):
            done = run(*command)
            assert done.status != 0
            assert KEY not in done.out + done.err, command


def test_the_key_in_a_job_is_not_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    job = {"id": 1, "status": "failed", "filename": f"{KEY}.mp3", "error_message": f"sent {KEY}"}
    bodies = {
        "/transcriptions": json.dumps({"total": 1, "transcriptions": [job]}).encode(),
        "/transcriptions/1": json.dumps(job).encode(),
    }
    with replies(bodies) as url:
        monkeypatch.setenv("FLUXIONS_BASE_URL", url)
        for command in (["get", 1], ["get", 1, "-o", "json"], ["list"], ["wait", 1]):
            done = run(*command)
            assert KEY not in done.out + done.err, command
