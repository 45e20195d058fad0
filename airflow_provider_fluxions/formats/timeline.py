"""Estimate when each character of a text is spoken, from timed words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from airflow_provider_fluxions.api.models import Word
from airflow_provider_fluxions.api.transcript.matching import find_words, normalized_word


class Timeline:
    """The time of each character of a segment's text: known at timed words, and in proportion between them.

    :param text: One line with single spaces.
    :param words: Words that can differ from the text. Times that decrease, or are outside ``start_ms`` to ``end_ms``,
        count as missing.
    """

    def __init__(self, text: str, words: Sequence[Word], start_ms: int, end_ms: int) -> None:
        self._chars, self._ms = [0], [start_ms]
        for char, seconds in _anchors(text, words):
            ms = round(seconds * 1000)
            if self._chars[-1] < char < len(text) and self._ms[-1] <= ms <= end_ms:
                self._chars.append(char)
                self._ms.append(ms)
        self._chars.append(len(text))
        self._ms.append(end_ms)

    def ms_at(self, char: int) -> int:
        """Return the millisecond of the audio at which this character (0-based) is spoken."""
        right = min(bisect_right(self._chars, char), len(self._chars) - 1)
        first, last = self._chars[right - 1], self._chars[right]
        start_ms, end_ms = self._ms[right - 1], self._ms[right]
        return start_ms + round((end_ms - start_ms) * (char - first) / (last - first))


def _anchors(text: str, words: Sequence[Word]) -> Iterator[tuple[int, float]]:
    """Find timed words in the text; return ``(character, seconds)`` for the start and end of each."""
    tokens = text.split(" ")
    begins = [0]
    for token in tokens:
        begins.append(begins[-1] + len(token) + 1)
    for at, number in find_words([normalized_word(token) for token in tokens], [word.text for word in words]):
        word = words[number]
        if word.start is not None:
            yield begins[at], word.start
        if word.end is not None:
            yield begins[at] + len(tokens[at]), word.end
