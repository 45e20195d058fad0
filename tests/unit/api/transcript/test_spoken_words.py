"""Words, turns and events: what text and segments say together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.models import Event, Transcription
from airflow_provider_fluxions.api.transcript import speech

RECORDED = Path(__file__).parents[2] / "recorded"

TOKENS = ("so", "we", "sold", "42", "Omaha", "[1]", "f***", "haha", "ha ha", "*yes*", "um...", "aha,", "Sahara.")
TAGS = ("[breath]", "[laugh]", "[hesitate]", "[Pause]", "[dog bark]", "[x]")
BODIES = st.lists(st.sampled_from(TOKENS + TAGS) | st.text(max_size=5), max_size=15).map(" ".join)


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """Any shape the API may give: with and without text, segments, words, times, tags and speakers."""
    segments = []
    for _ in range(draw(st.integers(0, 4))):
        body = draw(BODIES)
        start = draw(st.none() | st.floats(0, 1000))
        words = [
            {"word": token, "start": draw(st.none() | st.floats(0, 1000)), "end": draw(st.none() | st.floats(0, 1000))}
            for token in body.split()
            if draw(st.booleans())
        ]
        segment = {"speaker": draw(st.sampled_from(["0", "1", None])), "text": body, "words": words}
        segments.append(segment if start is None else {**segment, "start": start, "end": start + draw(st.floats(0, 9))})
    turns = [f"SPEAKER_{draw(st.sampled_from('01'))}: {draw(BODIES)}" for _ in range(draw(st.integers(0, 3)))]
    answer: dict[str, Any] = {"id": 1, "status": "completed"}
    answer |= {"text": "\n".join(turns)} if draw(st.booleans()) else {}
    return answer | ({"segments": segments} if draw(st.booleans()) else {})


def read(**fields: Any) -> Transcription:
    return Transcription.from_json({"id": 1, **fields})


def recorded(name: str) -> Transcription:
    return Transcription.from_json(json.loads((RECORDED / f"{name}.json").read_text()))


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def said(segment: dict[str, Any], **fields: Any) -> Transcription:
    return read(segments=[segment], **fields)


def only(events: tuple[Event, ...]) -> Event:
    (event,) = events
    return event


def test_a_word_that_the_aligner_left_out_is_placed_between_its_neighbours() -> None:
    words = recorded("observed_words").segments[0].spoken_words
    assert [(word.text, word.timing) for word in words] == [
        ("So", "api"), ("we", "api"), ("sold", "api"), ("42", "interpolated"), ("of", "api"), ("them.", "api"),
    ]  # fmt: skip
    assert (words[3].start, words[3].end) == (1.7, 2.5)


def test_words_of_a_segment_without_any_time_are_missing_their_times() -> None:
    assert [(word.text, word.timing) for word in read(text="SPEAKER_0: so, no [sigh]").words] == [
        ("so,", "missing"),
        ("no", "missing"),
    ]


def test_where_the_api_has_other_words_than_the_text_its_words_stand() -> None:
    words = [{"word": "sold", "start": 0, "end": 1}, {"word": "forty-two", "start": 1, "end": 2}]
    result = said({"text": "sold 42", "words": words, "start": 0, "end": 2})
    assert [word.text for word in result.words] == ["sold", "forty-two"]


def test_a_tag_among_the_words_is_no_word_but_times_its_event() -> None:
    words = [{"word": "[sigh]", "start": 0.25, "end": 0.5}, {"word": "no", "start": 1, "end": 2}]
    result = said({"text": "[sigh] no", "words": words, "start": 0, "end": 2})
    assert [word.text for word in result.words] == ["no"]
    event = only(result.events)
    assert (event.start, event.end, event.timing) == (0.25, 0.5, "word")


@pytest.mark.slow
@given(answers())
def test_no_text_is_dropped_from_a_segments_words(answer: dict[str, Any]) -> None:
    for segment in Transcription.from_json({**answer, "segments": bare(answer)}).segments:
        assert letters("".join(word.text for word in segment.spoken_words)) == letters(segment.text_clean)


def bare(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**segment, "words": []} for segment in answer.get("segments", [])]


def test_the_pages_turns_are_found_in_its_segments() -> None:
    turns = recorded("page_get").turns
    assert [(turn.speaker, turn.start, turn.end, turn.segment_nos, turn.is_aligned) for turn in turns] == [
        ("0", 0.86, 6.42, (0,), True),
        ("1", 6.0, 9.8, (1, 2), True),
        # The page shows three of its 25 segments, and none of this turn.
        ("0", None, None, (), False),
    ]


def test_turns_that_overlap_are_not_mixed_up() -> None:
    segments = [
        {"speaker": "0", "text": "yes I think so too", "start": 0, "end": 9},
        {"speaker": "1", "text": "yes I think", "start": 1, "end": 2},
        {"speaker": "1", "text": "so", "start": 3, "end": 4},
    ]
    turns = read(text="SPEAKER_1: Yes, I think so.\nSPEAKER_0: Yes, I think so too.", segments=segments).turns
    assert [turn.segment_nos for turn in turns] == [(1, 2), (0,)]


def test_turns_are_found_where_text_and_segments_name_speakers_differently() -> None:
    segments = [{"speaker": "A", "text": "good morning", "start": 0, "end": 1}]
    assert read(text="SPEAKER_0: Good morning.", segments=segments).turns[0].segment_nos == (0,)


def test_turns_of_segments_alone_are_runs_of_one_speaker() -> None:
    turns = recorded("observed_words").turns
    assert [(turn.speaker, turn.start, turn.end, turn.segment_nos) for turn in turns] == [
        ("0", 0.5, 3.8, (0, 1)),
        ("1", 3.5, 5.25, (2,)),
    ]


@pytest.mark.slow
@given(answers())
def test_turns_are_those_of_the_text_whatever_the_segments_hold(answer: dict[str, Any]) -> None:
    result = Transcription.from_json(answer)
    if answer.get("text"):
        assert [(turn.speaker, turn.text) for turn in result.turns] == [
            (turn.speaker, turn.text) for turn in speech.parse_turns(result.text)
        ]
    owned = [number for turn in result.turns for number in turn.segment_nos]
    assert len(owned) == len(set(owned))


def test_an_event_between_timed_words_lies_between_them() -> None:
    event = recorded("observed_words").events[0]
    assert (event.kind, event.raw, event.start, event.end, event.timing) == ("breath", "[breath]", 0.5, 0.9, "word")
    assert (event.speaker, event.segment_no, event.turn_no, event.word_after) == ("0", 0, 0, "So")


def test_an_event_without_timed_words_near_it_lies_in_its_segment() -> None:
    event = recorded("observed_words").events[2]
    assert (event.kind, event.start, event.end, event.timing) == ("pause", 3.5, 5.25, "segment")
    assert (event.word_before, event.word_after, event.char_offset) == ("Hahaha", "no", 6)


def test_a_laugh_written_as_a_timed_word_has_that_words_times() -> None:
    words = [{"word": "hahaha", "start": 1, "end": 1.5}, {"word": "no", "start": 2, "end": 3}]
    event = only(said({"text": "hahaha no", "words": words, "start": 0, "end": 3}).events)
    assert (event.kind, event.raw, event.start, event.end, event.timing) == ("laugh", "hahaha", 1, 1.5, "word")


def test_an_event_of_plain_text_has_no_time() -> None:
    event = only(read(text="SPEAKER_0: so [sigh] no").events)
    assert (event.start, event.end, event.timing, event.turn_no, event.source) == (None, None, "none", 0, "text")


def test_an_event_of_the_text_is_timed_by_the_words_of_the_segments() -> None:
    words = [{"word": "so", "start": 1, "end": 2}, {"word": "no", "start": 3, "end": 4}]
    segments = [{"speaker": "0", "text": "so no", "words": words, "start": 1, "end": 4}]
    event = only(read(text="SPEAKER_0: so [sigh], no", segments=segments).events)
    assert (event.start, event.end, event.timing, event.segment_no, event.source) == (2, 3, "word", 0, "text")


def test_an_event_between_two_segments_is_in_neither() -> None:
    segments = [
        {"speaker": "0", "text": "so", "start": 1, "end": 2},
        {"speaker": "0", "text": "no", "start": 5, "end": 6},
    ]
    event = only(read(text="SPEAKER_0: so [sigh] no", segments=segments).events)
    assert (event.start, event.end, event.timing, event.segment_no) == (1, 6, "segment", None)


def test_tags_that_stand_in_text_and_segments_are_counted_once() -> None:
    segments = [{"speaker": "0", "text": "so [sigh]", "start": 1, "end": 2}]
    assert only(read(text="SPEAKER_0: so [sigh]", segments=segments).events).source == "segment"


@pytest.mark.parametrize("word", ["Omaha", "Sahara", "aha", "[1]", "f***", "2*3*4"])
def test_what_only_looks_like_an_event_is_none(word: str) -> None:
    assert read(text=f"SPEAKER_0: so {word} no").events == ()


@pytest.mark.slow
@given(answers())
def test_every_tag_is_an_event_of_a_known_place(answer: dict[str, Any]) -> None:
    result = Transcription.from_json(answer)
    in_text = sum(len(speech.find_tags(turn.text)) for turn in result.turns)
    in_segments = sum(len(speech.find_tags(part.marked_text)) for part in result.segments)
    assert len(result.events) == max(in_text, in_segments)
    for number, event in enumerate(result.events):
        assert event.event_no == number
        assert (event.start is None) == (event.end is None) == (event.timing == "none")
        assert event.start is None or event.end is None or event.start <= event.end
        held = result.segments[event.segment_no] if event.source == "segment" and event.segment_no is not None else None
        clean = held.text_clean if held else result.turns[event.turn_no or 0].text_clean
        assert 0 <= event.char_offset <= len(clean)
        if not event.raw.startswith("["):
            assert clean[event.char_offset :].lower().startswith(event.raw.lower())


def test_speakers_get_names_and_keep_their_labels() -> None:
    result = recorded("observed_words").named({"SPEAKER_0": "Agent", "1": "Caller"})
    assert [(part.speaker, result.name_of(part.speaker)) for part in result.segments] == [
        ("0", "Agent"),
        ("0", "Agent"),
        ("1", "Caller"),
    ]
    assert result.name_of("7") is None


def test_what_is_worked_out_once_is_kept() -> None:
    result = recorded("page_get")
    assert result.words is result.words
    assert result.turns is result.turns


def test_a_transcription_writes_itself() -> None:
    assert recorded("page_get").to("vtt", preset="netflix", speaker_names={"0": "Ann"}).startswith(b"WEBVTT\n\n")
