"""``jsonl``: one line a segment, every line of the same shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import render

Make = Callable[..., Transcription]

MEMBERS = ["transcription_id", "segment_no", "speaker", "speaker_name", "start", "end", "text", "text_clean"]


def rows(result: Transcription) -> list[dict[str, Any]]:
    return [json.loads(line) for line in render(result, "jsonl").decode().splitlines()]


def test_a_segment_is_a_line(make: Make) -> None:
    assert rows(make(("SPEAKER_1", 0.5, 2, "[tut] *No*."), (None, 3, 4, "b"))) == [
        {
            "transcription_id": "124",
            "segment_no": 0,
            "speaker": "1",
            "speaker_name": None,
            "start": 0.5,
            "end": 2.0,
            "text": "[tut] *No*.",
            "text_clean": "No.",
        },
        {
            "transcription_id": "124",
            "segment_no": 1,
            "speaker": None,
            "speaker_name": None,
            "start": 3.0,
            "end": 4.0,
            "text": "b",
            "text_clean": "b",
        },
    ]


def test_segments_made_of_plain_text_have_the_same_members_with_null_times(make: Make) -> None:
    (row,) = rows(make(text="SPEAKER_0: hi"))
    assert list(row) == MEMBERS
    assert (row["start"], row["end"]) == (None, None)


def test_a_segment_of_nothing_but_tags_keeps_its_line(make: Make) -> None:
    (row,) = rows(make(("0", 0, 1, "[laugh]")))
    assert (row["text"], row["text_clean"]) == ("[laugh]", "")


def test_a_transcription_without_segments_is_an_empty_file(make: Make) -> None:
    assert render(make(), "jsonl") == b""


@pytest.mark.parametrize("char", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_character_of_the_text_breaks_a_line(make: Make, char: str) -> None:
    (row,) = rows(make(("0", 0, 1, f"a{char}b")))
    assert row["text"] == f"a{char}b"


@given(st.lists(st.tuples(st.none() | st.text(), st.text())))
def test_any_text_reads_back_the_same(pairs: list[tuple[str | None, str]]) -> None:
    segments = [{"speaker": speaker, "text": text, "start": 1} for speaker, text in pairs]
    result = Transcription.from_json({"id": "a", "segments": segments})
    assert [row["text"] for row in rows(result)] == [text for _, text in pairs]
