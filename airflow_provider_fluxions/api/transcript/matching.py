"""Finding the words of one list in another: by their letters and in order, never by counting.

Two lists of the same speech differ in punctuation, in markup and in holes; counting along both drifts apart
(https://github.com/hyperaudio/hyperaudio-lite-editor/issues/649).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

# How far ahead in the text a timed word is looked for. Words are missing where a token has no letter.
LOOK_AHEAD_TOKENS = 8
# Rows of so many words that stand once in either list tie the two lists together.
_ANCHOR_WORDS = 3
# difflib takes time in proportion to the product of both lengths. What is longer stays unmatched.
_MAX_PRODUCT = 250_000


def normalized_word(token: str) -> str:
    """Return a word's letters and digits in one case, empty for a token that has none."""
    folded = token.casefold()
    return folded if folded.isalnum() else "".join(filter(str.isalnum, folded))


def find_words(keys: Sequence[str], words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find a segment's words in its text: ``(token number, word number)``, both going up.

    :param keys: of the text's tokens, by :func:`key_of`.
    :param words: of the same stretch of speech; one that is not near where it should be is left out.
    """
    at = 0
    for number, word in enumerate(words):
        key = normalized_word(word)
        if not key or key not in keys[at : at + LOOK_AHEAD_TOKENS]:
            continue
        at = keys.index(key, at)
        yield at, number
        at += 1


def align(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Match two long lists of keys of the same speech: pairs of positions, both going up.

    Lists may differ anywhere, and either may lack long pieces. What is not surely the same stays unmatched.
    """
    pairs: list[tuple[int, int]] = []
    begin_left = begin_right = 0
    for end_left, end_right in [*_anchors(left, right), (len(left), len(right))]:
        pairs += _between(left, right, begin_left, end_left, begin_right, end_right)
        if end_left < len(left) and end_right < len(right):
            pairs.append((end_left, end_right))
        begin_left, begin_right = end_left + 1, end_right + 1
    return pairs


def _anchors(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Return where rows of words begin that stand once in either list, in an order that both lists share."""
    places = _unique_rows(right)
    pairs = [(at, places[row]) for row, at in _unique_rows(left).items() if row in places]
    return _longest_rise(pairs)


def _unique_rows(keys: Sequence[str]) -> dict[tuple[str, ...], int]:
    rows = list(zip(*(keys[shift:] for shift in range(_ANCHOR_WORDS)), strict=False))
    counts = Counter(rows)
    return {row: at for at, row in enumerate(rows) if counts[row] == 1}


def _longest_rise(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of pairs, first members going up, whose second members go up too."""
    tails: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, value) in enumerate(pairs):
        at = bisect_left(tails, value)
        before.append(last[at - 1] if at else -1)
        tails[at : at + 1] = [value]
        last[at : at + 1] = [number]
    rise = []
    at = last[-1] if last else -1
    while at >= 0:
        rise.append(pairs[at])
        at = before[at]
    return rise[::-1]


def _between(
    left: Sequence[str], right: Sequence[str], left_begin: int, left_end: int, right_begin: int, right_end: int
) -> Iterator[tuple[int, int]]:
    rows, columns = left_end - left_begin, right_end - right_begin
    if rows <= 0 or columns <= 0 or rows * columns > _MAX_PRODUCT:
        return
    matcher = SequenceMatcher(None, left[left_begin:left_end], right[right_begin:right_end], autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            yield left_begin + block.a + step, right_begin + block.b + step
