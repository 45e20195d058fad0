"""Files of every audio format, opened by libsndfile and by Python."""

from __future__ import annotations

import io
import math
import struct
import subprocess
import sys
import wave

import pytest
import soundfile

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.media_types import AUDIO_TYPES
from airflow_provider_fluxions.api.speech_audio import SpeechAudio
from airflow_provider_fluxions.speech.encoding import AUDIO_FORMATS, check_format, encode, format_of, open_encoder

RATE = 24_000
TONE = struct.pack(f"<{RATE}h", *(int(9_000 * math.sin(n / 17)) for n in range(RATE)))
AUDIO = SpeechAudio(TONE, RATE, 1, "maeve.h1")


def test_the_media_type_of_written_audio_is_that_of_a_recording_with_its_extension() -> None:
    written = {f".{name}": one.content_type for name, one in AUDIO_FORMATS.items()}
    assert written == {extension: AUDIO_TYPES[extension] for extension in written}
    assert written[".wav"] == "audio/wav"


@pytest.mark.parametrize("extension", AUDIO_FORMATS)
def test_a_file_has_the_frames_that_were_written(extension: str) -> None:
    facts = soundfile.info(io.BytesIO(encode(AUDIO, extension)))
    assert (facts.samplerate, facts.channels, facts.frames) == (RATE, 1, RATE)


@pytest.mark.parametrize("extension", ["wav", "flac"])
def test_wav_and_flac_lose_nothing(extension: str) -> None:
    with soundfile.SoundFile(io.BytesIO(encode(AUDIO, extension))) as file:
        assert bytes(file.buffer_read(dtype="int16")) == TONE


@pytest.mark.parametrize("extension", AUDIO_FORMATS)
def test_blocks_make_the_file_that_one_write_makes(extension: str) -> None:
    sink = io.BytesIO()
    with open_encoder(sink, extension, RATE, 1) as encoder:
        for start in range(0, len(TONE), 32_768):
            encoder.write(TONE[start : start + 32_768])
    whole = encode(AUDIO, extension)
    assert len(sink.getvalue()) == len(whole)
    # Ogg streams have a random serial number.
    assert extension in ("ogg", "opus") or sink.getvalue() == whole


def test_a_wav_file_that_was_streamed_has_the_right_lengths() -> None:
    sink = io.BytesIO()
    with open_encoder(sink, "wav", RATE, 2) as encoder:
        encoder.write(TONE[:4_000])
        encoder.write(TONE[4_000:8_000])
    with wave.open(io.BytesIO(sink.getvalue())) as file:
        assert (file.getnframes(), file.readframes(9_999)) == (2_000, TONE[:8_000])


@pytest.mark.parametrize("path", ["s3://b/a.WAV", "a.b.mp3", "x/y.opus"])
def test_the_extension_of_a_path_names_the_format(path: str) -> None:
    assert format_of(path).extension == path.rpartition(".")[2].lower()


@pytest.mark.parametrize("path", ["s3://b/a", "s3://b.wav/a", "a.txt", "a.", ""])
def test_a_path_without_a_known_extension_is_refused(path: str) -> None:
    with pytest.raises(FluxionsFormatError, match=r"Use one of \.wav, \.flac, \.ogg, \.opus, \.mp3"):
        format_of(path)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(FluxionsFormatError, match="Formats: wav, flac"):
        check_format("aiff")


def test_a_rate_that_a_format_cannot_have_is_an_error_that_says_so() -> None:
    with pytest.raises(FluxionsFormatError, match="opus cannot have 22050 Hz and 1 channels"):
        encode(SpeechAudio(TONE, 22_050, 1, "v"), "opus")


def test_without_the_extra_wav_works_and_others_name_the_extra() -> None:
    code = """
import sys
sys.modules["soundfile"] = sys.modules["sentencex"] = None
from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.speech.encoding import check_format
from airflow_provider_fluxions.speech.pieces import cut_text
check_format("wav")
assert len(cut_text("short. " * 100)) == 1
for needs in (lambda: check_format("mp3"), lambda: cut_text("long. " * 200)):
    try:
        needs()
    except FluxionsFormatError as error:
        print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.count("pip install 'airflow-provider-fluxions[speech]'") == 2
