"""A real voice, offline: the English voice in the hibari-tts 0.2.1 wheel (extra ``tts``)."""

from __future__ import annotations

import importlib
import threading
from typing import Any

from airflow_provider_fluxions.emulator.recognition import MissingExtraError
from airflow_provider_fluxions.emulator.synthesis import TAG, Speech

# The wheel has one voice; naming another would download it. So the emulator's voices differ in speed.
_VOICE = "heart"
_SPEEDS = {"maeve": 1.0, "rory": 0.92, "asha": 1.1}
_OTHER_SPEEDS = (0.95, 1.05, 1.15)
_SILENCE_SECONDS = 0.1


class HibariSynthesizer:
    """Speaks English with a small local model, the same for the same text and voice.

    Tags are left out: the model would read them as words. The model is loaded at once, to fail early.

    :raises MissingExtraError: ``hibari-tts`` is not installed.
    """

    def __init__(self) -> None:
        try:
            self._numpy: Any = importlib.import_module("numpy")
            hibari: Any = importlib.import_module("hibari")
        except ImportError as error:
            raise MissingExtraError(
                f"Speaking needs {error.name}: pip install 'airflow-provider-fluxions[emulator,tts]'"
            ) from error
        self._model = hibari.Hibari(_VOICE, threads=1)
        self._lock = threading.Lock()

    def speak(self, text: str, voice: str) -> Speech:
        """Speak a text; a text without words is a moment of silence."""
        spoken = " ".join(TAG.sub(" ", text).split())
        with self._lock:
            samples = self._model(spoken, speed=_speed(voice), seed=0) if spoken else ()
        rate = int(self._model.sample_rate)
        if not len(samples):
            return Speech(bytes(2 * int(_SILENCE_SECONDS * rate)), rate)
        pcm: bytes = (self._numpy.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        return Speech(pcm, rate)


def _speed(voice: str) -> float:
    return _SPEEDS.get(voice, _OTHER_SPEEDS[sum(voice.encode()) % len(_OTHER_SPEEDS)])
