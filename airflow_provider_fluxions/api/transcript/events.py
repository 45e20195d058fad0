"""Non-speech events: the position of tags and written laughs, and their times, from the words around them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from airflow_provider_fluxions.api.transcript import speech
from airflow_provider_fluxions.api.transcript.matching import find_words, normalized_word
from airflow_provider_fluxions.api.transcript.segments import Segment, times_of
from airflow_provider_fluxions.api.transcript.turns import Place, TimedTurn

EventTiming = Literal["word", "segment", "none"]
EventSource = Literal["text", "segment"]


@dataclass(frozen=True)
class Event:
    """A non-speech event: a breath, a laugh, a pause.

    :param event_no: Number, 0-based, in the order of its text.
    :param kind: Canonical name; ``raw`` is as written, such as ``[hesitate]`` or ``hahaha``.
    :param start: Seconds. The event is between ``start`` and ``end``; ``timing`` is the precision.
    :param timing: ``word``: between two timed words, or a timed word itself; ``segment``: somewhere in its segment;
        ``none``: unknown.
    :param source: The text that contains it: a turn of the ``text``, or a ``segment``.
    :param char_offset: Position in the clean text of that turn or segment, 0-based.
    :param word_before: The word before it, None at the start.
    """

    event_no: int
    kind: str
    raw: str
    speaker: str | None
    start: float | None
    end: float | None
    timing: EventTiming
    turn_no: int | None
    segment_no: int | None
    char_offset: int
    word_before: str | None
    word_after: str | None
    source: EventSource


def events(turns: Sequence[TimedTurn], segments: Sequence[Segment], source: EventSource) -> tuple[Event, ...]:
    """Return the events of the segments if they contain as many as the turns, because segments have better times.

    :param source: Whether the texts of the segments are their own, or made from the text.
    """
    in_turns = [speech.find_tags(turn.text) for turn in turns]
    in_segments = [speech.find_tags(part.marked_text) for part in segments]
    found: list[Event] = []
    if sum(map(len, in_segments)) >= sum(map(len, in_turns)):
        turn_of = {number: turn.turn_no for turn in turns for number in turn.segment_nos}
        for part, tags in zip(segments, in_segments, strict=True):
            if tags:
                found += _events_of_segment(part, tags, turn_of.get(part.segment_no), len(found), source)
    else:
        for turn, tags in zip(turns, in_turns, strict=True):
            if tags:
                found += _events_of_turn(turn, tags, len(found))
    return tuple(found)


def _events_of_segment(
    part: Segment, tags: Sequence[speech.Tag], turn_no: int | None, first_no: int, source: EventSource
) -> Iterator[Event]:
    clean = part.text_clean
    matches = find_words([normalized_word(token) for token in clean.split()], [word.text for word in part.words])
    places = _Places([(at, Place(part, part.words[number])) for at, number in matches])
    timed_tags = [word for word in part.words if word.text.startswith("[") and word.timing == "api"]
    for number, (tag, spot) in enumerate(zip(tags, _spots(part.marked_text, clean, tags), strict=True), first_no):
        start, end, timing, _ = _locate(spot, places, part)
        own = next((word for word in timed_tags if word.text.strip() == tag.raw), None)
        if own is not None:  # the API timed the tag itself, as a word
            timed_tags.remove(own)
            start, end, timing = own.start, max(own.start or 0.0, own.end or 0.0), "word"
        yield Event(
            number, tag.kind, tag.raw, part.speaker, start, end, timing, turn_no, part.segment_no,
            spot.char, spot.before, spot.after, source,
        )  # fmt: skip


def _events_of_turn(turn: TimedTurn, tags: Sequence[speech.Tag], first_no: int) -> Iterator[Event]:
    places = _Places(turn.places)
    for number, (tag, spot) in enumerate(zip(tags, _spots(turn.text, turn.text_clean, tags), strict=True), first_no):
        start, end, timing, part = _locate(spot, places, None)
        yield Event(
            number, tag.kind, tag.raw, turn.speaker, start, end, timing, turn.turn_no,
            None if part is None else part.segment_no, spot.char, spot.before, spot.after, "text",
        )  # fmt: skip


class _Places:
    """The positions of words of a text, by the word's number in it."""

    def __init__(self, places: Sequence[tuple[int, Place]]) -> None:
        self.numbers = [number for number, _ in places]
        self._places = [place for _, place in places]

    def at(self, index: int) -> Place | None:
        """Return the place at an index, or None outside the list."""
        return self._places[index] if 0 <= index < len(self._places) else None


class Spot(NamedTuple):
    """The position of an event in a clean text: the character, and the words from ``first`` up to ``after_no``.

    The two numbers are equal for a tag, which is not a word. They span the words of a written laugh.
    """

    char: int
    first: int
    after_no: int
    before: str | None
    after: str | None


def _spots(text: str, clean: str, tags: Sequence[speech.Tag]) -> Iterator[Spot]:
    """Locate tags in the clean text by counting letters, because cleaning removes only letters of tags."""
    letters = [at for at, char in enumerate(clean) if char.isalnum()]
    tokens = clean.split()
    begins = [0]
    for token in tokens:
        begins.append(begins[-1] + len(token) + 1)
    count = done = 0
    for tag in tags:
        count += sum(map(str.isalnum, text[done : tag.start_char]))
        done = tag.start_char if tag.is_word else tag.end_char
        if tag.is_word:
            char = letters[count]
            first = bisect_right(begins, char) - 1
            after = first + len(tag.raw.split())
        else:
            char = _behind(clean, letters[count - 1] + 1 if count else 0)
            first = after = bisect_left(begins, char)
        yield Spot(
            char, first, after, tokens[first - 1] if first else None, next(iter(tokens[after : after + 1]), None)
        )


def _behind(clean: str, char: int) -> int:
    """Return the position after the punctuation that belongs to the previous word."""
    while 0 < char < len(clean) and clean[char] != " " and not clean[char].isalnum():
        char += 1
    return char


def _locate(
    spot: Spot, places: _Places, inside: Segment | None
) -> tuple[float | None, float | None, EventTiming, Segment | None]:
    """Return the time of an event (between the nearest timed words, else within its segment) and its segment.

    :param inside: The segment of the event, if it is known. None: derive it from the words around it.
    """
    first, behind = bisect_left(places.numbers, spot.first), bisect_left(places.numbers, spot.after_no)
    is_found = first < behind
    before = places.at(first if is_found else first - 1)
    after = places.at(behind - 1 if is_found else behind)
    around = [place for place in (before, after) if place is not None]
    if inside is None and not around:
        return None, None, "none", None
    left, right = inside or around[0].segment, inside or around[-1].segment
    begin, finish = times_of(left)[0], times_of(right)[1]
    part = left if left is right else None
    low = _instant(before, begin, at_start=is_found)
    high = _instant(after, finish, at_start=not is_found)
    if any(place.word.timing == "api" for place in around) and low is not None and high is not None:
        return min(low, high), max(low, high), "word", part
    if begin is None or finish is None:
        return None, None, "none", part
    return min(begin, finish), max(begin, finish), "segment", part


def _instant(place: Place | None, otherwise: float | None, *, at_start: bool) -> float | None:
    if place is None or place.word.timing != "api":
        return otherwise
    return place.word.start if at_start else place.word.end
