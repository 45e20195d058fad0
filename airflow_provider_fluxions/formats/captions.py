"""Cut a transcription into caption cues. Each caption format writes the cues in its own way.

If a segment fits, it becomes one cue. Otherwise it is cut between words, at the words' times from the API, or in
proportion to characters if there are none. If the times of words cannot contain their text (all at one instant, for
example), the cues share the segment's time in proportion, too. Overlapping segments stay overlapping, because
people talk at once. Cues contain clean text without tags and emphasis marks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Segment, Transcription, Word
from airflow_provider_fluxions.api.transcript import speech
from airflow_provider_fluxions.api.transcript.segments import times_of
from airflow_provider_fluxions.formats.breaking import Columns, columns_of, first_columns, width_of
from airflow_provider_fluxions.formats.cutting import cut_spans, wrap
from airflow_provider_fluxions.formats.limits import DEFAULT_LIMITS, Limits, Speakers
from airflow_provider_fluxions.formats.timeline import Timeline

# For a segment without an end: about the reading speed of viewers, the slower value of Netflix's guide, at least 1 s.
READING_CHARACTERS_PER_SECOND = 17
MIN_GUESSED_MS = 1_000
# Above the speed of any speaker: 30 is very fast. Times that imply more are wrong, and such a cue would only flash.
MAX_SPOKEN_CHARACTERS_PER_SECOND = 50
# A table, because padding numbers took half of the time of writing captions.
_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))
_THREE_DIGITS = tuple(f"{number:03}" for number in range(1000))


class Cue(NamedTuple):
    """Text on screen from ``start_ms`` to ``end_ms`` (after the start, always) of the audio."""

    start_ms: int
    end_ms: int
    speaker: str | None
    lines: tuple[str, ...]


def caption(transcription: Transcription, limits: Limits = DEFAULT_LIMITS, prefixes: Speakers = "hidden") -> list[Cue]:
    """Return the cues of a transcription, ordered by start as WebVTT requires.

    :param prefixes: Prefix of the text at each new speaker, inside the limits: ``shown`` is the name and a colon,
        ``dashed`` a dash, ``hidden`` nothing.

    If only some segments have times, a segment without times starts at the end of the one before it, and lasts as long
    as it takes to read. It is slightly misplaced, but not lost.

    :raises FluxionsFormatError: if there is text, and every segment has no time.
    """
    shown = [(segment, text) for segment in transcription.segments if (text := segment.text_clean)]
    if not any(_is_timed(segment) for segment, _ in shown) and (shown or _has_speech(transcription.text)):
        raise FluxionsFormatError(
            f"Transcription {transcription.id} has text but no times, so captions cannot be made of it. "
            "Read it again with word_level_timestamps=true, or write the text format.",
            job_id=transcription.id,
        )
    cues: list[Cue] = []
    end_ms = 0
    speaker: str | None = None
    for segment, text in shown:
        start_ms, end_ms = _span_ms(segment, text, end_ms)
        prefix = ""
        if prefixes != "hidden" and segment.speaker != speaker:
            prefix = "- " if prefixes == "dashed" else _name(transcription, segment.speaker, limits)
            speaker = segment.speaker
        cues += _cut(segment, text, start_ms, end_ms, limits, prefix)
    cues.sort(key=itemgetter(0))
    return _settle(cues, limits) if limits.moves_ends else cues


def timestamp(ms: int, decimal_mark: str) -> str:
    """Return ``HH:MM:SS.mmm``. Hours can have more digits and never wrap."""
    seconds = ms // 1000
    minutes = seconds // 60
    clock = f"{minutes // 60:02}:{_TWO_DIGITS[minutes % 60]}:{_TWO_DIGITS[seconds % 60]}"
    return f"{clock}{decimal_mark}{_THREE_DIGITS[ms % 1000]}"


def speaker_label(transcription: Transcription, speaker: str | None) -> str:
    """Return the name of a speaker in captions: the given name, else ``Speaker 0``, or empty without a speaker."""
    if speaker is None:
        return ""
    return transcription.name_of(speaker) or f"Speaker {speaker}"


def _name(transcription: Transcription, speaker: str | None, limits: Limits) -> str:
    """Return a name and a colon, at most half a line long."""
    name = " ".join(speaker_label(transcription, speaker).split())
    return f"{first_columns(name, limits.line_characters // 2 - 2).strip()}: " if name else ""


def _has_speech(text: str) -> bool:
    return any(speech.clean_text(turn.text) for turn in speech.parse_turns(text))


def _is_timed(segment: Segment) -> bool:
    return segment.start is not None or any(word.start is not None for word in segment.words)


def _span_ms(segment: Segment, text: str, previous_end_ms: int) -> tuple[int, int]:
    """Return start and end of a segment, from its words or by estimate if it has no own times."""
    start, end = times_of(segment)
    # Rounded once, to whole milliseconds: cutting digits off would show 59.9996 s as 59.999.
    start_ms = previous_end_ms if start is None else round(start * 1000)
    end_ms = start_ms if end is None else round(end * 1000)
    if end_ms <= start_ms:
        guessed_ms = width_of(text) * 1000 // READING_CHARACTERS_PER_SECOND
        end_ms = start_ms + max(guessed_ms, MIN_GUESSED_MS)
    return start_ms, end_ms


def _cut(segment: Segment, text: str, start_ms: int, end_ms: int, limits: Limits, prefix: str) -> list[Cue]:
    columns = None if text.isascii() else columns_of(text)
    lines, cut = wrap(text, columns, 0, len(text), limits, prefix)
    if cut == len(text) and end_ms - start_ms <= limits.cue_ms:
        return [Cue(start_ms, end_ms, segment.speaker, lines)]
    if segment.words and _last_long_enough(segment.words):
        timeline = Timeline(text, segment.words, start_ms, end_ms)
        cues, holds_its_text = _cut_by(timeline, text, columns, segment.speaker, limits, prefix)
        if holds_its_text:
            return cues
    return _cut_by(Timeline(text, (), start_ms, end_ms), text, columns, segment.speaker, limits, prefix)[0]


def _last_long_enough(words: Sequence[Word]) -> bool:
    """Return whether the time from the first timed word to the last is long enough to say them."""
    timed = [word for word in words if word.start is not None and word.end is not None]
    if len(timed) < 2:
        return True
    lasts_s = max(word.end or 0.0 for word in timed) - min(word.start or 0.0 for word in timed)
    return lasts_s * MAX_SPOKEN_CHARACTERS_PER_SECOND >= sum(len(word.text) for word in timed)


def _cut_by(
    timeline: Timeline, text: str, columns: Columns, speaker: str | None, limits: Limits, prefix: str
) -> tuple[list[Cue], bool]:
    """Return the cues of a segment, and whether each lasts long enough to say its text.

    A cue that is too short is extended first, up to the start of the next one.
    """
    cues = []
    holds_its_text = True
    spans = cut_spans(text, columns, timeline, limits, prefix)
    starts_ms = [timeline.ms_at(begin) for begin, _ in spans]
    for number, (begin, cut) in enumerate(spans):
        lines, _ = wrap(text, columns, begin, cut, limits, "" if begin else prefix)
        start_ms, end_ms = starts_ms[number], timeline.ms_at(cut)
        least_ms = min(limits.cue_ms, (cut - begin) * 1000 // MAX_SPOKEN_CHARACTERS_PER_SECOND)
        if end_ms - start_ms < least_ms:
            next_ms = starts_ms[number + 1] if number + 1 < len(spans) else end_ms
            end_ms = max(end_ms, min(next_ms, start_ms + least_ms))
            holds_its_text &= end_ms - start_ms >= least_ms
        cues.append(Cue(start_ms, min(max(end_ms, start_ms + 1), start_ms + limits.cue_ms), speaker, lines))
    return cues, holds_its_text


def _settle(cues: list[Cue], limits: Limits) -> list[Cue]:
    """Move the ends of cues for minimum duration, gap and overlap. Starts stay, because people speak then."""
    settled: list[Cue] = []
    later_ms: int | None = None  # the start of the next cue that starts later
    for number in range(len(cues) - 1, -1, -1):
        cue = cues[number]
        if number + 1 < len(cues) and cues[number + 1].start_ms > cue.start_ms:
            later_ms = cues[number + 1].start_ms
        end_ms = max(cue.end_ms, cue.start_ms + limits.min_cue_ms)
        if later_ms is None or cue.end_ms <= later_ms:  # silence follows
            end_ms = max(end_ms, _read_by_ms(cue, limits))
        if later_ms is not None and (limits.overlap == "trim" or cue.end_ms <= later_ms):
            room_ms = later_ms - limits.gap_ms
            end_ms = min(end_ms, room_ms if room_ms > cue.start_ms else later_ms)
        settled.append(Cue(cue.start_ms, end_ms, cue.speaker, cue.lines))
    return settled[::-1]


def _read_by_ms(cue: Cue, limits: Limits) -> int:
    """Return when a reader has read a cue, limited by its maximum length and by its time after the speech."""
    if not limits.characters_per_second:
        return cue.end_ms
    text = " ".join(cue.lines)  # a line end counts as a space
    characters = len(text) if text.isascii() else width_of(text)
    reading_ms = math.ceil(characters * 1000 / limits.characters_per_second)
    return cue.start_ms + min(reading_ms, limits.cue_ms, cue.end_ms - cue.start_ms + limits.linger_ms)
