"""Presets, least durations, gaps, overlaps and speakers' prefixes: every cue within its rules, nothing lost."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.breaking import width_of
from airflow_provider_fluxions.formats.captions import Cue, caption
from airflow_provider_fluxions.formats.limits import CaptionOptions, Limits, Speakers

Make = Callable[..., Transcription]

TEXTS = st.lists(
    st.sampled_from(["so", "really", "日本語を話す", "x" * 50, "https://example.org/" + "a" * 60, "👩‍👩‍👧", "42"]),
    max_size=25,
).map(" ".join)
SEGMENTS = st.lists(
    st.tuples(st.sampled_from(["0", "1", None]), st.floats(0, 60), st.floats(0, 20), TEXTS).map(
        lambda one: {"speaker": one[0], "start": one[1], "end": one[1] + one[2], "text": one[3]}
    ),
    max_size=6,
)
TRANSCRIPTIONS = SEGMENTS.map(lambda data: Transcription.from_json({"id": 1, "segments": data}))
LIMITS = st.sampled_from(
    [
        CaptionOptions(preset="netflix").limits,
        CaptionOptions(preset="bbc", overlap="trim").limits,
        CaptionOptions(preset="netflix", overlap="trim", lines=1, characters=10).limits,
        Limits(20, 3, 3000, 3000, 500),
        Limits(42, 2, 7000, 0, 0, "trim"),
        Limits(characters_per_second=12, gap_ms=200, linger_ms=3000),
    ]
)
QUICK = LIMITS.filter(lambda limits: limits.characters_per_second > 0)
SPEAKERS: st.SearchStrategy[Speakers] = st.sampled_from(["hidden", "dashed", "shown"])


def later_start(cues: list[Cue], number: int) -> int | None:
    return next((cue.start_ms for cue in cues[number:] if cue.start_ms > cues[number].start_ms), None)


@given(TRANSCRIPTIONS, LIMITS, SPEAKERS)
def test_every_cue_is_within_its_rules(result: Transcription, limits: Limits, speakers: Speakers) -> None:
    for cue in caption(result, limits, speakers):
        assert 1 <= len(cue.lines) <= limits.lines
        assert all(width_of(line) <= limits.line_characters for line in cue.lines)
        assert cue.start_ms < cue.end_ms <= cue.start_ms + limits.cue_ms


@pytest.mark.slow
@given(TRANSCRIPTIONS, LIMITS, SPEAKERS)
def test_no_word_is_lost_whatever_the_rules(result: Transcription, limits: Limits, speakers: Speakers) -> None:
    names = {"0": "Ann", "1": "Bo"}
    shown = "".join("".join(cue.lines) for cue in caption(result.named(names), limits, speakers))
    said = "".join(part.text_clean for part in result.segments)
    for prefix in ("Ann:", "Bo:", "-", " "):
        shown = shown.replace(prefix, "")
        said = said.replace(prefix, "")
    assert sorted(shown) == sorted(said)


@pytest.mark.slow
@given(TRANSCRIPTIONS, LIMITS)
def test_rules_never_move_a_start(result: Transcription, limits: Limits) -> None:
    plain = Limits(limits.line_characters, limits.lines, limits.cue_ms)
    assert [cue.start_ms for cue in caption(result, limits)] == [cue.start_ms for cue in caption(result, plain)]


@given(TRANSCRIPTIONS, LIMITS)
def test_a_cue_is_short_only_where_the_next_one_leaves_no_room(result: Transcription, limits: Limits) -> None:
    cues = caption(result, limits)
    for number, cue in enumerate(cues):
        later = later_start(cues, number)
        if later is None or later - limits.gap_ms >= cue.start_ms + limits.min_cue_ms:
            assert cue.end_ms - cue.start_ms >= limits.min_cue_ms


@given(TRANSCRIPTIONS, LIMITS)
def test_cues_that_do_not_overlap_keep_their_gap(result: Transcription, limits: Limits) -> None:
    cues = caption(result, limits)
    for number, cue in enumerate(cues):
        later = later_start(cues, number)
        if later is not None and cue.end_ms <= later and later - limits.gap_ms > cue.start_ms:
            assert later - cue.end_ms >= limits.gap_ms


@given(TRANSCRIPTIONS, LIMITS.filter(lambda limits: limits.overlap == "trim"))
def test_trimmed_cues_overlap_only_where_they_begin_together(result: Transcription, limits: Limits) -> None:
    for cue, after in pairwise(caption(result, limits)):
        assert cue.end_ms <= after.start_ms or cue.start_ms == after.start_ms


def as_spoken(result: Transcription, limits: Limits) -> list[Cue]:
    """Return the same cues with the ends that speech gave them."""
    return caption(result, Limits(limits.line_characters, limits.lines, limits.cue_ms))


def readable_end(cue: Cue, spoken: Cue, limits: Limits) -> int:
    """Return until when a cue should stay to be read, were it alone."""
    reading_ms = math.ceil(width_of(" ".join(cue.lines)) * 1000 / limits.characters_per_second)
    return min(cue.start_ms + reading_ms, cue.start_ms + limits.cue_ms, spoken.end_ms + limits.linger_ms)


@pytest.mark.slow
@given(TRANSCRIPTIONS, QUICK)
def test_a_cue_stays_until_it_can_be_read_where_silence_follows(result: Transcription, limits: Limits) -> None:
    cues = caption(result, limits)
    for number, (cue, spoken) in enumerate(zip(cues, as_spoken(result, limits), strict=True)):
        later = later_start(cues, number)
        if later is None:
            assert cue.end_ms >= readable_end(cue, spoken, limits)
        elif spoken.end_ms <= later and later - limits.gap_ms > cue.start_ms:
            assert cue.end_ms >= min(readable_end(cue, spoken, limits), later - limits.gap_ms)


def test_a_cue_into_which_somebody_else_talks_is_not_made_longer_to_be_read(make: Make) -> None:
    limits = Limits(characters_per_second=5)
    cues = caption(make(("0", 0, 2, "Far too much to read"), ("1", 1, 6, "so")), limits)
    assert [cue.end_ms for cue in cues] == [2000, 6000]


@pytest.mark.slow
@given(TRANSCRIPTIONS, QUICK)
def test_no_cue_stays_longer_than_it_takes_to_say_and_to_read(result: Transcription, limits: Limits) -> None:
    for cue, spoken in zip(caption(result, limits), as_spoken(result, limits), strict=True):
        least = cue.start_ms + limits.min_cue_ms
        assert cue.end_ms <= max(spoken.end_ms, least, readable_end(cue, spoken, limits))


@pytest.mark.slow
@given(TRANSCRIPTIONS, QUICK)
def test_reading_speed_only_ever_lengthens_cues(result: Transcription, limits: Limits) -> None:
    cues = caption(result, limits)
    spoken = caption(result, replace(limits, characters_per_second=0))
    for cue, unread in zip(cues, spoken, strict=True):
        assert (cue.start_ms, cue.lines) == (unread.start_ms, unread.lines)
        assert unread.end_ms <= cue.end_ms


def test_kept_overlaps_are_as_people_spoke(make: Make) -> None:
    cues = caption(make(("0", 0, 6.42, "a"), ("1", 6.0, 7.2, "b")), CaptionOptions(preset="netflix").limits)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 6420), (6000, 7200)]


def test_a_short_cue_stays_for_the_least_time(make: Make) -> None:
    limits: Any = Limits(min_cue_ms=833)
    assert [cue.end_ms for cue in caption(make(("0", 1, 1.2, "No."), ("1", 9, 9.9, "Yes.")), limits)] == [1833, 9900]


@pytest.mark.parametrize(
    ("limits", "ends"),
    [
        (Limits(), [1500, 9900]),
        (Limits(characters_per_second=10), [3000, 9900]),
        (Limits(characters_per_second=10, linger_ms=300), [1800, 9900]),
        (Limits(characters_per_second=10, cue_ms=1200), [2200, 9900]),
        (Limits(characters_per_second=1, gap_ms=100, linger_ms=60_000, cue_ms=30_000), [8900, 10_000]),
    ],
)
def test_what_is_said_too_quickly_stays_to_be_read(make: Make, limits: Limits, ends: list[int]) -> None:
    cues = caption(make(("0", 1, 1.5, "We sold forty of 'em"), ("1", 9, 9.9, "Y")), limits)
    assert [cue.end_ms for cue in cues] == ends


def test_a_cue_whose_successor_leaves_no_room_stays_too_quick_and_keeps_its_words(make: Make) -> None:
    limits = CaptionOptions(preset="netflix", max_chars_per_second=5).limits
    cues = caption(make(("0", 0, 1, "Far too much to read"), ("1", 1.2, 3, "so")), limits)
    assert cues[0] == Cue(0, 1117, "0", ("Far too much to read",))


def test_a_cue_that_starts_one_gap_before_the_next_lasts_until_it_starts(make: Make) -> None:
    limits = Limits(min_cue_ms=500, gap_ms=100)
    cues = caption(make(("0", 0, 0.05, "No."), ("1", 0.1, 2, "Yes.")), limits)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 100), (100, 2000)]


def test_the_first_speaker_has_no_dash_if_the_segment_names_none(make: Make) -> None:
    cues = caption(make((None, 0, 1, "a"), ("1", 2, 3, "b")), Limits(), "dashed")
    assert [cue.lines[0] for cue in cues] == ["a", "- b"]


def test_a_long_name_takes_half_a_line_at_most(make: Make) -> None:
    result = make(("0", 0, 1, "hello")).named({"0": "Wolfeschlegelsteinhausenbergerdorff"})
    (cue,) = caption(result, Limits(20), "shown")
    assert cue.lines == ("Wolfesch: hello",)


def test_a_name_stands_where_the_speaker_changes_and_not_again(make: Make) -> None:
    cues = caption(make(("0", 0, 1, "a"), ("0", 2, 3, "b"), ("1", 4, 5, "c"), ("0", 6, 7, "d")), Limits(), "shown")
    assert [cue.lines[0] for cue in cues] == ["Speaker 0: a", "b", "Speaker 1: c", "Speaker 0: d"]
