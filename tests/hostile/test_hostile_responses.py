"""Any response, from a real socket through the client: a value or an error without secrets, in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.client import FluxionsClient
from tests.hostile.conftest import HostileServer
from tests.hostile.harmless import KEY_MARKS, LINK, LINK_MARK, MARKS, SPELLINGS, TRANSCRIPT, assert_harmless
from tests.hostile.responses import LARGE, RESPONSES
from tests.hostile.table import Row

# Each row measures memory, which makes everything slower.
pytestmark = pytest.mark.slow

CALLS: dict[str, Callable[[FluxionsClient], Any]] = {
    "read": lambda client: client.get_transcription(7, word_level_timestamps=True),
    "list": lambda client: client.list_transcriptions(),
    "health": lambda client: client.health(),
    "submit": lambda client: client.submit(b"RIFF audio", filename="a.mp3"),
}
# Response bodies are read whole before they are unpacked and parsed.
MAX_MIB = 48.0


def _listed(row: Row) -> Any:
    """Return a row as a parameter; those with megabytes take a second of CPU together."""
    return pytest.param(row, id=row.words, marks=pytest.mark.slow if row in LARGE[:4] else ())


@pytest.mark.parametrize("row", map(_listed, RESPONSES.rows))
def test_a_hostile_response_has_the_outcome_of_its_row(row: Row, hostile_server: HostileServer) -> None:
    hostile_server.answer = row.given
    # The same holds for each call; what drips or is large would take its time four times.
    others = () if row.how else CALLS.keys() - {"read"}
    with hostile_server.client() as client:
        row.check(assert_harmless(lambda: CALLS[row.how or "read"](client), max_mib=MAX_MIB))
        for name in others:
            assert_harmless(lambda name=name: CALLS[name](client), resident=True)


TOKENS = st.sampled_from(
    [
        *SPELLINGS.values(),
        TRANSCRIPT,
        LINK,
        '"',
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "<p>",
        "\\",
        "id",
        "detail",
        " ",
        "\x1b[2J",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([TRANSCRIPT, LINK, *SPELLINGS.values()]),
)
NAMES = st.sampled_from(["id", "status", "transcriptions", "total", "error", "detail", "filename", "segments", "text"])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.just(TRANSCRIPT), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.lists(TOKENS, max_size=20).map(lambda tokens: "".join(tokens).encode()),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(NAMES, JSON, max_size=5).map(lambda value: json.dumps({"id": 7, **value}).encode()),
)
STATUSES = st.sampled_from([200, 204, 301, 400, 401, 402, 404, 408, 413, 422, 429, 500, 503]) | st.integers(200, 999)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["Content-Type", "Retry-After", "Location", "Content-Encoding", "Set-Cookie", "Content-Length"]
        ),
        st.text(st.characters(exclude_characters="\r\n", max_codepoint=255), max_size=20) | TOKENS,
    ),
    max_size=3,
)


@given(st.sampled_from(sorted(CALLS)), STATUSES, HEADERS, BODIES, st.booleans())
def test_any_response_is_a_value_or_an_error_without_secrets(
    hostile_server: HostileServer, name: str, status: int, headers: list[tuple[str, str]], body: bytes, is_whole: bool
) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1", "replace")
    length = f"Content-Length: {len(body)}\r\n".encode() if is_whole else b""
    hostile_server.answer = b"HTTP/1.1 %d X\r\n%s%s\r\n%s" % (status, length, lines, body)
    # What is no success, or a page, is quoted.
    quotes = not 200 <= status < 300 or body.lstrip()[:1] == b"<"
    marks = (*KEY_MARKS, LINK_MARK) if quotes else MARKS
    with hostile_server.client(max_retries=0) as client:
        assert_harmless(lambda: CALLS[name](client), marks=marks, resident=True)


@given(st.sampled_from(sorted(CALLS)), st.binary(max_size=100))
def test_any_bytes_that_are_not_http_are_an_error(hostile_server: HostileServer, name: str, data: bytes) -> None:
    hostile_server.answer = data
    with hostile_server.client(max_retries=0) as client:
        assert assert_harmless(lambda: CALLS[name](client), resident=True).error is not None
