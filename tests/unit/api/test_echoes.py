"""A service or a gateway that repeats what it was sent, or that fails in the middle of a transcript."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsRequestError, FluxionsResponseError
from airflow_provider_fluxions.api.models import Job, Page, Submission, Transcription
from airflow_provider_fluxions.api.redaction import MASK, Redactor
from airflow_provider_fluxions.api.responses import RequestFacts, read_response
from tests.hostile.harmless import everything_of
from tests.hostile.responses import response
from tests.unit.api.test_client import json_answer, raw_server
from tests.unit.conftest import KEY

AUDIO = b"RIFF audio"
SECRET = "Transfer 40 000 to account 1234-5678"


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
        redirect = response(b"", "302 Found", "Location: /health\r\n")
        with raw_server(redirect) as (url, heads), pytest.raises(FluxionsRequestError):
            FluxionsClient(KEY, url, max_retries=0).health()
        assert len(heads) > 1
    assert seen == []


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
        value = read_response(status, {"Content-Type": "a/b"}, body, RequestFacts(7, redactor=redactor))
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


@pytest.mark.slow
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
