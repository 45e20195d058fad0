"""The result of a recognition, and the interface of a recogniser."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

_TAG = re.compile(r"\[[A-Za-z][A-Za-z_ -]{0,30}\]\s*")


class RecognitionError(Exception):
    """The audio could not be recognised; the message becomes the job's ``error_message``."""


class MissingExtraError(ImportError):
    """A part of the emulator needs an extra that is not installed; the message names it."""


@dataclass(frozen=True)
class Word:
    """A word and its times in seconds from the start of the audio."""

    word: str
    start: float
    end: float


@dataclass(frozen=True)
class Segment:
    """A span of one speaker's speech, in seconds.

    `text` contains tags; `segment_idx` restarts with every turn.
    """

    speaker: str
    text: str
    start: float
    end: float
    segment_idx: int
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Turn:
    """The speech of one speaker before another one speaks. `text` contains tags."""

    speaker: str
    text: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Recognition:
    """A whole transcript with all tags. Parts that the request did not ask for are removed from the response."""

    language: str
    duration_seconds: float
    audio_format: str
    turns: tuple[Turn, ...]

    @property
    def segments(self) -> list[Segment]:
        """All segments in the order of the turns. Overlapping ones are not sorted by time."""
        return [segment for turn in self.turns for segment in turn.segments]

    @property
    def speaker_count(self) -> int:
        """Number of speakers with a turn."""
        return len({turn.speaker for turn in self.turns})

    def to_json(self) -> str:
        """Write the value for `from_json`."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Recognition:
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        turns = tuple(_turn(turn) for turn in raw["turns"])
        return cls(raw["language"], raw["duration_seconds"], raw["audio_format"], turns)


def _turn(raw: dict[str, object]) -> Turn:
    segments = []
    for segment in raw["segments"]:  # type: ignore[attr-defined]  # our own JSON, written by to_json
        words = tuple(Word(**word) for word in segment["words"])
        segments.append(Segment(**{**segment, "words": words}))
    return Turn(str(raw["speaker"]), str(raw["text"]), tuple(segments))


@dataclass(frozen=True)
class Upload:
    """The stored audio of one job.

    `head` is the first part of the bytes; `path` is the whole file, if the recogniser needs it.
    """

    sha256: str
    size_bytes: int
    head: bytes
    path: Path | None = None


class Recogniser(Protocol):
    """Turns audio into a transcript. The same bytes must always give the same result."""

    needs_audio: bool
    """True: keep the file and run in the worker thread. False: quick enough to run within the submit."""

    def recognise(self, upload: Upload) -> Recognition:
        """Transcribe one upload.

        :raises RecognitionError: if the audio cannot be read; the job fails with the message.
        """
        ...


def without_tags(text: str) -> str:
    """Remove ``[laugh]`` and similar tags; ``[1]`` stays, because it is not a tag."""
    return _TAG.sub("", text).strip()


def spread_words(text: str, start: float, end: float) -> tuple[Word, ...]:
    """Divide a segment's time among its words by their length.

    Tags get no time. A token without a letter uses its time but gets no entry, because the vendor's aligner
    (https://github.com/fluxions-ai/vui) skips such tokens, and clients must handle gaps.
    """
    tokens = without_tags(text).split()
    total_letters = sum(len(token) + 1 for token in tokens)
    words, position = [], start
    for token in tokens:
        token_end = position + (end - start) * (len(token) + 1) / total_letters
        if any(letter.isalpha() for letter in token):
            words.append(Word(token, round(position, 2), round(token_end, 2)))
        position = token_end
    return tuple(words)
