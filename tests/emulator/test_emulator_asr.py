"""Real recognition of the sample recordings, offline."""

from __future__ import annotations

import importlib.util
import re
import sys
import wave
from pathlib import Path
from typing import Any

import pytest
import requests

from airflow_provider_fluxions.emulator import (
    Emulator,
    EmulatorServer,
    HibariSynthesizer,
    MissingExtraError,
    MoonshineRecogniser,
    RecognitionError,
    Upload,
)
from airflow_provider_fluxions.emulator.moonshine import _numbered
from airflow_provider_fluxions.emulator.recognition import Segment

# Speech recognition takes seconds of CPU.
pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "samples"
HAS_ASR = all(importlib.util.find_spec(name) for name in ("moonshine_voice", "av"))
needs_asr = pytest.mark.skipif(not HAS_ASR, reason="extra asr not installed")


@pytest.fixture(scope="module")
def recogniser() -> MoonshineRecogniser:
    return MoonshineRecogniser()


@pytest.fixture(scope="module")
def answer(recogniser: MoonshineRecogniser) -> dict[str, Any]:
    """The dialogue, as it comes back over HTTP: recognized once, for half a minute of CPU."""
    emulator = Emulator(recogniser=recogniser)
    with emulator, EmulatorServer(emulator) as server:
        key = {"Authorization": emulator.api_key}
        audio = (SAMPLES / "dialogue.mp3").read_bytes()
        url = server.base_url + emulator.profile.submit_path
        job_id = requests.post(url, data=audio, headers=key, params={"filename": "dialogue.mp3"}, timeout=30).json()[
            "id"
        ]
        emulator.job_service._worker._executor.shutdown(wait=True)
        url = f"{server.base_url}/transcriptions/{job_id}?word_level_timestamps=true"
        return dict(requests.get(url, headers=key, timeout=30).json())


@needs_asr
def test_the_dialogue_comes_back_as_two_speakers_in_turns(answer: dict[str, Any]) -> None:
    assert answer["status"] == "completed"
    assert re.findall(r"^SPEAKER_(\d)", answer["text"], re.MULTILINE) == ["0", "1"] * 4
    assert (answer["num_speakers"], answer["audio_format"]) == (2, "mp3")
    assert answer["audio_duration"] == pytest.approx(38.8, abs=1.5)


@needs_asr
def test_the_words_of_the_dialogue_are_heard(answer: dict[str, Any]) -> None:
    heard = set(re.findall(r"[a-z']+", answer["text"].lower()))
    assert {"call", "recordings", "night", "files", "empty", "paying", "reference", "speaker"} <= heard


@needs_asr
def test_words_are_in_the_order_of_their_times(answer: dict[str, Any]) -> None:
    starts = [word["start"] for segment in answer["segments"] for word in segment["words"]]
    assert len(starts) > 50
    assert starts == sorted(starts)


def test_speakers_are_numbered_from_0_in_each_recording() -> None:
    segments = [Segment(speaker, "Hello.", 0.0, 1.0, 0) for speaker in ("7", "9", "7")]
    assert [segment.speaker for segment in _numbered(segments)] == ["0", "1", "0"]


@needs_asr
def test_a_sentence_is_recognized_as_that_of_one_speaker(recogniser: MoonshineRecogniser, tmp_path: Path) -> None:
    pytest.importorskip("hibari")
    speech = HibariSynthesizer().speak("The old bridge was closed because of the heavy rain.", "maeve")
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, speech.sample_rate, 0, "NONE", ""))
        file.writeframes(speech.pcm)
    found = recogniser.recognise(Upload("0" * 64, 1, (tmp_path / "a.wav").read_bytes()[:64], tmp_path / "a.wav"))
    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        ("0", "The old bridge was closed because of the heavy rain.")
    ]


@needs_asr
def test_audio_that_cannot_be_read_is_a_recognition_error(recogniser: Any, tmp_path: Path) -> None:
    (tmp_path / "noise.mp3").write_bytes(b"this is no audio at all" * 50)
    with pytest.raises(RecognitionError, match="could not be decoded"):
        recogniser.recognise(Upload("0" * 64, 1_150, b"this is no audio", tmp_path / "noise.mp3"))


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moonshine_voice", None)
    with pytest.raises(MissingExtraError, match=r"\[emulator,asr\]"):
        MoonshineRecogniser()
