"""Where a text is cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.speech_text import TAG, spoken_characters
from airflow_provider_fluxions.speech.pieces import MAX_PIECE_CHARACTERS, Piece, cut_text, split_sentences

WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=60)
TOKENS = st.one_of(
    WORDS,
    st.sampled_from(["[laugh]", "[clears throat]", "Dr. Smith", "3.5", "U.S.", "日本語。です", "e.g.", "!", "\u0301"]),
    st.sampled_from([" ", ". ", ", ", "; ", "\n", "\n\n", "\r\n\r\n", " \n \n ", "...", "? "]),
)
TEXTS = st.lists(TOKENS, min_size=1, max_size=60).map("".join)


def squeezed(text: str) -> str:
    return "".join(text.split())


def is_speakable(text: str) -> bool:
    return bool(spoken_characters(text) or TAG.search(text))


@pytest.mark.slow
@given(TEXTS.filter(is_speakable), st.integers(40, 120))
def test_no_word_is_lost_no_piece_is_too_long_and_no_tag_is_cut(text: str, most: int) -> None:
    pieces = cut_text(text, most)
    spoken = squeezed("".join(piece.text for piece in pieces))
    assert all(0 < len(piece.text) <= most and is_speakable(piece.text) for piece in pieces)
    assert re.findall(r"\w", spoken) == re.findall(r"\w", squeezed(text))
    assert [found for piece in pieces for found in TAG.findall(piece.text)] == TAG.findall(" ".join(text.split()))
    assert pieces[-1].pause_seconds == 0.0


@given(TEXTS)
def test_sentences_joined_are_the_text(text: str) -> None:
    assert "".join(split_sentences(text)) == text


def test_a_short_text_is_one_piece() -> None:
    assert cut_text("  One.\r\n\r\nTwo\n  lines.  ") == (Piece("One.\n\nTwo lines.", 0.0),)


def test_paragraphs_come_before_sentences_and_these_before_clauses() -> None:
    text = "A short one.\n\n" + "First sentence here. Second, with a clause inside it, is longer still. " * 2
    assert cut_text(text, 60) == (
        Piece("A short one.", 0.6),
        Piece("First sentence here.", 0.3),
        Piece("Second, with a clause inside it, is longer still.", 0.3),
        Piece("First sentence here.", 0.3),
        Piece("Second, with a clause inside it, is longer still.", 0.0),
    )
    assert [piece.text for piece in cut_text("Second, with a clause inside it, is longer still.", 40)] == [
        "Second, with a clause inside it,",
        "is longer still.",
    ]


def test_as_many_paragraphs_as_fit_are_one_piece() -> None:
    assert [piece.text for piece in cut_text("\n\n".join(["x" * 18] * 5), 40)] == [
        f"{'x' * 18}\n\n{'x' * 18}",
        f"{'x' * 18}\n\n{'x' * 18}",
        "x" * 18,
    ]


def test_an_abbreviation_ends_no_sentence() -> None:
    pieces = cut_text("We met Dr. Smith of the U.S. team. He had 3.5 apples, e.g. red ones.", 40)
    assert [piece.text for piece in pieces] == [
        "We met Dr. Smith of the U.S. team.",
        "He had 3.5 apples, e.g. red ones.",
    ]


def test_text_without_spaces_is_cut_between_graphemes() -> None:
    pieces = cut_text("e\u0301" * 50, 41)
    assert [len(piece.text) for piece in pieces] == [40, 40, 20]


def test_a_tag_at_the_limit_stays_whole() -> None:
    pieces = cut_text("a" * 35 + "[clears throat]" + "b" * 20, 40)
    assert [piece.text for piece in pieces] == ["a" * 35, "[clears throat]" + "b" * 20]


def test_a_line_of_signs_between_chapters_is_a_pause() -> None:
    text = "a" * 40 + "\n\n* * *\n\n" + "b" * 40
    assert cut_text(text, 40) == (Piece("a" * 40, 0.6), Piece("b" * 40, 0.0))


def test_pieces_of_less_than_40_characters_are_refused() -> None:
    with pytest.raises(FluxionsInputError, match="40 or more, not 39"):
        cut_text("a", 39)


@pytest.mark.slow
def test_a_book_is_cut_in_time_that_grows_with_its_length() -> None:
    paragraph = "It was the best of times, it was the worst of times; it was the age of wisdom. " * 20
    pieces = cut_text("\n\n".join([paragraph] * 100))
    assert max(len(piece.text) for piece in pieces) <= MAX_PIECE_CHARACTERS
    assert len(pieces) == 200
