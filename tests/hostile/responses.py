"""Hostile responses of the service, or of a gateway in front of it, as the bytes that a socket receives."""

from __future__ import annotations

import base64
import gzip
import json

from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsConnectionError,
    FluxionsRejectedError,
    FluxionsResponseError,
    FluxionsServerError,
    FluxionsThrottledError,
)
from tests.hostile.harmless import KEY, LINK, SPELLINGS, TRANSCRIPT
from tests.hostile.table import Kind, Row

OK = b"HTTP/1.1 200 OK\r\n"
JOB = {"id": 7, "status": "completed", "filename": "a.mp3"}
NOT_THE_API = "is probably not the Fluxions API"
NOT_HTTP = "the response is not valid HTTP"
TIMED_OUT = "timed out"


def response(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    """Return a whole response; ``headers`` are lines that end in CR LF."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body


def json_response(body: object, status: str = "200 OK", headers: str = "") -> bytes:
    """Return a response with a JSON body."""
    return response(json.dumps(body).encode(), status, headers)


def _text(body: str, status: str = "200 OK") -> bytes:
    return response(body.encode(), status)


# The service sends the first bytes at once, then the second every 10 ms without an end.
DRIPS: dict[str, tuple[bytes, bytes]] = {
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "headers": (OK + b"X-A: ", b"a"),
    "body of a known length": (OK + b"Content-Length: 100000\r\n\r\n", b" "),
    "body without a length": (OK + b"\r\n", b" "),
    "size of a chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "body before a retry": (b"HTTP/1.1 503 No\r\nContent-Length: 100000\r\n\r\n", b" "),
}

SPELLED = tuple(
    Row(
        f"a 401 whose `detail` repeats the key {spelling}",
        json_response({"detail": f"Invalid API key: {written}"}, "401 Unauthorized"),
        "***. Check the API key",
        FluxionsAuthenticationError,
    )
    for spelling, written in SPELLINGS.items()
)

ECHOES = (
    *SPELLED,
    Row("a 422 that repeats the key in the list of its details",
        json_response({"detail": [{"loc": ["header"], "msg": f"not {KEY}"}]}, "422 Unprocessable"),
        "header: not ***", FluxionsRejectedError),
    Row("a debug page of a gateway with the request's headers",
        _text(f"<pre>Authorization: Bearer {KEY}</pre>", "502 Bad Gateway"),
        "Authorization: Bearer ***", FluxionsServerError),
    Row("a page with each character of the key as an entity",
        _text("<p>" + "".join(f"&#{ord(c)};" for c in KEY), "502 Bad Gateway"), "<p>***", FluxionsServerError),
    Row("a trace in base64 with the key in it", response(base64.b64encode(f"k={KEY}".encode()), "500 Oops"),
        "***", FluxionsServerError),
    Row("an HTML page under 200", _text(f"<html>{KEY}</html>"), NOT_THE_API, FluxionsResponseError),
    Row("a JSON list under 200", json_response([KEY]), "which is a JSON list instead of an object",
        FluxionsResponseError),
    Row("plain text under 200", _text(f"hello {KEY}"), "it is not JSON from character 0", FluxionsResponseError),
    Row("the key as media type", response(b"x", "500 Oops", f"Content-Type: {KEY}\r\n"), "a body of type ***",
        FluxionsServerError),
    Row("the key as status", f"HTTP/1.1 {KEY} OK\r\n\r\n".encode(), NOT_HTTP, FluxionsConnectionError),
    Row("the key as protocol", f"{KEY}/1.1 200 OK\r\n\r\n".encode(), NOT_HTTP, FluxionsConnectionError),
    Row("the key as a line among the headers", response(b"{}", "500 Oops", f"{KEY}\r\nX: {KEY}\r\n"), "HTTP 500",
        FluxionsServerError),
    Row("the key as size of a chunk",
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{KEY}\r\n".encode(), NOT_HTTP, FluxionsConnectionError),
    Row("the key as encoding of the body", response(b"x", "200 OK", f"Content-Encoding: {KEY}\r\n"),
        NOT_THE_API, FluxionsResponseError),
    Row("a redirect to another host with the key in its address",
        response(b"", "302 Found", f"Location: http://elsewhere.test/{SPELLINGS['escaped for a URL']}\r\n"),
        "The key must not follow a redirect", FluxionsRejectedError),
    Row("a redirect to an address that is not one", response(b"", "302 Found", "Location: http://[x\r\n"),
        "The key must not follow a redirect", FluxionsRejectedError),
    Row("the key in the reason and the name of a failed job",
        json_response({"id": 7, "status": "failed", "error_message": f"refused: {KEY}", "filename": KEY}),
        "refused: ***", note="the job, with `***` in place of the key"),
    Row("the key as status of a job", json_response({"id": 7, "status": KEY}), "***",
        note="the job, with `***` as its status, which counts as still running"),
    Row("the key as id of a job",
        json_response({"id": KEY, "status": KEY}), "an id that is neither a number nor a plain word",
        FluxionsResponseError),
    Row("the key as state of health", json_response({"status": KEY}), "status of type str", FluxionsConnectionError,
        how="health"),
    Row("the key in a page of the list",
        json_response({"transcriptions": [{**JOB, "filename": f"{KEY}.mp3"}], KEY: 1}), "***.mp3",
        note="the page, with `***` in place of the key", how="list"),
    Row("a signed link in an error", json_response({"detail": f"cannot read {LINK}"}, "500 Oops"),
        "https://bucket.r2.test/a.mp3?***", FluxionsServerError),
)  # fmt: skip

BROKEN = (
    Row("a transcript that ends early", _text(f'{{"id": 7, "status": "completed", "text": "{TRANSCRIPT}'),
        "it ends too early, at character", FluxionsResponseError),
    Row("a transcript that ends between two fields", _text(f'{{"id": 7, "text": "{TRANSCRIPT}",'),
        "it ends too early, at character", FluxionsResponseError),
    Row("a transcript in a list", json_response([{"text": TRANSCRIPT}]), "a JSON list", FluxionsResponseError),
    Row("a transcript as a JSON string", json_response(TRANSCRIPT), "a JSON str", FluxionsResponseError),
    Row("a transcript as plain text", _text(TRANSCRIPT), "it is not JSON from character 0", FluxionsResponseError),
    Row("a transcript without a comma", _text(f'{{"text": "{TRANSCRIPT}" "id": 7}}'), "it is not JSON from character",
        FluxionsResponseError),
    Row("a transcript beside 100 levels of lists",
        _text(f'{{"text": "{TRANSCRIPT}", "a": ' + "[" * 100 + "]" * 100 + "}"),
        "it has more than 64 levels", FluxionsResponseError),
    Row("a transcript beside 100,000 levels of lists", _text(f'{{"text": "{TRANSCRIPT}", "a": ' + "[" * 100_000),
        "it is nested too deeply", FluxionsResponseError),
    Row("a transcript beside a number of 5,000 digits", _text(f'{{"text": "{TRANSCRIPT}", "id": {"1" * 5000}}}'),
        "a number of too many digits", FluxionsResponseError),
    Row("a transcript beside bytes that are not UTF-8", response(f'{{"text": "{TRANSCRIPT}'.encode() + b'\xff"}'),
        "it is not UTF-8 from byte", FluxionsResponseError),
    Row("a transcript as a name", json_response({TRANSCRIPT: 1}), "without a usable job id", FluxionsResponseError),
    Row("a transcript as id", json_response({"id": TRANSCRIPT}), "without a usable job id", FluxionsResponseError),
    Row("an object as id", json_response({"id": {"text": TRANSCRIPT}}), "without a usable job id",
        FluxionsResponseError),
    Row("a transcript in an entry of the list that is not a job", json_response({"transcriptions": [TRANSCRIPT]}),
        "without a list of transcriptions", FluxionsResponseError, how="list"),
    Row("an empty body", _text(""), "an empty body", FluxionsResponseError),
    Row("`null`", _text("null"), "a JSON NoneType", FluxionsResponseError),
    Row("the job of another recording", json_response({"id": 8, "status": "completed", "text": TRANSCRIPT}),
        "was asked for job 7 and responded with job 8", FluxionsResponseError),
    Row("fewer bytes than announced", OK + b"Content-Length: 500\r\n\r\n{" + TRANSCRIPT.encode(), "No usable response",
        FluxionsConnectionError),
)  # fmt: skip

STEERING = "\x1b[31mred\x1b]0;title\x07\x9b2J\r\n2026-01-01 INFO forged\u202e"
LARGE = (
    Row("a page of the list with 60,000 objects",
        _text('{"transcriptions": [' + "{}," * 60_000 + "{}]}"), "more values than a response can have",
        FluxionsResponseError, how="list"),
    Row("a page of the list with 9 MiB", response(b" " * (9 << 20)), "larger than 8 MiB", FluxionsConnectionError,
        how="list"),
    Row("a gzip body that unpacks to 20 MB", response(gzip.compress(bytes(20_000_000), 1), "200 OK",
        "Content-Encoding: gzip\r\n"), "larger than 8 MiB", FluxionsConnectionError, how="list"),
    Row("9 MiB behind a 500", response(b"x" * (9 << 20), "500 Oops"), "larger than 8 MiB", FluxionsConnectionError,
        how="list"),
    Row("headers without an end", OK + b"X: y\r\n" * 200, "No usable response", FluxionsConnectionError),
    Row("a header of 100,000 bytes", OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n{}", "No usable response",
        FluxionsConnectionError),
    Row("`Retry-After` of 30 years", response(b"{}", "429 Slow", "Retry-After: 1000000000\r\n"), "HTTP 429",
        FluxionsThrottledError, how="list"),
    Row("`Retry-After` that is neither seconds nor a date", response(b"{}", "429 Slow", "Retry-After: \xa0soon\r\n"),
        "HTTP 429", FluxionsThrottledError, how="list"),
    Row("escape sequences and forged log lines in an error", json_response({"detail": STEERING}, "400 Bad"),
        "\\x1b[31mred", FluxionsRejectedError, note="one line, with `\\x1b` for each escape"),
    Row("an error of 100,000 lists in lists", _text('{"detail": ' + "[" * 100_000, "500 Oops"), "HTTP 500",
        FluxionsServerError),
)  # fmt: skip
DRIPPING = tuple(
    Row(f"one byte every 10 ms, without an end: the {where}", drip, TIMED_OUT, FluxionsConnectionError, how="list",
        note="the error names `read_timeout`, at which it ends")
    for where, drip in DRIPS.items()
)  # fmt: skip

RESPONSES = Kind(
    "Responses",
    "What the service, or a gateway, responds. The four rules hold for `health`, `list`, `read` and `submit` alike.",
    (*ECHOES, *BROKEN, *LARGE, *DRIPPING),
)
