"""A service or a gateway that repeats what it was sent, or that fails in the middle of a transcript."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsRequestError, FluxionsResponseError
from airflow_provider_fluxions.api.models import Job, Page, Submission, Transcription
from airflow_provider_fluxions.api.redaction import MASK, Redactor
from airflow_provider_fluxions.api.responses import read_response
from tests.unit.conftest import KEY
from tests.unit.test_client import json_answer, raw_server

AUDIO = b"RIFF audio"
SECRET = "Transfer 40 000 to account 1234-5678"


def body_answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    return head.encode() + body


ECHOES = {
    "detail of a 401": json_answer({"detail": f"Invalid API key provided: {KEY}"}, "401 Unauthorized"),
    "input of a 422": json_answer({"detail": [{"loc": ["header"], "msg": f"not {KEY}"}]}, "422 Unprocessable"),
    "a debug page": body_answer(f"<pre>Authorization: Bearer {KEY}</pre>".encode(), "502 Bad Gateway"),
    "a page of characters": body_answer("".join(f"&#{ord(c)};" for c in KEY).encode(), "502 Bad Gateway"),
    "a base64 trace": body_answer(base64.b64encode(f"k={KEY}".encode()), "500 Oops"),
    "a page under 200": body_answer(f"<html>{KEY}</html>".encode()),
    "a list under 200": json_answer([KEY]),
    "text under 200": body_answer(f"hello {KEY}".encode()),
    "cut JSON under 200": body_answer(f'{{"id": "{KEY}'.encode()),
    "media type": body_answer(b"x", "500 Oops", f"Content-Type: {KEY}\r\n"),
    "status line": f"HTTP/1.1 {KEY} OK\r\n\r\n".encode(),
    "protocol": f"{KEY}/1.1 200 OK\r\n\r\n".encode(),
    "headers": body_answer(b"{}", "500 Oops", f"{KEY}\r\nX: {KEY}\r\n"),
    "redirect": body_answer(b"", "302 Found", f"Location: http://{KEY}.test/{KEY}\r\n"),
    "redirect that is no address": body_answer(b"", "302 Found", f"Location: http://[{KEY}\r\n"),
    "chunk size": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{KEY}\r\n".encode(),
    "encoding": body_answer(b"x", "200 OK", f"Content-Encoding: gzip, {KEY}\r\n"),
    "field of a job": json_answer({"id": 7, "status": "failed", "error_message": f"refused: {KEY}", "filename": KEY}),
    "status of a job": json_answer({"id": 7, "status": KEY}),
    "another id": json_answer({"id": KEY, "status": KEY}),
    "health": json_answer({"status": KEY}),
    "page": json_answer({"transcriptions": [{"id": 7, "status": "completed", "filename": f"{KEY}.mp3"}], KEY: 1}),
}
CALLS: list[Callable[[FluxionsClient], Any]] = [
    lambda client: client.health(),
    lambda client: client.get_transcription(7),
    lambda client: client.list_transcriptions(),
    lambda client: client.submit(AUDIO, filename="a.mp3"),
]


def everything_of(result: Any) -> str:
    """Return all that a value or an error shows: its text, its pickle, its chain, its attributes."""
    if not isinstance(result, BaseException):
        return f"{result!r} {getattr(result, 'raw', '')!r} {vars(result) if hasattr(result, '__dict__') else ''}"
    chain, error = [], result
    while error is not None:
        chain += [repr(error), str(vars(error)), pickle.dumps(error).decode("latin-1")]
        error = error.__cause__ or error.__context__
    return "".join((*chain, *traceback.format_exception(result)))


@pytest.mark.parametrize("echo", ECHOES)
def test_the_key_that_a_response_repeats_is_in_no_value_no_error_and_no_log(
    echo: str, caplog: pytest.LogCaptureFixture
) -> None:
    shown = []
    with caplog.at_level(logging.DEBUG), raw_server(ECHOES[echo]) as (url, heads):
        with FluxionsClient(KEY, url, max_retries=1, backoff_seconds=0.0) as client:
            for call in CALLS:
                try:
                    shown.append(everything_of(call(client)))
                except FluxionsError as error:
                    shown.append(everything_of(error))
        assert all(KEY.encode() in head for head in heads)
    assert KEY not in caplog.text
    assert KEY not in "".join(shown)
    assert base64.b64encode(f"k={KEY}".encode()).decode() not in "".join(shown)


def test_a_proxys_credentials_are_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for proxy in ("http://someone:pr0xy-pass@127.0.0.1:9", "ftp://someone:pr0xy-pass@[x", "http://a:pr0xy-pass@:1"):
        monkeypatch.setenv("http_proxy", proxy)
        client = FluxionsClient(KEY, "http://api.fluxions.test", allow_http=True, max_retries=0)
        with pytest.raises(FluxionsError) as raised:
            client.health()
        assert "pr0xy-pass" not in everything_of(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_is_used_for_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(json_answer({"status": "ok"})) as (proxy, seen), raw_server(b"") as (_, _unused):
        for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        answer = json_answer({"id": 1, "status": "ok", "transcriptions": []})
        with raw_server(answer) as (url, heads):
            client = FluxionsClient(KEY, url.replace("127.0.0.1", host), max_retries=0)
            client.health()
            client.submit(AUDIO, filename="a.mp3")
        assert len(heads) == 2
        redirect = body_answer(b"", "302 Found", "Location: /health\r\n")
        with raw_server(redirect) as (url, heads), pytest.raises(FluxionsRequestError):
            FluxionsClient(KEY, url, max_retries=0).health()
        assert len(heads) > 1
    assert seen == []


BROKEN = {
    "cut": f'{{"id": 7, "status": "completed", "text": "{SECRET}',
    "cut between fields": f'{{"id": 7, "text": "{SECRET}",',
    "list": json.dumps([{"text": SECRET}]),
    "string": json.dumps(SECRET),
    "too deep": f'{{"text": "{SECRET}", "a": ' + "[" * 100 + "]" * 100 + "}",
    "much too deep": f'{{"text": "{SECRET}", "a": ' + "[" * 100_000,
    "broken": f'{{"text": "{SECRET}" "id": 7}}',
    "no JSON": SECRET,
    "a number of many digits": f'{{"text": "{SECRET}", "id": {"1" * 5000}}}',
    "too many values": f'{{"text": "{SECRET}", "a": [' + "{}," * 60_000 + "{}]}",
    "a name": json.dumps({SECRET: 1}),
    "an id": json.dumps({"id": SECRET}),
    "an id that is an object": json.dumps({"id": {"text": SECRET}}),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_the_body_of_a_good_status_is_quoted_nowhere(broken: str) -> None:
    with raw_server(body_answer(BROKEN[broken].encode())) as (url, _):
        client = FluxionsClient(KEY, url, max_retries=0)
        for call in (*CALLS[1:], lambda client: client.get_transcription(7, word_level_timestamps=True)):
            with pytest.raises(FluxionsRequestError) as raised:  # this server also resets connections
                call(client)
            shown = everything_of(raised.value)
            assert SECRET not in shown
            assert "account" not in shown.replace("the account", "")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (
            b'{"id": 124, "status": "comp',
            "27 bytes of type text/x, which cannot be read: it ends too early, at character 27",
        ),
        (b'{"id": 124,', "it ends too early, at character 11"),
        (b'{"id" 124}', "it is not JSON from character 6"),
        (b'{"a": "\xff"}', "it is not UTF-8 from byte 7 on"),
        (b"[1, 2]", "6 bytes of type text/x, which is a JSON list instead of an object"),
    ],
)
def test_an_unreadable_response_says_its_type_its_length_and_where_it_fails(body: bytes, where: str) -> None:
    with pytest.raises(FluxionsResponseError) as raised:
        read_response(200, {"Content-Type": "text/x"}, body)
    assert where in str(raised.value)


TOKENS = st.sampled_from(["s3cret-key", "Bearer ", '"', "{", "}", "[", "]", ":", ",", "<p>", "\\", "id", "detail", " "])


@given(st.integers(100, 599), st.binary(max_size=40) | st.lists(TOKENS, max_size=20).map(lambda x: "".join(x).encode()))
def test_any_bytes_are_a_value_or_an_error_without_the_key_and_without_a_quotation_of_a_2xx(
    status: int, body: bytes
) -> None:
    redactor = Redactor("s3cret-key")
    try:
        value = read_response(status, {"Content-Type": "a/b"}, body, job_id=7, redactor=redactor)
    except FluxionsRequestError as error:
        shown = everything_of(error)
        if 200 <= status < 300 and body.strip()[:1] != b"<":
            shown_words = set(str(error).split())
            assert not {word for word in body.decode("utf-8", "replace").split() if len(word) > 8} & shown_words
    else:
        shown = repr(value)
    assert "s3cret-key" not in shown


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(SECRET),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just(SECRET), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(["id", "status", "transcriptions", "created_at", "total", "error", "filename"])


@given(st.dictionaries(NAMES | st.just(SECRET), VALUES, max_size=5))
def test_an_error_about_any_object_quotes_none_of_its_values(data: dict[str, Any]) -> None:
    for read in (Submission.from_json, Job.from_json, Page.from_json, Transcription.from_json):
        problems: list[FluxionsError] = []
        try:
            read(data)
        except FluxionsResponseError as error:
            problems.append(error)
        assert not [error for error in problems if SECRET in everything_of(error)]


def test_a_status_and_a_reason_of_a_job_cannot_forge_a_log_line() -> None:
    job = Job.from_json({"id": 1, "status": "odd\n\x1b[2J", "error_message": "a\nb\x1b[2J", "filename": "a"})
    assert "\n" not in f"{job.status}{job.error_message}"
    assert "\x1b" not in f"{job.status}{job.error_message}"
    assert job.raw["error_message"] == "a\nb\x1b[2J"
    assert MASK not in f"{job}"
