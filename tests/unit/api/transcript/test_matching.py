"""Matching words: in order, by letters, and quick for long texts."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.transcript.matching import align, find_words, normalized_word

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "so", "no", "well"]), max_size=40)


@pytest.mark.parametrize(("token", "key"), [("Don't,", "dont"), ("STRASSE", "strasse"), ("...", ""), ("42%", "42")])
def test_a_key_is_letters_and_digits_in_one_case(token: str, key: str) -> None:
    assert normalized_word(token) == key


def test_words_are_found_over_holes_and_strangers() -> None:
    assert list(find_words(["we", "sold", "42", "of", "them"], ["We", "sold", "um", "of", "them."])) == [
        (0, 0),
        (1, 1),
        (3, 3),
        (4, 4),
    ]


@given(WORDS, WORDS)
def test_matches_are_of_equal_words_and_go_up_on_both_sides(left: list[str], right: list[str]) -> None:
    pairs = align(left, right)
    assert all(left[one] == right[other] for one, other in pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))


@given(WORDS)
def test_equal_lists_match_word_by_word(words: list[str]) -> None:
    assert align(words, words) == [(at, at) for at in range(len(words))]


@given(WORDS, st.integers(0, 40), st.integers(0, 40))
def test_a_piece_that_one_side_lacks_is_all_that_stays_unmatched(words: list[str], begin: int, size: int) -> None:
    numbered = [f"{word}{at}" for at, word in enumerate(words)]
    rest = numbered[:begin] + numbered[begin + size :]
    assert [numbered[one] for one, _ in align(numbered, rest)] == rest


@pytest.mark.slow
def test_fifty_thousand_words_said_over_and_over_take_less_than_two_seconds() -> None:
    words = [("so", "we", "said", "no")[at * at % 4] for at in range(50_000)]
    began = time.process_time()
    align(words, words[1:])
    assert time.process_time() - began < 2
