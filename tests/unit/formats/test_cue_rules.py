"""Presets, least durations, gaps, overlaps and speakers' prefixes: every cue within its rules, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.models import Transcription
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
    ]
)
SPEAKERS: st.SearchStrategy[Speakers] = st.sampled_from(["hidden", "dashed", "shown"])


def later_start(cues: list[Cue], number: int) -> int | None:
    return next((cue.start_ms for cue in cues[number:] if cue.start_ms > cues[number].start_ms), None)


@given(TRANSCRIPTIONS, LIMITS, SPEAKERS)
def test_every_cue_is_within_its_rules(result: Transcription, limits: Limits, speakers: Speakers) -> None:
    for cue in caption(result, limits, speakers):
        assert 1 <= len(cue.lines) <= limits.lines
        assert all(len(line) <= limits.line_characters for line in cue.lines)
        assert cue.start_ms < cue.end_ms <= cue.start_ms + limits.cue_ms


@given(TRANSCRIPTIONS, LIMITS, SPEAKERS)
def test_no_word_is_lost_whatever_the_rules(result: Transcription, limits: Limits, speakers: Speakers) -> None:
    names = {"0": "Ann", "1": "Bo"}
    shown = "".join("".join(cue.lines) for cue in caption(result.named(names), limits, speakers))
    said = "".join(part.text_clean for part in result.segments)
    for prefix in ("Ann:", "Bo:", "-", " "):
        shown = shown.replace(prefix, "")
        said = said.replace(prefix, "")
    assert sorted(shown) == sorted(said)


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


def test_kept_overlaps_are_as_people_spoke(make: Make) -> None:
    cues = caption(make(("0", 0, 6.42, "a"), ("1", 6.0, 7.2, "b")), CaptionOptions(preset="netflix").limits)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 6420), (6000, 7200)]


def test_a_short_cue_stays_for_the_least_time(make: Make) -> None:
    limits: Any = Limits(min_cue_ms=833)
    assert [cue.end_ms for cue in caption(make(("0", 1, 1.2, "No."), ("1", 9, 9.9, "Yes.")), limits)] == [1833, 9900]


def test_a_long_name_takes_half_a_line_at_most(make: Make) -> None:
    result = make(("0", 0, 1, "hello")).named({"0": "Wolfeschlegelsteinhausenbergerdorff"})
    (cue,) = caption(result, Limits(20), "shown")
    assert cue.lines == ("Wolfesch: hello",)


def test_a_name_stands_where_the_speaker_changes_and_not_again(make: Make) -> None:
    cues = caption(make(("0", 0, 1, "a"), ("0", 2, 3, "b"), ("1", 4, 5, "c"), ("0", 6, 7, "d")), Limits(), "shown")
    assert [cue.lines[0] for cue in cues] == ["Speaker 0: a", "b", "Speaker 1: c", "Speaker 0: d"]
