"""Find the words of one list in another, by their letters and in order, and never by counting.

Two lists of the same speech differ in punctuation, markup and gaps, so counts in both lists diverge
(https://github.com/hyperaudio/hyperaudio-lite-editor/issues/649).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

# Number of following tokens in which a timed word is searched. Tokens without a letter have no word.
LOOK_AHEAD_TOKENS = 8
# Sequences of this many words that occur once in each list connect the two lists.
_ANCHOR_WORDS = 3
# difflib takes time in proportion to the product of both lengths. Longer parts stay unmatched.
_MAX_PRODUCT = 250_000


def normalized_word(token: str) -> str:
    """Return a word's letters and digits in one case; empty for a token without them."""
    folded = token.casefold()
    return folded if folded.isalnum() else "".join(filter(str.isalnum, folded))


def find_words(keys: Sequence[str], words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find a segment's words in its text: ``(token number, word number)``, both ascending.

    :param keys: Normalized tokens of the text.
    :param words: Words of the same speech. A word that is not near its expected position is omitted.
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
    """Match two long lists of words of the same speech: pairs of positions, both ascending.

    The lists can differ anywhere, and long parts can be missing in either. Uncertain words stay unmatched.
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
    """Return the starts of sequences of words that occur once in each list, in an order common to both lists."""
    places = _unique_rows(right)
    pairs = [(at, places[row]) for row, at in _unique_rows(left).items() if row in places]
    return _longest_rise(pairs)


def _unique_rows(keys: Sequence[str]) -> dict[tuple[str, ...], int]:
    rows = list(zip(*(keys[shift:] for shift in range(_ANCHOR_WORDS)), strict=False))
    counts = Counter(rows)
    return {row: at for at, row in enumerate(rows) if counts[row] == 1}


def _longest_rise(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of pairs in which both members ascend."""
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
