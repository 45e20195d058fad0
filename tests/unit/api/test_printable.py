"""Foreign text in logs, errors and terminals."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.printable import printable, printable_lines

ANY_TEXT = st.text(st.characters(categories=None, codec=None))


def is_safe(character: str) -> bool:
    return character in "\u200c\u200d" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(ANY_TEXT, st.integers(1, 600))
def test_it_is_one_line_of_at_most_the_limit_without_characters_that_steer_a_terminal(text: str, limit: int) -> None:
    shown = printable(text, limit)

    assert len(shown) <= limit
    assert all(map(is_safe, shown))


@given(st.text("abc é漢🎉"))
def test_harmless_text_stays_but_for_its_spaces(text: str) -> None:
    assert printable(text, None) == " ".join(text.split())


def test_escape_sequences_and_line_breaks_are_shown_not_obeyed() -> None:
    assert printable("a\x1b[31mred\x07\r\n[INFO] forged\u202e") == r"a\x1b[31mred\x07 [INFO] forged\u202e"


def test_the_joiners_of_words_and_emoji_stay() -> None:
    assert printable("क्\u200dष 👩\u200d🚀") == "क्\u200dष 👩\u200d🚀"


def test_a_lone_surrogate_is_shown_as_its_escape() -> None:
    assert printable("caf\udce9.mp3") == r"caf\udce9.mp3"


def test_a_cut_text_ends_in_an_ellipsis() -> None:
    assert printable("x" * 501) == "x" * 499 + "…"


def test_a_text_that_is_cut_inside_its_spaces_ends_in_an_ellipsis_too() -> None:
    assert printable("a" + " " * 2000 + "b") == "a…"


def test_anything_has_a_text() -> None:
    assert printable(None) == "None"


@given(ANY_TEXT)
def test_lines_and_tabs_stay_where_a_text_of_several_lines_is_printed(text: str) -> None:
    shown = printable_lines(text)

    assert shown.count("\n") == text.count("\n")
    assert all(is_safe(character) or character in "\n\t" for character in shown)
