"""A transcription as the page draws it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.viewer.http_responses import json_response
from airflow_provider_fluxions.viewer.transcript_json import (
    FIRST_SEGMENTS,
    LINE_SEGMENTS,
    transcript_head,
    transcript_json,
    transcript_parts,
)

RECORDED = Path(__file__).parents[1] / "recorded"


def told(*segments: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return transcript_json(
        Transcription.from_json({"id": 12, "status": "completed", "segments": list(segments), **fields})
    )


def said(speaker: str | None, start: float | None, end: float | None, text: str, **fields: Any) -> dict[str, Any]:
    return {"speaker": speaker, "start": start, "end": end, "text": text, **fields}


def test_speakers_come_in_the_order_of_appearance_with_the_time_they_spoke() -> None:
    shown = told(
        said("1", 0.0, 2.0, "Hello."), said("0", 1.5, 4.0, "Hi."), said(None, 5, 6, "?"), said("1", 7, 8, "So.")
    )
    assert shown["speakers"] == [
        {"id": "1", "name": None, "seconds": 3.0},
        {"id": "0", "name": None, "seconds": 2.5},
    ]


def test_a_segment_has_clean_text_and_times_in_milliseconds() -> None:
    shown = told(said("0", 0.86049, 6.42051, "Yeah, [laugh] *really*."))
    assert shown["segments"] == [
        {"no": 0, "speaker": "0", "start": 0.86, "end": 6.421, "text": "Yeah, really.", "words": []}
    ]


def test_words_are_those_of_the_api_with_the_left_out_between_them() -> None:
    words = [{"word": "sold", "start": 0, "end": 1}, {"word": "today.", "start": 2, "end": 3}]
    shown = told(said("0", 0, 3, "sold 42 today.", words=words))
    assert shown["segments"][0]["words"] == [["sold", 0.0, 1.0], ["42", 1.0, 2.0], ["today.", 2.0, 3.0]]


def test_events_say_where_they_are() -> None:
    shown = told(said("0", 1.0, 4.0, "Well [laugh] yes."))
    (event,) = shown["events"]
    assert event == {"kind": "laugh", "raw": "[laugh]", "speaker": "0", "segment_no": 0, "start": 1.0, "end": 4.0}


def test_a_text_without_segments_is_shown_without_times() -> None:
    shown = transcript_json(
        Transcription.from_json({"id": "x", "status": "completed", "text": "SPEAKER_0: Hi.\nSPEAKER_1: Ho."})
    )
    assert shown["is_timed"] is False
    assert [(part["speaker"], part["text"], part["start"]) for part in shown["segments"]] == [
        ("0", "Hi.", None),
        ("1", "Ho.", None),
    ]


def test_the_lines_of_a_transcript_contain_what_its_json_contains() -> None:
    count = FIRST_SEGMENTS + LINE_SEGMENTS + 1
    texts = ["Well [laugh] yes." if number % 7 == 0 else "So." for number in range(count)]
    segments = [said(str(number % 2), number, number + 0.5, text) for number, text in enumerate(texts)]
    spoken = Transcription.from_json({"id": 12, "status": "completed", "segments": segments})
    whole, head, parts = transcript_json(spoken, 0.5), transcript_head(spoken, 0.5), list(transcript_parts(spoken))
    assert [len(part["segments"]) for part in parts] == [FIRST_SEGMENTS, LINE_SEGMENTS, 1]
    for name in ("segments", "events"):
        assert [one for part in parts for one in part[name]] == whole.pop(name)
    assert head == {
        **whole,
        "seconds": count - 0.5,
        "segment_count": count,
        "timed_event_count": (count + 6) // 7,
    }
    assert all(event["segment_no"] < FIRST_SEGMENTS for event in parts[0]["events"])


def test_a_transcript_without_speech_is_one_line() -> None:
    spoken = Transcription.from_json({"id": 12, "status": "completed", "text": ""})
    assert transcript_head(spoken)["segment_count"] == 0
    assert list(transcript_parts(spoken)) == []


def test_an_answer_of_either_shape_can_be_sent_without_its_signed_links() -> None:
    for name in ("page_get", "observed_words"):
        answer = json.loads((RECORDED / f"{name}.json").read_text())
        body = json_response(transcript_json(Transcription.from_json(answer))).body
        assert isinstance(body, bytes)
        assert b"https:" not in body
