"""Real recognition of the sample recordings, offline."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_fluxions.emulator import (
    MissingExtraError,
    MoonshineRecogniser,
    RecognitionError,
    Upload,
)

if TYPE_CHECKING:
    from conftest import MakeApi

# Speech recognition takes seconds of CPU.
pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "samples"
HAS_ASR = all(importlib.util.find_spec(name) for name in ("moonshine_voice", "miniaudio"))
needs_asr = pytest.mark.skipif(not HAS_ASR, reason="extra asr not installed")


@pytest.fixture(scope="module")
def recogniser() -> MoonshineRecogniser:
    return MoonshineRecogniser()


def _upload(path: Path) -> Upload:
    data = path.read_bytes()
    return Upload(hashlib.sha256(data).hexdigest(), len(data), data[:4_096], path)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


@needs_asr
def test_the_dialogue_comes_back_as_two_speakers_in_turns(recogniser: Any) -> None:
    recognition = recogniser.recognise(_upload(SAMPLES / "dialogue.mp3"))
    assert [turn.speaker for turn in recognition.turns] == ["0", "1"] * 4
    heard = _words(" ".join(turn.text for turn in recognition.turns))
    assert {"call", "recordings", "night", "files", "empty", "paying", "reference", "speaker"} <= set(heard)
    assert recognition.audio_format == "mp3"
    assert recognition.duration_seconds == pytest.approx(38.8, abs=1.5)


@needs_asr
def test_the_memo_comes_back_over_http_with_words_in_time(make_api: MakeApi, recogniser: Any) -> None:
    api = make_api(recogniser=recogniser)
    job = api.job((SAMPLES / "memo.mp3").read_bytes(), filename="memo.mp3")
    api.emulator.desk._worker._executor.shutdown(wait=True)
    answer = api.get(f"/transcriptions/{job}", word_level_timestamps="true").json()
    assert (answer["status"], answer["num_speakers"]) == ("completed", 1)
    assert "nothing was lost" in answer["text"].lower()
    starts = [word["start"] for segment in answer["segments"] for word in segment["words"]]
    assert starts == sorted(starts)


@needs_asr
def test_audio_that_cannot_be_read_is_a_recognition_error(recogniser: Any, tmp_path: Path) -> None:
    (tmp_path / "noise.mp3").write_bytes(b"this is no audio at all" * 50)
    with pytest.raises(RecognitionError, match="could not be decoded"):
        recogniser.recognise(_upload(tmp_path / "noise.mp3"))


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moonshine_voice", None)
    with pytest.raises(MissingExtraError, match=r"\[emulator,asr\]"):
        MoonshineRecogniser()
