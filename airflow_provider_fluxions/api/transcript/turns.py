"""Turns with times: the turns of the text, located in the segments.

The page documents turns without times, and segments that differ from turns. Both are matched by their words, separately
for each speaker, so that overlapping speech does not mix them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from airflow_provider_fluxions.api.transcript import speech
from airflow_provider_fluxions.api.transcript.matching import align, normalized_word
from airflow_provider_fluxions.api.transcript.segments import Segment, Word, times_of


class Place(NamedTuple):
    """The position of a word of a turn: the segment and its word there."""

    segment: Segment
    word: Word


@dataclass(frozen=True)
class TimedTurn(speech.Turn):
    """A turn (its text with tags) and its position in the segments.

    :param turn_no: Number, 0-based, in the order of the text.
    :param start: Seconds from the start of the audio; None if its words were not found with times.
    :param segment_nos: The segments that belong mostly to this turn; empty if it could not be aligned.
    :param places: Positions by number of the word in ``text_clean.split()``.
    """

    turn_no: int
    start: float | None = None
    end: float | None = None
    segment_nos: tuple[int, ...] = ()
    places: tuple[tuple[int, Place], ...] = field(default=(), repr=False, compare=False)

    @property
    def is_aligned(self) -> bool:
        """Whether a segment was assigned to this turn."""
        return bool(self.segment_nos)

    @cached_property
    def text_clean(self) -> str:
        """The clean text on one line."""
        return " ".join(speech.clean_text(self.text).split())


def timed_turns(text: str, segments: Sequence[Segment], made_from: str | None) -> tuple[TimedTurn, ...]:
    """Return the turns of a text with their times from the segments.

    :param made_from: ``segments`` or ``text`` if one was made from the other, so that no words must be matched.
    """
    turns = speech.parse_turns(text)
    if made_from == "text":
        return tuple(TimedTurn(turn.speaker, turn.text, at, segment_nos=(at,)) for at, turn in enumerate(turns))
    if made_from == "segments":
        runs = groupby((part for part in segments if part.marked_text.strip()), key=lambda part: part.speaker)
        return tuple(_turn_of_segments(at, list(run)) for at, (_, run) in enumerate(runs))
    places = _find_places(turns, segments)
    owners = _owners(places, segments)
    return tuple(_turn(at, turn, places[at], owners) for at, turn in enumerate(turns))


def _turn_of_segments(turn_no: int, run: list[Segment]) -> TimedTurn:
    text = " ".join(part.marked_text.strip() for part in run)
    times = [times_of(part) for part in run]
    starts = [start for start, _ in times if start is not None]
    ends = [end for _, end in times if end is not None]
    numbers = tuple(part.segment_no for part in run)
    return TimedTurn(run[0].speaker, text, turn_no, min(starts, default=None), max(ends, default=None), numbers)


def _turn(turn_no: int, turn: speech.Turn, found: list[tuple[int, Place]], owners: dict[int, int]) -> TimedTurn:
    starts = [place.word.start for _, place in found if place.word.start is not None]
    ends = [place.word.end for _, place in found if place.word.end is not None]
    numbers = tuple(sorted({place.segment.segment_no for _, place in found}))
    return TimedTurn(
        turn.speaker,
        turn.text,
        turn_no,
        min(starts, default=None),
        max(ends, default=None),
        tuple(number for number in numbers if owners.get(number) == turn_no),
        tuple(found),
    )


def _find_places(turns: Sequence[speech.Turn], segments: Sequence[Segment]) -> dict[int, list[tuple[int, Place]]]:
    """Return the positions of each turn's words: by turn, pairs of the word's number in its turn and its place."""
    # If the two name speakers differently, their words are compared without regard to the speaker.
    shared = {turn.speaker for turn in turns} <= {part.speaker for part in segments}
    written_words: dict[str | None, list[tuple[str, int, int]]] = defaultdict(list)
    for number, turn in enumerate(turns):
        for at, token in enumerate(speech.clean_text(turn.text).split()):
            if key := normalized_word(token):
                written_words[turn.speaker if shared else None].append((key, number, at))
    spoken_words: dict[str | None, list[tuple[str, Place]]] = defaultdict(list)
    for part in segments:
        for word in part.spoken_words:
            if key := normalized_word(word.text):
                spoken_words[part.speaker if shared else None].append((key, Place(part, word)))
    places: dict[int, list[tuple[int, Place]]] = defaultdict(list)
    for speaker, tokens in written_words.items():
        for left, right in align([token[0] for token in tokens], [word[0] for word in spoken_words[speaker]]):
            places[tokens[left][1]].append((tokens[left][2], spoken_words[speaker][right][1]))
    return places


def _owners(places: dict[int, list[tuple[int, Place]]], segments: Sequence[Segment]) -> dict[int, int]:
    """Return for each segment the turn that contains at least half of its words."""
    votes: dict[int, Counter[int]] = defaultdict(Counter)
    for turn_no, found in places.items():
        for _, place in found:
            votes[place.segment.segment_no][turn_no] += 1
    owners = {}
    for part in segments:
        if part.segment_no in votes:
            turn_no, count = votes[part.segment_no].most_common(1)[0]
            if 2 * count >= len(part.spoken_words):
                owners[part.segment_no] = turn_no
    return owners
