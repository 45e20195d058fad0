"""WAV as it comes over the wire: lengths that are unknown, chunks that nobody asked for, an end that is missing."""

from __future__ import annotations

import contextlib
import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import FluxionsResponseError
from airflow_provider_fluxions.api.speech_audio import SpeechAudio, read_wav, wav_header

PCM = bytes(range(256)) * 4


def header(size: int, *, kind: int = 1, channels: int = 1, rate: int = 24_000, bits: int = 16) -> bytes:
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * 2, channels * 2, bits)
    return b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", size)


@given(st.binary(max_size=300), st.sampled_from([1, 2]), st.sampled_from([8_000, 24_000, 48_000]))
def test_what_is_written_is_read_again(samples: bytes, channels: int, rate: int) -> None:
    pcm = samples[: len(samples) // (2 * channels) * 2 * channels] + bytes(2 * channels)
    audio = SpeechAudio(pcm, rate, channels, "maeve.h1")
    assert read_wav(audio.wav, "maeve.h1") == audio
    with wave.open(io.BytesIO(audio.wav)) as file:
        assert (file.getframerate(), file.getnchannels()) == (rate, channels)
        assert file.readframes(file.getnframes()) == pcm


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF, 0x7FFFF000])
def test_a_length_that_is_unknown_is_that_of_the_bytes(size: int) -> None:
    assert read_wav(header(size) + PCM, "v").pcm == PCM


def test_a_known_length_leaves_out_what_follows() -> None:
    assert read_wav(header(len(PCM)) + PCM + b"LIST\4\0\0\0INFO", "v").pcm == PCM


def test_chunks_before_the_samples_are_skipped() -> None:
    head = header(0)
    assert read_wav(head[:36] + b"LIST\3\0\0\0abc\0" + head[36:] + PCM, "v").pcm == PCM


def test_the_extensible_form_of_pcm_is_read() -> None:
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 24_000, 48_000, 2, 16, 22, 16, 4) + b"\1\0" + bytes(14)
    assert read_wav(b"RIFF\0\0\0\0WAVEfmt \x28\0\0\0" + form + b"data\0\0\0\0" + PCM, "v").pcm == PCM


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "0 bytes that are not a WAV file"),
        (b"<html>secret</html>", "not a WAV file"),
        (b"RIFF\0\0\0\0WAVE", "has no audio"),
        (header(0)[:30], "ends early"),
        (header(0), "without samples"),
        (header(len(PCM)) + PCM[:-2], "ended early: 1,022 of 1,024 bytes"),
        (header(0) + PCM + b"\0", "end within a sample"),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", "has no audio"),
    ],
)
def test_audio_that_is_not_whole_is_an_error_that_can_pass(body: bytes, said: str) -> None:
    with pytest.raises(FluxionsResponseError, match=said) as raised:
        read_wav(body, "v")
    assert raised.value.transient
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("wrong", [{"kind": 3, "bits": 32}, {"bits": 8}, {"channels": 0}, {"rate": 0}])
def test_another_kind_of_samples_is_refused_for_good(wrong: dict[str, int]) -> None:
    with pytest.raises(FluxionsResponseError, match="another kind than 16-bit PCM") as raised:
        read_wav(header(0, **wrong) + PCM, "v")
    assert not raised.value.transient


@given(st.binary(max_size=200), st.integers(0, 60))
def test_any_bytes_are_audio_or_our_error(noise: bytes, kept: int) -> None:
    for body in (noise, header(0)[:kept] + noise):
        with contextlib.suppress(FluxionsResponseError):
            assert read_wav(body, "v").frames > 0


def test_a_file_of_more_than_4_gib_is_refused() -> None:
    with pytest.raises(ValueError, match="4 GiB"):
        wav_header(2**31, 24_000, 1)
