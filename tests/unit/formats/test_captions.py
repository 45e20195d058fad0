"""Cutting segments into cues: nothing lost, nothing too large, times where the words were."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.transcript import speech
from airflow_provider_fluxions.formats.breaking import width_of
from airflow_provider_fluxions.formats.captions import DEFAULT_LIMITS, Cue, Limits, caption, timestamp

Make = Callable[..., Transcription]

# 42 characters, 2 lines, 7 s: https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617
LINE_CHARACTERS, LINES, CUE_MS = 42, 2, 7_000

SECONDS = st.floats(0, 400_000)
WORDS = ("a", "so", "really", "42", "don't", "haha", "…", "日本語を話す", "ǅ", "İstanbul")
MARKUP = ("f***", "*yes*", "[pause]", "&", "<i>", "-->", "--->", "\n", "\u2028")
LONG_WORDS = ("x" * 43, "https://example.org/" + "a" * 100)
TOKENS = st.sampled_from(WORDS + MARKUP + LONG_WORDS)
TEXTS = st.lists(TOKENS, max_size=60).map(" ".join) | st.text(max_size=200)


@st.composite
def segments(draw: st.DrawFn) -> dict[str, Any]:
    text, start = draw(TEXTS), draw(SECONDS)
    end = start + draw(st.floats(-1, 90))
    tokens = [token for token in text.split() if draw(st.booleans())] if draw(st.booleans()) else []
    times = st.none() | st.floats(start - 1, start + 91)
    words = [{"word": token, "start": draw(times), "end": draw(times)} for token in tokens]
    speaker = draw(st.none() | st.sampled_from(["0", "1", "SPEAKER_2", "A & <B>\n-->"]))
    return {"speaker": speaker, "text": text, "start": start, "end": end, "words": words}


TRANSCRIPTIONS = st.lists(segments(), max_size=5).map(lambda data: Transcription.from_json({"id": 1, "segments": data}))


def visible(text: str) -> str:
    return "".join(text.split())


def times(cues: list[Cue]) -> list[tuple[int, int]]:
    return [(cue.start_ms, cue.end_ms) for cue in cues]


def texts(cues: list[Cue]) -> list[str]:
    return [" ".join(cue.lines) for cue in cues]


@given(TRANSCRIPTIONS)
def test_no_cue_breaks_a_rule(result: Transcription) -> None:
    for cue in caption(result):
        assert 1 <= len(cue.lines) <= LINES
        assert all(1 <= width_of(line) <= LINE_CHARACTERS and line == line.strip() for line in cue.lines)
        assert not any(char in line for line in cue.lines for char in "\n\r\u2028\x85")
        assert 0 <= cue.start_ms < cue.end_ms <= cue.start_ms + CUE_MS


@given(segments())
def test_no_character_of_a_segment_is_lost_or_moved(data: dict[str, Any]) -> None:
    cues = caption(Transcription.from_json({"id": 1, "segments": [data]}))
    assert visible("".join(texts(cues))) == visible(speech.clean_text(data["text"]))


@given(TRANSCRIPTIONS)
def test_no_character_of_a_transcription_is_lost(result: Transcription) -> None:
    shown = sorted(visible("".join(texts(caption(result)))))
    assert shown == sorted(visible("".join(speech.clean_text(part.text) for part in result.segments)))


@given(segments())
def test_the_times_of_a_segments_cues_never_go_back(data: dict[str, Any]) -> None:
    cues = caption(Transcription.from_json({"id": 1, "segments": [data]}))
    assert [cue.start_ms for cue in cues] == sorted(cue.start_ms for cue in cues)
    assert [cue.end_ms for cue in cues] == sorted(cue.end_ms for cue in cues)


@given(segments())
def test_a_segments_cues_stay_within_its_time(data: dict[str, Any]) -> None:
    start_ms, end_ms = round(data["start"] * 1000), round(data["end"] * 1000)
    cues = caption(Transcription.from_json({"id": 1, "segments": [data]}))
    assert all(start_ms <= cue.start_ms < cue.end_ms for cue in cues)
    if end_ms > start_ms and all(cue.end_ms > end_ms for cue in cues):
        # More cues than milliseconds are left: each still lasts one.
        assert all(cue.end_ms == cue.start_ms + 1 for cue in cues)
    elif end_ms > start_ms:
        assert all(cue.end_ms <= max(end_ms, cue.start_ms + 1) for cue in cues)


@pytest.mark.slow
@given(TRANSCRIPTIONS)
def test_cues_are_ordered_by_start_as_webvtt_requires(result: Transcription) -> None:
    starts = [cue.start_ms for cue in caption(result)]
    assert starts == sorted(starts)


@given(TRANSCRIPTIONS, st.builds(Limits, st.integers(1, 60), st.integers(1, 4), st.integers(500, 20_000)))
def test_other_limits_hold_too(result: Transcription, limits: Limits) -> None:
    for cue in caption(result, limits):
        assert len(cue.lines) <= limits.lines
        # A character of two columns is never cut, not even by a line of one.
        assert max(map(width_of, cue.lines)) <= max(2, limits.line_characters)
        assert cue.end_ms - cue.start_ms <= limits.cue_ms


def test_the_default_limits_are_those_of_the_guide() -> None:
    assert (
        DEFAULT_LIMITS.line_characters,
        DEFAULT_LIMITS.lines,
        DEFAULT_LIMITS.cue_ms,
    ) == (LINE_CHARACTERS, LINES, CUE_MS)


def test_a_segment_that_fits_is_one_cue(make: Make) -> None:
    assert caption(make(("SPEAKER_0", 1, 2.5, "[breath] It is *fine*."))) == [Cue(1000, 2500, "0", ("It is fine.",))]


def test_lines_break_between_words(make: Make) -> None:
    (cue,) = caption(make(("0", 0, 3, "The quick brown fox jumps over the lazy dog, and then it sleeps.")))
    assert cue.lines == ("The quick brown fox jumps over the lazy", "dog, and then it sleeps.")


def test_a_long_text_without_word_times_is_cut_in_proportion_to_its_characters(make: Make) -> None:
    cues = caption(make(("0", 10, 20, "ten chars " * 10)))
    # 99 characters in 10 s; the space between the two halves belongs to no cue.
    assert [len(text) for text in texts(cues)] == [49, 49]
    assert times(cues) == [(10_000, 14_949), (15_051, 20_000)]


@given(st.lists(st.sampled_from(["a", "so", "really", "yesterday", "don't", "sold"]), min_size=1, max_size=90))
def test_no_word_is_left_over_for_the_last_cue(words: list[str]) -> None:
    text = " ".join(words)
    cues = caption(Transcription.from_json({"id": 1, "segments": [{"text": text, "start": 0, "end": 5}]}))
    for before, last in list(pairwise(texts(cues)))[-1:]:
        assert len(last) * 2 >= len(before)


def test_a_last_word_after_a_pause_stays_alone(make: Make) -> None:
    words = [{"word": f"w{n}", "start": n * 0.9, "end": n * 0.9 + 0.8} for n in range(7)]
    text = "w0 w1 w2 w3 w4 w5 w6 no"
    result = make(
        segments=[{"text": text, "start": 0, "end": 9, "words": [*words, {"word": "no", "start": 8, "end": 9}]}]
    )
    assert texts(caption(result)) == ["w0 w1 w2 w3 w4 w5 w6", "no"]


def test_a_last_word_stays_alone_where_the_cue_would_be_too_long_with_another(make: Make) -> None:
    words = [
        {"word": "so", "start": 0, "end": 0.9},
        {"word": "then", "start": 1, "end": 6.9},
        {"word": "a", "start": 7, "end": 8.5},
    ]
    result = make(segments=[{"text": "so then a", "start": 0, "end": 8.5, "words": words}])
    assert texts(caption(result)) == ["so then", "a"]


def test_a_long_segment_is_cut_where_its_words_begin_and_end(make: Make) -> None:
    words = [{"word": f"w{n}", "start": n * 2.0, "end": n * 2.0 + 1} for n in range(6)]
    result = make(segments=[{"text": "w0 w1 w2, w3 w4 W5.", "start": 0, "end": 12, "words": words}])
    assert texts(caption(result)) == ["w0 w1 w2, w3", "w4 W5."]
    assert times(caption(result)) == [(0, 7000), (8000, 12000)]


def test_words_that_the_aligner_left_out_are_placed_between_their_neighbours(make: Make) -> None:
    words = [{"word": "sold", "start": 0, "end": 1}, {"word": "of", "start": 9, "end": 9.5}]
    result = make(segments=[{"text": "sold 42 of", "start": 0, "end": 9.5, "words": words}])
    assert texts(caption(result)) == ["sold 42", "of"]
    assert times(caption(result)) == [(0, 7000), (9000, 9500)]


def test_a_word_the_text_does_not_have_moves_no_other(make: Make) -> None:
    words = [
        {"word": "one", "start": 0, "end": 1},
        {"word": "stray", "start": 90, "end": 91},
        {"word": "two", "start": 8, "end": 9},
    ]
    result = make(segments=[{"text": "One, two.", "start": 0, "end": 9, "words": words}])
    assert times(caption(result)) == [(0, 1000), (8000, 9000)]


@pytest.mark.parametrize("wild", [-5.0, 900.0])
def test_a_word_with_an_impossible_time_is_placed_between_its_neighbours(make: Make, wild: float) -> None:
    words = [
        {"word": "one", "start": 0, "end": 2},
        {"word": "two", "start": wild, "end": wild},
        {"word": "six", "start": 9, "end": 10},
    ]
    result = make(segments=[{"text": "one two six", "start": 0, "end": 10, "words": words}])
    # "two" begins one of the five characters after "one" ends (2 s) and "six" begins (9 s).
    assert texts(caption(result)) == ["one", "two six"]
    assert times(caption(result)) == [(0, 2000), (3400, 10000)]


def test_the_same_word_said_twice_is_found_twice(make: Make) -> None:
    words = [{"word": "no", "start": start, "end": start + 1} for start in (0, 10, 20)]
    result = make(segments=[{"text": "No, no, no!", "start": 0, "end": 21, "words": words}])
    assert times(caption(result)) == [(0, 1000), (10000, 11000), (20000, 21000)]


def test_a_segment_without_text_shows_its_words(make: Make) -> None:
    words = [{"word": "hi", "start": 1, "end": 1.5}, {"word": "there", "start": 1.5, "end": 2}]
    assert caption(make(segments=[{"speaker": 1, "words": words}])) == [Cue(1000, 2000, "1", ("hi there",))]


def test_a_word_that_lasts_longer_than_a_cue_may_is_shown_as_long_as_a_cue_may(make: Make) -> None:
    assert times(caption(make(("0", 1, 30, "Goooal!")))) == [(1000, 8000)]


def test_a_word_longer_than_a_line_is_cut_itself(make: Make) -> None:
    cues = caption(make(("0", 0, 5, "see " + "x" * 50)))
    assert [cue.lines for cue in cues] == [("see", "x" * 42), ("x" * 8,)]


def test_a_script_without_spaces_is_cut_by_time_too(make: Make) -> None:
    cues = caption(make(("0", 0, 20, "日本語" * 40)))
    assert "".join("".join(cue.lines) for cue in cues) == "日本語" * 40
    assert all(later.start_ms - cue.end_ms <= 1 for cue, later in pairwise(cues))


def test_overlapping_speech_stays_overlapping(make: Make) -> None:
    cues = caption(make(("0", 0, 6.42, "a"), ("1", 6.0, 7.2, "b")))
    assert times(cues) == [(0, 6420), (6000, 7200)]


def test_a_segment_that_starts_during_a_long_one_stands_between_its_cues(make: Make) -> None:
    cues = caption(make(("0", 0, 14, "first words second words"), ("1", 3, 4, "yes")))
    assert [cue.speaker for cue in cues] == ["0", "1", "0"]


@pytest.mark.parametrize(("seconds", "ms"), [(59.9996, 60_000), (0.0004, 0), (1.0006, 1001), (6.42, 6420)])
def test_times_are_rounded_to_whole_milliseconds(make: Make, seconds: float, ms: int) -> None:
    (cue,) = caption(make(("0", seconds, seconds + 2, "a")))
    assert cue.start_ms == ms


@pytest.mark.parametrize("end", [5, 4.9, 5.0001, 0, -1, 1e306, math.inf, math.nan])
def test_an_end_that_is_not_after_the_start_is_no_end(make: Make, end: float) -> None:
    text = "x" * 34
    assert times(caption(make(("0", 5, end, text)))) == times(caption(make(("0", 5, None, text)))) == [(5000, 7000)]


def test_an_end_that_is_not_after_the_start_comes_from_the_words_if_they_have_one(make: Make) -> None:
    words = [{"word": "hi", "start": 5, "end": 5.5}, {"word": "there", "start": 5.5, "end": 6.5}]
    result = make(segments=[{"text": "Hi there.", "start": 5, "end": 5, "words": words}])
    assert times(caption(result)) == [(5000, 6500)]


def test_a_derived_end_leaves_time_to_see_the_cue(make: Make) -> None:
    assert times(caption(make(("0", 5, 5, "a")))) == [(5000, 6000)]


LONG_TEXT = "We sold forty of them yesterday and nobody really asked us why we did it at all so we did it again"


@pytest.mark.parametrize("instant", [0.0, 5.0, 9.99, 10.0])
@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, Limits(20, 1)])
def test_words_that_all_carry_one_instant_share_the_segments_time(make: Make, instant: float, limits: Limits) -> None:
    segment = {"text": LONG_TEXT, "start": 0, "end": 10}
    words = [{"word": word, "start": instant, "end": instant} for word in LONG_TEXT.split()]
    assert caption(make(segments=[{**segment, "words": words}]), limits) == caption(make(segments=[segment]), limits)


@given(st.lists(st.floats(0, 10), min_size=20, max_size=20).map(sorted), st.sampled_from([Limits(20, 1), Limits()]))
def test_no_cue_of_a_segment_with_room_is_too_short_to_be_spoken(starts: list[float], limits: Limits) -> None:
    tokens = LONG_TEXT.split()
    words = [{"word": token, "start": at, "end": at} for token, at in zip(tokens, starts, strict=False)]
    segment = {"text": LONG_TEXT, "start": 0, "end": 10, "words": words}
    for cue in caption(Transcription.from_json({"id": 1, "segments": [segment]}), limits):
        assert cue.end_ms - cue.start_ms >= 20 * sum(map(len, cue.lines)) - 1


def test_a_word_of_no_length_before_a_pause_is_shown_long_enough_to_be_said(make: Make) -> None:
    words = [
        {"word": "one", "start": 0, "end": 6.5},
        {"word": "tomorrow", "start": 7.5, "end": 7.5},
        {"word": "six", "start": 15, "end": 16},
    ]
    result = make(segments=[{"text": "one tomorrow six", "start": 0, "end": 16, "words": words}])
    assert times(caption(result)) == [(0, 6500), (7500, 7660), (15000, 16000)]


@pytest.mark.parametrize("absurd", [1e306, -1e306, 1e10, math.inf, math.nan, -1, 10**400, "1e306"])
def test_a_segment_with_an_absurd_time_follows_the_one_before_it(make: Make, absurd: Any) -> None:
    cues = caption(make(("0", 1, 2, "a"), ("1", absurd, absurd, "b" * 17), ("0", 5, 6, "c")))
    assert times(cues) == [(1000, 2000), (2000, 3000), (5000, 6000)]


def test_a_time_before_the_audio_is_its_start(make: Make) -> None:
    assert times(caption(make(("0", -0.3, 1, "a")))) == [(0, 1000)]


def test_a_segment_without_an_end_lasts_as_long_as_it_takes_to_read(make: Make) -> None:
    assert times(caption(make(("0", 2, None, "x" * 34)))) == [(2000, 4000)]


def test_an_untimed_segment_among_timed_ones_follows_the_one_before_it(make: Make) -> None:
    cues = caption(make(("0", 1, 2, "a"), ("1", None, None, "b" * 17), ("0", 5, 6, "c")))
    assert times(cues) == [(1000, 2000), (2000, 3000), (5000, 6000)]


def test_text_without_any_time_is_refused_with_what_to_do(make: Make) -> None:
    with pytest.raises(FluxionsFormatError, match="word_level_timestamps=true") as caught:
        caption(make(text="SPEAKER_0: hi"))
    assert caught.value.job_id == 124


def test_text_beside_segments_that_hold_none_is_refused_too(make: Make) -> None:
    with pytest.raises(FluxionsFormatError):
        caption(make(("0", 0, 1, ""), text="SPEAKER_0: hi"))


@pytest.mark.parametrize("text", ["", "SPEAKER_0:", "SPEAKER_0: [breath] [sigh]"])
def test_where_nothing_was_said_there_is_no_cue_and_no_complaint(make: Make, text: str) -> None:
    assert caption(make(text=text)) == []


@pytest.mark.parametrize(
    ("ms", "written"),
    [
        (0, "00:00:00.000"),
        (61_001, "00:01:01.001"),
        (3_599_999, "00:59:59.999"),
        (90_000_000, "25:00:00.000"),
        (360_000_000, "100:00:00.000"),
    ],
)
def test_hours_never_wrap(ms: int, written: str) -> None:
    assert timestamp(ms, ".") == written
