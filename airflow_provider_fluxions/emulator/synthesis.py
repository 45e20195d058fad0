"""What speaks for the emulator: tones without any extra, see `hibari` for a real voice."""

from __future__ import annotations

import array
import hashlib
import math
import re
import sys
from dataclasses import dataclass
from typing import Protocol

TAG = re.compile(r"\[[A-Za-z][A-Za-z_ -]{0,30}\]")
SAMPLE_RATE_HZ = 24_000
_CHARACTERS_PER_SECOND = 16.0
_TAG_SECONDS = 0.4
_GAP_SECONDS = 0.02
_LOUDNESS = 6_000
_LOWEST_HZ = 120


@dataclass(frozen=True)
class Speech:
    """Spoken audio: signed 16-bit little-endian samples of one channel."""

    pcm: bytes
    sample_rate: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.pcm) / 2 / self.sample_rate

    def cut(self, max_seconds: float | None) -> Speech:
        """Return its beginning, at most this long."""
        if max_seconds is None:
            return self
        return Speech(self.pcm[: 2 * int(max_seconds * self.sample_rate)], self.sample_rate)


class Synthesizer(Protocol):
    """What the emulator speaks with; it is called from several threads."""

    def speak(self, text: str, voice: str) -> Speech:
        """Speak a text with the voice of this short id."""


class ToneSynthesizer:
    """A tone a word, as long as the word takes at 16 characters a second; the same for the same text and voice."""

    def speak(self, text: str, voice: str) -> Speech:
        """Return tones. Never fails."""
        pcm = bytearray()
        for word in re.findall(rf"{TAG.pattern}|\S+", text):
            if TAG.fullmatch(word):
                pcm += _silence(_TAG_SECONDS)
                continue
            seconds = (len(word) + 1) / _CHARACTERS_PER_SECOND
            pcm += _tone(_pitch(voice, word), seconds - _GAP_SECONDS)
            pcm += _silence(_GAP_SECONDS)
        return Speech(bytes(pcm), SAMPLE_RATE_HZ)


def _pitch(voice: str, word: str) -> int:
    """Return the samples of a period; other voices are higher or lower."""
    digest = hashlib.sha256(f"{voice} {word}".encode()).digest()
    return SAMPLE_RATE_HZ // (_LOWEST_HZ + 2 * digest[0])


def _tone(period: int, seconds: float) -> bytes:
    wave = array.array("h", (int(_LOUDNESS * math.sin(2 * math.pi * n / period)) for n in range(period)))
    if sys.byteorder == "big":
        wave.byteswap()
    return wave.tobytes() * max(1, int(seconds * SAMPLE_RATE_HZ / period))


def _silence(seconds: float) -> bytes:
    return bytes(2 * int(seconds * SAMPLE_RATE_HZ))
