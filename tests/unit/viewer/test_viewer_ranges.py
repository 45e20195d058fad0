"""Which bytes a player gets."""

from __future__ import annotations

import pytest

from airflow_provider_fluxions.viewer.ranges import OPEN_RANGE_BYTES, Span, UnsatisfiableError, span_of

SIZE = 1_000
LARGE = 3 * OPEN_RANGE_BYTES


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=500-600", 500, 600),
        ("bytes=999-999", 999, 999),
        ("bytes=500-", 500, 999),
        ("bytes=-1", 999, 999),
        ("bytes=-300", 700, 999),
        ("BYTES = 1-2", 1, 2),
        ("bytes=900-5000", 900, 999),
        ("bytes=-5000", 0, 999),
        ("bytes=0-999999999999999999", 0, 999),
    ],
)
def test_one_range_is_answered_as_far_as_there_are_bytes(header: str, first: int, last: int) -> None:
    assert span_of(header, SIZE) == Span(first, last, SIZE)


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=999999999999999999-", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(header: str) -> None:
    with pytest.raises(UnsatisfiableError, match="1000 bytes"):
        span_of(header, SIZE)


def test_an_empty_recording_has_no_range() -> None:
    with pytest.raises(UnsatisfiableError):
        span_of("bytes=0-", 0)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes=",
        "bytes=-",
        "bytes=5-4",
        "bytes=0-1,5-6",
        "bytes=a-b",
        "bytes=-1-2",
        "items=0-1",
        "bytes=0-1\r\nX: y",
        "bytes=\u0660-\u0661",
        "bytes=" + "9" * 19 + "-",
    ],
)
def test_what_is_no_single_range_gets_the_whole(header: str | None) -> None:
    assert span_of(header, SIZE) is None


def test_a_player_that_asks_for_the_rest_gets_a_piece_and_asks_again() -> None:
    assert span_of("bytes=0-", LARGE) == Span(0, OPEN_RANGE_BYTES - 1, LARGE)
    assert span_of(f"bytes={LARGE - 5}-", LARGE) == Span(LARGE - 5, LARGE - 1, LARGE)


def test_a_range_with_an_end_is_answered_whole() -> None:
    assert span_of(f"bytes=0-{LARGE - 1}", LARGE) == Span(0, LARGE - 1, LARGE)


def test_a_part_says_where_it_belongs() -> None:
    span = Span(10, 19, 100)
    assert (span.length, span.content_range) == (10, "bytes 10-19/100")
