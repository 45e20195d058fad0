"""What every answer says to the browser."""

from __future__ import annotations

import json

import pytest

from airflow_provider_fluxions.viewer.http_responses import (
    DATA_POLICY,
    PAGE_POLICY,
    HttpResponse,
    attachment,
    error_response,
    file_response,
    json_response,
    lines_response,
    page_response,
)

ANSWERS = [
    json_response({}),
    error_response(404, "No."),
    page_response(b"<html>"),
    file_response(b"", "a.vtt", "text/vtt"),
    HttpResponse(206, iter([b""]), "audio/mpeg", {"Accept-Ranges": "bytes"}),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_is_kept_guessed_at_or_told_of(answer: HttpResponse) -> None:
    headers = answer.headers
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_runs_a_script_that_it_brings_along(answer: HttpResponse) -> None:
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_only_the_page_loads_anything_and_only_from_its_own_server() -> None:
    assert page_response(b"").headers["Content-Security-Policy"] == PAGE_POLICY
    assert json_response({}).headers["Content-Security-Policy"] == DATA_POLICY
    assert "src 'self'" not in DATA_POLICY


def test_a_lone_surrogate_is_escaped() -> None:
    answer = json_response({"name": "a\udc80"})
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body) == {"name": "a\udc80"}


def test_an_error_is_a_sentence() -> None:
    answer = error_response(502, "S3 refused.")
    assert (answer.status, answer.body) == (502, b'{"detail":"S3 refused."}')


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("call.mp3.vtt", "attachment; filename=\"call.mp3.vtt\"; filename*=UTF-8''call.mp3.vtt"),
        ("Gespräch.vtt", "attachment; filename=\"Gespr_ch.vtt\"; filename*=UTF-8''Gespr%C3%A4ch.vtt"),
        ('a"; x="b.vtt', "attachment; filename=\"a_; x=_b.vtt\"; filename*=UTF-8''a_%3B%20x%3D_b.vtt"),
        ("../../etc\\passwd", "attachment; filename=\".._.._etc_passwd\"; filename*=UTF-8''.._.._etc_passwd"),
        ("a\r\nSet-Cookie: b", "attachment; filename=\"a__Set-Cookie: b\"; filename*=UTF-8''a__Set-Cookie%3A%20b"),
        ("lone\udc80", "attachment; filename=\"lone_\"; filename*=UTF-8''lone_"),
    ],
)
def test_a_file_is_saved_by_its_name_whatever_stands_in_it(name: str, header: str) -> None:
    assert attachment(name) == header


def test_all_lines_are_made_once_the_first_two_are_sent() -> None:
    """A slow client must not keep a transcript in memory."""
    made: list[int] = []
    body = lines_response(made.append(number) or number for number in range(5)).body
    assert not isinstance(body, bytes)
    lines = iter(body)
    assert ([next(lines), next(lines)], made) == ([b"0\n", b"1\n"], [0, 1])
    assert (next(lines), made) == (b"2\n", [0, 1, 2, 3, 4])
