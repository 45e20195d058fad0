"""From an answer to a value or an error: a table of recorded bodies (see ``recorded/README.md``)."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsCreditError,
    FluxionsNotFoundError,
    FluxionsRejectedError,
    FluxionsRequestError,
    FluxionsResponseError,
    FluxionsServerError,
    FluxionsStatusError,
    FluxionsThrottledError,
)
from airflow_provider_fluxions.api.responses import (
    MAX_SHOWN_CHARACTERS,
    RequestFacts,
    error_message,
    read_response,
)
from airflow_provider_fluxions.api.retry_after import retry_after_seconds

RECORDED = Path(__file__).parents[1] / "recorded"
JSON = {"Content-Type": "application/json"}
NOW = datetime(2026, 3, 2, 8, 0, 0, tzinfo=UTC)

STATUS_CLASSES: dict[int, type[FluxionsStatusError]] = {
    301: FluxionsRejectedError,
    307: FluxionsRejectedError,
    400: FluxionsRejectedError,
    401: FluxionsAuthenticationError,
    402: FluxionsCreditError,
    403: FluxionsAuthenticationError,
    404: FluxionsNotFoundError,
    408: FluxionsServerError,
    409: FluxionsRejectedError,
    413: FluxionsRejectedError,
    415: FluxionsRejectedError,
    418: FluxionsRejectedError,
    422: FluxionsRejectedError,
    429: FluxionsThrottledError,
    500: FluxionsServerError,
    502: FluxionsServerError,
    503: FluxionsServerError,
    504: FluxionsServerError,
    599: FluxionsServerError,
}
# What each body says, as part of the error's message.
SAID = {
    "error_detail_text.json": "Invalid API key",
    "error_detail_list.json": "query.limit: Field required; body: too large",
    "error_text.json": "Insufficient credit",
    "error_object.json": "Cannot decode this audio",
    "error_message.json": "Not Found",
    "error_error_message.json": "The model crashed",
    "error_first_fields_blank.json": "Slow down",
    "error_says_nothing.json": '{"code":17}',
    "error_list.json": "quota",
    "gateway_nginx.html": "an HTML page (<html> <head><title>502 Bad Gateway",
    "gateway_challenge.html": "an HTML page (<!DOCTYPE html>",
    "gateway_plain.txt": "error code: 1033",
    "broken_empty.txt": "an empty body",
    "broken_blank.txt": "an empty body",
    "broken_truncated.json": '{"id": 124, "status": "comp',
    "broken_list.json": "124",
    "broken_scalar.json": "ok",
    "broken_null.json": "null",
    "broken_not_utf8.bin": "caf\ufffd",
    "broken_deep_detail.json": '{"detail":[[[',
    "broken_deep.txt": "[[[[",
}
NO_OBJECT = {
    "gateway_nginx.html": "an HTML page",
    "gateway_challenge.html": "an HTML page",
    "gateway_plain.txt": "16 bytes of type application/json, which cannot be read",
    "broken_empty.txt": "an empty body",
    "broken_blank.txt": "an empty body",
    "broken_truncated.json": "it ends too early, at character",
    "broken_not_utf8.bin": "it is not UTF-8 from byte",
    "broken_deep.txt": "it is nested too deeply",
    "broken_list.json": "a JSON list instead of an object",
    "broken_scalar.json": "a JSON str instead of an object",
    "broken_null.json": "a JSON NoneType instead of an object",
}


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


OBJECTS = ["page_get.json", "page_list.json", "page_submit.json", "observed_words.json", "error_says_nothing.json"]


def read(status: int, name: str) -> dict[str, Any] | FluxionsRequestError:
    """Return the answer to a request about job 124, or the error."""
    try:
        return read_response(status, JSON, recorded(name), RequestFacts(124))
    except FluxionsRequestError as error:
        return error


def test_a_json_object_under_any_2xx_is_the_answer() -> None:
    cases = product([200, 201, 299], OBJECTS)
    assert [case for case in cases if not isinstance(read(*case), dict)] == []


def is_unreadable(answer: object, status: int, name: str) -> bool:
    return (
        isinstance(answer, FluxionsResponseError)
        and NO_OBJECT[name] in str(answer)
        and (answer.job_id, answer.status_code) == (124, status)
    )


def test_a_2xx_without_a_json_object_is_an_unreadable_answer() -> None:
    cases = product([200, 201, 204], NO_OBJECT)
    assert [(case, answer) for case in cases if not is_unreadable(answer := read(*case), *case)] == []


def test_an_unreadable_answer_is_transient_and_proves_nothing_about_a_submit() -> None:
    with pytest.raises(FluxionsResponseError) as caught:
        read_response(200, JSON, b"")
    assert (caught.value.transient, caught.value.nothing_created) == (True, False)


def says_what_the_body_said(answer: object, status: int, name: str) -> bool:
    return (
        isinstance(answer, FluxionsStatusError)
        and type(answer) is STATUS_CLASSES[status]
        and SAID[name] in str(answer)
        and f"HTTP {status} for job 124" in str(answer)
        and (answer.job_id, answer.status_code) == (124, status)
    )


def test_any_other_status_is_its_own_error_and_says_what_the_body_said() -> None:
    cases = product(STATUS_CLASSES, SAID)
    assert [(case, answer) for case in cases if not says_what_the_body_said(answer := read(*case), *case)] == []


def error_of(status: int) -> FluxionsStatusError:
    with pytest.raises(FluxionsStatusError) as caught:
        read_response(status, JSON, b"")
    return caught.value


def test_an_answers_transience_is_that_of_its_status() -> None:
    assert {status for status in STATUS_CLASSES if error_of(status).transient} == {408, 429, 500, 502, 503, 504, 599}


def test_an_answer_after_which_a_job_may_exist_does_not_claim_that_none_does() -> None:
    unclear = {status for status in STATUS_CLASSES if not error_of(status).nothing_created}
    assert unclear == {408, 500, 502, 503, 504, 599}


def test_a_good_looking_body_does_not_make_an_error_status_good() -> None:
    with pytest.raises(FluxionsServerError):
        read_response(500, JSON, recorded("page_get.json"))


def test_a_redirect_says_which_setting_to_change() -> None:
    with pytest.raises(FluxionsRejectedError, match="set the connection's host"):
        read_response(301, {"Location": "https://elsewhere.example/"}, b"")


def test_every_redirect_and_no_other_status_is_explained_as_one() -> None:
    redirects = [status for status in range(300, 600) if "redirect" in str(error_of(status))]
    assert redirects == list(range(300, 400))


HOST = "https://elsewhere.example"


def advice(status: int, **facts: Any) -> str:
    """Return the message of an empty response to a request for `/transcriptions` of `HOST`."""
    with pytest.raises(FluxionsStatusError) as caught:
        read_response(status, JSON, b"", RequestFacts(path="/transcriptions", base_url=HOST, **facts))
    return str(caught.value)


def test_a_404_without_a_job_says_which_path_the_host_does_not_have() -> None:
    assert f"{HOST} has no /transcriptions. Check the connection's host" in advice(404)


def test_a_404_about_a_job_says_to_check_the_id_and_the_key() -> None:
    message = advice(404, job_id=124)
    assert "Check the job id, and that the key" in message
    assert HOST not in message


def test_a_404_without_a_job_and_a_path_names_no_path() -> None:
    assert "Check the job id" in str(error_of(404))


def test_no_status_but_404_says_that_the_host_has_no_such_path() -> None:
    assert [status for status in STATUS_CLASSES if "has no /transcriptions" in advice(status)] == [404]


def test_advice_of_the_call_for_a_status_replaces_the_usual_one() -> None:
    message = advice(402, advice_by_status={402: "Buy speech credit."})
    assert message.endswith("an empty body. Buy speech credit.")


def test_a_long_body_is_cut_in_messages() -> None:
    with pytest.raises(FluxionsStatusError) as caught:
        read_response(500, {"Content-Type": "text/plain"}, b"x" * 100_000)
    assert len(str(caught.value)) < MAX_SHOWN_CHARACTERS + 200


def test_the_message_of_a_body_is_the_value_of_its_first_known_name() -> None:
    names = ("detail", "error", "message", "error_message")
    bodies = [json.dumps({name: name.title() for name in reversed(names[at:])}).encode() for at in range(len(names))]
    assert [error_message(body) for body in bodies] == [name.title() for name in names]


def message_of(status: int, headers: dict[str, str], body: bytes) -> str:
    with pytest.raises(FluxionsRequestError) as caught:
        read_response(status, headers, body)
    return str(caught.value)


def test_a_body_that_is_not_json_is_described_by_its_type() -> None:
    message = message_of(502, {"Content-Type": "text/plain"}, recorded("gateway_plain.txt"))
    assert "a body of type text/plain (error code: 1033)" in message


def test_a_body_without_a_content_type_is_of_unknown_type() -> None:
    messages = [message_of(status, {}, b"no JSON") for status in (200, 502)]
    assert [message for message in messages if "of type unknown" not in message] == []


def test_a_content_type_is_cut_to_100_characters_in_messages() -> None:
    messages = [message_of(status, {"Content-Type": "x" * 200}, b"no JSON") for status in (200, 502)]
    assert [message for message in messages if f"of type {'x' * 99}…" not in message] == []


def test_a_page_after_blank_lines_is_an_html_page_under_a_2xx_too() -> None:
    assert "an HTML page (<html>" in message_of(200, JSON, b"\n\n<html>")


@pytest.mark.parametrize("name", ["broken_empty.txt", "gateway_nginx.html", "error_says_nothing.json"])
def test_a_body_that_says_nothing_has_no_error_message(name: str) -> None:
    assert error_message(recorded(name)) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("Mon, 02 Mar 2026 08:01:30 GMT", 90.0),
        ("Mon, 02 Mar 2026 09:01:30 +0100", 90.0),
        ("Mon, 02 Mar 2026 07:00:00 GMT", 0.0),
        ("Monday, 02-Mar-26 08:00:05 GMT", 5.0),
        ("Mon Mar  2 08:00:05 2026", 5.0),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("²", None),
        ("Mon, 02 Mar 99999 08:00:00 GMT", None),
        ("Mon, 02 Mar 2026 08:00:00 +99999999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date_and_else_ignored(value: str, seconds: float | None) -> None:
    assert retry_after_seconds({"Retry-After": value}, now=NOW) == seconds


def test_without_retry_after_there_is_no_pause() -> None:
    assert retry_after_seconds({}) is None


@pytest.mark.parametrize("status", [429, 503])
def test_an_error_carries_the_pause_that_the_service_asked_for(status: int) -> None:
    with pytest.raises(FluxionsStatusError) as caught:
        read_response(status, {"Retry-After": "30"}, b"")
    assert caught.value.retry_after_seconds == 30.0


@given(st.text())
def test_no_retry_after_breaks_the_reader(value: str) -> None:
    seconds = retry_after_seconds({"Retry-After": value})
    assert seconds is None or seconds >= 0


@given(st.sampled_from([200, 204, *STATUS_CLASSES]), st.binary())
def test_no_answer_raises_anything_but_a_request_error(status: int, body: bytes) -> None:
    with suppress(FluxionsRequestError):
        assert isinstance(read_response(status, {}, body), dict)
