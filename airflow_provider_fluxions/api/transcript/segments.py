"""Segments and words of the API, and the words of a segment with missing words added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Self

from airflow_provider_fluxions.api import json_values
from airflow_provider_fluxions.api.transcript import speech
from airflow_provider_fluxions.api.transcript.matching import find_words, normalized_word

# One year. Recordings are shorter, and every caption format, table and timedelta can store it.
MAX_SECONDS = 366 * 24 * 3600.0
# Aligners round, and place the first word slightly before the recording. -1 and below mean "unknown" for some.
MIN_SECONDS = -1.0

Json = json_values.Json
WordTiming = Literal["api", "interpolated", "missing"]


def usable_seconds(value: Any) -> float | None:
    """Return a time in seconds from the start of the audio, or None if it is invalid.

    This is the only place for the rule. NaN, infinities, more than a year, and -1 or less count as missing; a time
    up to one second before the start is the start.
    """
    seconds = json_values.number(value)
    if seconds is None or not MIN_SECONDS < seconds <= MAX_SECONDS:
        return None
    return seconds if seconds >= 0.0 else 0.0


def _times(data: Json) -> tuple[float | None, float | None]:
    """Read a start and an end, with either pair of names that services use."""
    start, end = usable_seconds(data.get("start")), usable_seconds(data.get("end"))
    return (
        usable_seconds(data.get("start_time")) if start is None else start,
        usable_seconds(data.get("end_time")) if end is None else end,
    )


@dataclass(frozen=True)
class Word:
    """One spoken word. Times are seconds from the start of the audio, or None without a usable time from the API.

    :param interpolated: The times are estimated in proportion to letters, between times of the API.
    """

    text: str
    start: float | None
    end: float | None
    raw: Json = field(default_factory=dict, repr=False, compare=False)
    interpolated: bool = False

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """Read a word in any of the shapes that speech services use (the vendor documents none)."""
        text = next((data[name] for name in ("word", "text", "punctuated_word") if data.get(name)), "")
        return cls(str(text), *_times(data), raw=data)

    @property
    def timing(self) -> WordTiming:
        """The origin of the times; ``missing`` if one of the two is unknown."""
        if self.start is None or self.end is None:
            return "missing"
        return "interpolated" if self.interpolated else "api"

    @property
    def confidence(self) -> float | None:
        """The API's confidence, if it returns one (undocumented)."""
        return json_values.number(self.raw.get("confidence"))


@dataclass(frozen=True)
class Segment:
    """A span of speech by one speaker. Segments can overlap.

    :param segment_no: The provider's number, 0-based in time order, unique within a transcription.
    :param segment_idx: The API's number, which is not unique.
    :param speaker: The bare label ("0", not "SPEAKER_0"), or None.
    :param text: Text of the API, with tags.
    :param start: Seconds from the start of the audio; None in a segment made from plain text.
    :param words: Words of the API, possibly incomplete or empty. See ``spoken_words``.
    """

    segment_no: int
    speaker: str | None
    text: str
    start: float | None = None
    end: float | None = None
    words: tuple[Word, ...] = ()
    segment_idx: int | None = None
    raw: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Json, segment_no: int = 0) -> Self:
        """Read one segment; ``segment_no`` is its position in time order."""
        return cls(
            segment_no,
            speech.bare_speaker(data.get("speaker")),
            json_values.text(data.get("text")) or "",
            *_times(data),
            words=tuple(Word.from_json(word) for word in json_values.objects(data.get("words"))),
            segment_idx=json_values.integer(data.get("segment_idx")),
            raw=data,
        )

    @property
    def marked_text(self) -> str:
        """The text with its tags; from the words if the API returned no text."""
        return self.text or " ".join(word.text for word in self.words)

    @cached_property
    def text_clean(self) -> str:
        """The clean text on one line; see :func:`~airflow_provider_fluxions.api.transcript.speech.clean_text`."""
        text = speech.clean_text(self.marked_text)
        return " ".join(text.split()) if "\n" in text else text

    @cached_property
    def spoken_words(self) -> tuple[Word, ...]:
        """All spoken words in order: those of the API, and between them words of the text that it omits.

        An omitted word (aligners skip numerals) gets times in proportion to letters between its neighbors or the
        segment's ends, and ``timing`` shows that. If the API's words differ from the text at the same place, the API's
        words are used. Tags are not words.
        """
        words = [word for word in self.words if not _is_tag(word.text)]
        tokens = self.text_clean.split()
        matches = find_words([normalized_word(token) for token in tokens], [word.text for word in words])
        spoken: list[Word] = []
        begin = number = 0
        for at, matched in [*matches, (len(tokens), len(words))]:
            here = words[number:matched] or [_unplaced(token) for token in tokens[begin:at] if normalized_word(token)]
            spoken += [*here, *words[matched : matched + 1]]
            begin, number = at + 1, matched + 1
        return tuple(_interpolate(spoken, self.start, self.end))


def _is_tag(text: str) -> bool:
    tags = speech.find_tags(text) if "[" in text else ()
    return len(tags) == 1 and not tags[0].is_word and tags[0].raw == text.strip()


def _unplaced(token: str) -> Word:
    return Word(token, None, None, interpolated=True)


def _interpolate(words: list[Word], start: float | None, end: float | None) -> Iterator[Word]:
    """Give added words times between the known times around them. Without these they have no times."""
    at = 0
    before = start
    while at < len(words):
        run = at
        while run < len(words) and words[run].interpolated:
            run += 1
        if run > at:
            after = end if run == len(words) else words[run].start
            yield from _spread(words[at:run], before, after)
            at = run
            continue
        yield words[at]
        before = words[at].end if words[at].end is not None else before
        at += 1


def _spread(words: list[Word], start: float | None, end: float | None) -> Iterator[Word]:
    if start is None or end is None or end < start:
        yield from words
        return
    letters = sum(len(word.text) for word in words)
    done = 0
    for word in words:
        begins = start + (end - start) * done / letters
        done += len(word.text)
        yield Word(word.text, begins, start + (end - start) * done / letters, interpolated=True)


def times_of(segment: Segment) -> tuple[float | None, float | None]:
    """Return a segment's start and end in seconds, from its words if it has none of its own.

    An end at or before the start counts as missing, unless the segment's words have a later one.
    """
    start, end = segment.start, segment.end
    if start is None:
        start = next((word.start for word in segment.words if word.start is not None), None)
    if start is not None and end is not None and end <= start:
        end = None
    if end is None:
        end = next((word.end for word in reversed(segment.words) if word.end is not None), None)
        if start is not None and end is not None and end <= start:
            end = None
    return start, end


def sort_segments(value: Any) -> tuple[Segment, ...]:
    """Read a JSON array of segments, sorted by (start, end, position). One without times keeps its predecessor."""
    keyed: list[tuple[tuple[float, float, int], Json]] = []
    key = (0.0, 0.0, -1)
    for position, data in enumerate(json_values.objects(value)):
        start, end = _times(data)
        if start is not None:
            key = (start, start if end is None else end, position)
        keyed.append((key, data))
    keyed.sort(key=lambda item: item[0])
    return tuple(Segment.from_json(item[1], number) for number, item in enumerate(keyed))
