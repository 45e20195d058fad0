"""The text grammar: turns, tags, laughs, emphasis, and that no letter is lost between them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.transcript.speech import (
    Tag,
    Turn,
    bare_speaker,
    clean_text,
    find_tags,
    merge_turns,
    parse_turns,
    render_turns,
)

SPEAKERS = st.from_regex(r"[A-Za-z0-9]{1,6}", fullmatch=True)
# Pieces that meet every rule of the grammar, so that random texts are full of near misses.
TAGS = ("[pause]", "[laugh]", "[Tut]", "[clears throat]", "[1]", "[", "]", "haha", "ha ha", "Omaha")
MARKS = ("*", "*really*", "f***", "um...", "SPEAKER_1:", "SPEAKER_", ",", ".", "...", "a", "B", "ñ", "日本")
SPACES = (" ", "  ", "\t", "\n", "\r\n")
PIECES = st.sampled_from(TAGS + MARKS + SPACES)
MARKED_TEXTS = st.lists(PIECES, max_size=25).map("".join)


def visible(text: str) -> str:
    return "".join(text.split())


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@pytest.mark.parametrize("value", ["SPEAKER_0", "0", 0, 0.0, " 0 ", " SPEAKER_0\n"])
def test_a_speaker_is_the_bare_label_however_it_is_written(value: object) -> None:
    assert bare_speaker(value) == "0"


@pytest.mark.parametrize("value", [None, "", "  ", True, [], ["0"], {}])
def test_what_is_no_label_is_no_speaker(value: object) -> None:
    assert bare_speaker(value) is None


@pytest.mark.parametrize(
    ("value", "label"),
    [("Ana\nLee", "Ana Lee"), ("SPEAKER_00", "00"), ("SPEAKER_", "SPEAKER_"), ("spk-1", "spk-1")],
)
def test_other_labels_stay_as_they_are_on_one_line(value: str, label: str) -> None:
    assert bare_speaker(value) == label


def test_each_label_starts_a_turn_even_by_the_same_speaker() -> None:
    assert parse_turns("SPEAKER_0: Hi.\nSPEAKER_1:Yes\nSPEAKER_1: No") == (
        Turn("0", "Hi."),
        Turn("1", "Yes"),
        Turn("1", "No"),
    )


def test_a_line_without_a_label_continues_the_turn_before_it() -> None:
    assert parse_turns("SPEAKER_0: one\ntwo\r\n\n three \nSPEAKER_1: four") == (
        Turn("0", "one two three"),
        Turn("1", "four"),
    )


def test_text_before_the_first_label_is_a_turn_of_nobody() -> None:
    assert parse_turns("\nhello\nthere\nSPEAKER_A: hi") == (Turn(None, "hello there"), Turn("A", "hi"))


def test_a_label_inside_a_line_is_text() -> None:
    assert parse_turns("SPEAKER_0: he said SPEAKER_1: twice") == (Turn("0", "he said SPEAKER_1: twice"),)


def test_a_label_without_a_body_is_an_empty_turn() -> None:
    assert parse_turns("SPEAKER_0:\nSPEAKER_1: hi") == (Turn("0", ""), Turn("1", "hi"))


@pytest.mark.parametrize("text", ["", "\n", " \r\n "])
def test_blank_text_has_no_turns(text: str) -> None:
    assert parse_turns(text) == ()


def test_turns_are_written_one_a_line() -> None:
    assert render_turns([Turn(None, "well"), Turn("0", "a\nb"), Turn("x y", "c")]) == (
        "well\nSPEAKER_0: a b\nSPEAKER_x_y: c"
    )


def test_neighbouring_pieces_by_one_speaker_become_one_turn() -> None:
    pieces = [("0", "a"), ("SPEAKER_0", " b "), ("1", "c"), ("1", " "), ("0", "d"), (None, "e"), (None, "f")]
    assert merge_turns(pieces) == (Turn("0", "a b"), Turn("1", "c"), Turn("0", "d"), Turn(None, "e f"))


def test_a_blank_piece_does_not_part_its_neighbours() -> None:
    assert merge_turns([("0", "a"), ("1", ""), ("0", "b")]) == (Turn("0", "a b"),)


@pytest.mark.slow
@given(st.lists(st.builds(Turn, SPEAKERS, st.text().map(lambda text: " ".join(text.split())))))
def test_written_turns_read_back_the_same(turns: list[Turn]) -> None:
    assert parse_turns(render_turns(turns)) == tuple(turns)


@given(MARKED_TEXTS | st.text())
def test_reading_turns_drops_nothing_but_labels(text: str) -> None:
    without_labels = re.sub(r"(?:^|(?<=[\r\n]))\s*SPEAKER_\w+:", "", text)
    assert "".join(visible(turn.text) for turn in parse_turns(text)) == visible(without_labels)


@given(MARKED_TEXTS | st.text())
def test_writing_turns_and_reading_them_again_changes_nothing_more(text: str) -> None:
    turns = parse_turns(text)
    assert parse_turns(render_turns(turns)) == turns


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("[breath]", "breath"),
        ("[laugh]", "laugh"),
        ("[hesitation]", "hesitation"),
        ("[hesitate]", "hesitation"),
        ("[Pause]", "pause"),
        ("[env]", "env"),
        ("[clearsthroat]", "clearsthroat"),
        ("[short  pause]", "short pause"),
        ("[dog-bark_2]", None),
        ("[door_slam]", "door_slam"),
        ("[x]", "x"),
        ("[1]", None),
        ("[]", None),
        ("[ pause]", None),
        ("[a" + "b" * 30 + "]", "a" + "b" * 30),
        ("[a" + "b" * 31 + "]", None),
        ("[élan]", None),
        ("hahaha", "laugh"),
        ("Haha", "laugh"),
        ("ha ha", "laugh"),
        ("ha-ha", "laugh"),
        ("hehe", "laugh"),
        ("he he", None),
        ("ha", None),
        ("aha", None),
        ("Omaha", None),
        ("Sahara", None),
        ("Minnehaha", None),
        ("hahaX", None),
    ],
)
def test_what_is_an_event_and_of_which_kind(raw: str, kind: str | None) -> None:
    found = find_tags(f"so {raw}, yes")
    assert found == (() if kind is None else (Tag(kind, raw, 3, 3 + len(raw)),))


def test_events_stand_in_the_order_of_the_text() -> None:
    assert [tag.raw for tag in find_tags("[tut] haha [sigh][cough] *hehe*")] == [
        "[tut]",
        "haha",
        "[sigh]",
        "[cough]",
        "hehe",
    ]


def test_an_event_tells_whether_it_is_written_as_a_word() -> None:
    assert [tag.is_word for tag in find_tags("[laugh] haha")] == [False, True]


@given(MARKED_TEXTS | st.text())
def test_an_event_is_where_it_says(text: str) -> None:
    for tag in find_tags(text):
        assert text[tag.start_char : tag.end_char] == tag.raw


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", ""),
        ("plain", "plain"),
        ("so [pause] I", "so I"),
        ("[breath] So", "So"),
        ("end [sigh]", "end"),
        ("[laugh]", ""),
        ("well [pause], yes", "well, yes"),
        ("yes, [laugh], no", "yes, no"),
        ("[pause], hello", "hello"),
        ("Hello. [breath]. Then", "Hello. Then"),
        ("so [pause]... yes", "so... yes"),
        ("Hello[breath]there", "Hello there"),
        ("I [breath] [pause][tut] go", "I go"),
        ("what [gasp] ?", "what?"),
        ('he said [laugh] "no"', 'he said "no"'),
        ("see [1] and [2]", "see [1] and [2]"),
        ("[mouthnoise] hm", "hm"),
        ("*really*", "really"),
        ("it *is so* good", "it is so good"),
        ("*one* *two*.", "one two."),
        ("*[laugh]* ok", "ok"),
        ("what the f***, man", "what the f***, man"),
        ("2*3*4", "2*3*4"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("**bold**", "**bold**"),
        ("um... so... *yes*", "um... so... yes"),
        ("hahaha [laugh] ha ha", "hahaha ha ha"),
        ("Omaha, aha", "Omaha, aha"),
        ("  two   spaces\there ", "two spaces here"),
        ("SPEAKER_0: [pause] hi\nSPEAKER_1: [pause], yes", "SPEAKER_0: hi\nSPEAKER_1: yes"),
        ("SPEAKER_0: [laugh]\nSPEAKER_1: ok", "SPEAKER_0:\nSPEAKER_1: ok"),
        ("a *b\nc* d", "a *b\nc* d"),
    ],
)
def test_clean_text_is_what_was_said(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@given(MARKED_TEXTS | st.text())
def test_cleaning_loses_no_letters_but_those_of_tags(text: str) -> None:
    tags = [tag for tag in find_tags(text) if not tag.is_word]
    kept = [letters(part) for part in re.split("|".join(re.escape(tag.raw) for tag in tags) or r"(?!)", text)]
    assert letters(clean_text(text)) == "".join(kept)


@given(MARKED_TEXTS | st.text())
def test_cleaning_keeps_the_newlines_between_turns(text: str) -> None:
    assert clean_text(text).count("\n") == text.count("\n")


@given(MARKED_TEXTS)
def test_clean_lines_have_single_spaces_and_none_at_their_ends(text: str) -> None:
    for line in clean_text(text).split("\n"):
        assert line == " ".join(line.split())


@pytest.mark.slow
@given(st.lists(st.builds(Turn, SPEAKERS, MARKED_TEXTS)))
def test_cleaning_a_transcript_keeps_each_turns_speaker(turns: list[Turn]) -> None:
    cleaned = parse_turns(clean_text(render_turns(turns)))
    assert [turn.speaker for turn in cleaned] == [turn.speaker for turn in turns]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["[" * 50_000, "*a" * 30_000, "ha " * 30_000 + "hab", "[pause] " * 20_000, " " * 90_000]
)
def test_hostile_text_takes_no_more_than_linear_time(text: str) -> None:
    # A pattern that goes back over what it has read would need minutes for each of these.
    assert len(clean_text(text)) <= len(text)
    assert all(tag.raw in text for tag in find_tags(text)[:10])
