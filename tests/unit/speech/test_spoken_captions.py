"""When what is said in spoken audio: the JSON time line and WebVTT."""

from __future__ import annotations

import io
import json

import pytest
import webvtt

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.formats import read_stored, render
from airflow_provider_fluxions.speech.captions import timeline_json, vtt_of_pieces, vtt_of_timeline
from airflow_provider_fluxions.speech.timeline import PieceTime

RATE = 24_000
PIECES = (
    PieceTime("One sentence. Another <one> & more.", 0, 96_007, RATE),
    PieceTime("A second piece [breath] here.", 110_407, 160_000, RATE),
)


def timeline() -> bytes:
    return timeline_json("0123456789abcdef", "maeve", "maeve.h1", PIECES, RATE)


def cues() -> list[webvtt.Caption]:
    return list(webvtt.from_buffer(io.StringIO(vtt_of_pieces(PIECES).decode())))


def test_the_time_line_has_pieces_in_samples() -> None:
    found = json.loads(timeline())
    assert [(one["start_sample"], one["end_sample"]) for one in found["pieces"]] == [(0, 96_007), (110_407, 160_000)]
    assert (found["sample_rate"], found["samples"], found["voice_id"]) == (24_000, 160_000, "maeve.h1")


def test_times_within_a_piece_are_marked_as_estimated() -> None:
    first, second = json.loads(timeline())["pieces"]
    assert [one["is_estimated"] for one in first["sentences"]] == [True, True]
    assert [one["is_estimated"] for one in second["sentences"]] == [False]
    assert [cue.identifier for cue in cues()] == ["1", "2 estimated", "3"]


def test_captions_start_with_their_piece_to_the_millisecond() -> None:
    first, _, third = cues()
    assert (first.start, third.start) == ("00:00:00.000", f"00:00:0{110_407 / RATE:.3f}")


def test_captions_escape_markup_and_leave_tags_out() -> None:
    assert "Another &lt;one&gt; &amp; more." in vtt_of_pieces(PIECES).decode()
    assert cues()[2].text == "A second piece here."


def test_captions_of_a_stored_time_line_are_the_same() -> None:
    assert vtt_of_timeline(timeline()) == vtt_of_pieces(PIECES)


@pytest.mark.parametrize("data", [b"[]", b"{", b'{"id": 1, "status": "completed"}', b'{"id": 1, "pieces": [1]}'])
def test_other_json_is_no_time_line(data: bytes) -> None:
    with pytest.raises(FluxionsFormatError):
        vtt_of_timeline(data)


def test_a_time_line_is_read_like_a_stored_transcript() -> None:
    transcript = read_stored(timeline())
    assert [segment.text for segment in transcript.segments][:2] == ["One sentence.", "Another <one> & more."]
    assert b"One sentence." in render(transcript, "srt")


def test_a_piece_of_tags_alone_has_no_cue() -> None:
    assert b"-->" not in vtt_of_pieces((PieceTime("[laugh]", 0, 100, RATE),))
