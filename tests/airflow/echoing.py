"""A voice and a recognizer that understand each other, for tests of round trips: no model, no CPU."""

from __future__ import annotations

import hashlib
import wave
from pathlib import Path

from airflow_provider_fluxions.emulator import DerivedRecogniser, ToneSynthesizer
from airflow_provider_fluxions.emulator.recognition import Recognition, Segment, Turn, Upload, spread_words
from airflow_provider_fluxions.emulator.synthesis import Speech

# Behind the 5 ms at both ends that are faded when audio is joined.
FADED_BYTES = 2 * 240


class Echo:
    """Speaks tones, and recognizes its own tones by their samples. Other audio gets a derived transcript.

    :param wrong: a word that it recognizes wrong, always.
    """

    needs_audio = True

    def __init__(self, wrong: str = "") -> None:
        self._wrong = wrong
        self._texts: dict[str, str] = {}

    def speak(self, text: str, voice: str) -> Speech:
        speech = ToneSynthesizer().speak(text, voice)
        self._texts[_digest(speech.pcm)] = text
        return speech

    def recognise(self, upload: Upload) -> Recognition:
        text = self._texts.get(_digest(_samples(upload.path)))
        if text is None:
            return DerivedRecogniser().recognise(upload)
        heard = text.replace(self._wrong, "mumble") if self._wrong else text
        segment = Segment("0", heard, 0.0, 1.0, 0, spread_words(heard, 0.0, 1.0))
        return Recognition("en", 1.0, "wav", (Turn("0", heard, (segment,)),))


def _samples(path: Path | None) -> bytes:
    try:
        with wave.open(str(path), "rb") as audio:
            return audio.readframes(audio.getnframes())
    except (wave.Error, EOFError):
        return b""


def _digest(pcm: bytes) -> str:
    return hashlib.sha256(pcm[FADED_BYTES : len(pcm) - FADED_BYTES]).hexdigest()
