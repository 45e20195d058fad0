"""What recognition yields, and what a recogniser must offer."""

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
    """A stretch of one speaker's speech, in seconds.

    `text` holds tags; `segment_idx` restarts with every turn.
    """

    speaker: str
    text: str
    start: float
    end: float
    segment_idx: int
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Turn:
    """What one speaker says before another one does. `text` holds tags."""

    speaker: str
    text: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Recognition:
    """A whole transcript with all tags in it; what nobody asked for is removed from the answer."""

    language: str
    duration_seconds: float
    audio_format: str
    turns: tuple[Turn, ...]

    @property
    def segments(self) -> list[Segment]:
        """All segments in the order of the turns; overlapping ones are not sorted by time."""
        return [segment for turn in self.turns for segment in turn.segments]

    @property
    def speaker_count(self) -> int:
        """How many speakers take a turn."""
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
    """The audio of one job as far as it was kept.

    `head` is the first part of the bytes; `path` is the whole file, and only there when the recogniser asked
    for it.
    """

    sha256: str
    size_bytes: int
    head: bytes
    path: Path | None = None


class Recogniser(Protocol):
    """Turns audio into a transcript. The same bytes must always give the same answer."""

    needs_audio: bool
    """True: keep the file and run in the worker thread. False: quick enough to run within the submit."""

    def recognise(self, upload: Upload) -> Recognition:
        """Transcribe one upload.

        Raises:
            RecognitionError: the audio cannot be read; the job fails with the message.
        """
        ...


def without_tags(text: str) -> str:
    """Remove ``[laugh]`` and its like; ``[1]`` stays, it is not a tag."""
    return _TAG.sub("", text).strip()


def spread_words(text: str, start: float, end: float) -> tuple[Word, ...]:
    """Share a segment's time among its words by their length.

    Tags take no part. A token without a letter takes its time but gets no entry: the vendor's aligner
    (https://github.com/fluxions-ai/vui) skips such tokens, so callers must live with holes.
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
