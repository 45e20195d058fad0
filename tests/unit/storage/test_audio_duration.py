"""The length of a recording by its header: never more than the object holds."""

from __future__ import annotations

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import FluxionsStorageError
from airflow_provider_fluxions.storage.audio_duration import MIN_BYTES_PER_SECOND, audio_seconds, believable_seconds

RATE = 16_000
# What programs leave in a header whose length they do not know.
UNKNOWN_LENGTHS = [0, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF - 36, 0x80000000]


def wav(
    seconds: float, *, claimed: int | None = None, sample: bytes = b"\x01\x02", frames_behind: bytes = b""
) -> bytes:
    """A mono WAV of 16 bit samples; ``claimed`` replaces the length of its data."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", ""))
        writer.writeframes(sample * int(seconds * RATE))
    data = bytearray(file.getvalue())
    if claimed is not None:
        struct.pack_into("<I", data, 40, claimed)
        struct.pack_into("<I", data, 4, min(claimed + 36, 0xFFFFFFFF))
    return bytes(data) + frames_behind


def seconds_of(data: bytes, name: str = "call.wav") -> float | None:
    return audio_seconds(name, len(data), lambda start, size: data[start : start + size])


def test_a_wav_file_is_as_long_as_its_header_says() -> None:
    assert seconds_of(wav(2.5)) == pytest.approx(2.5)


@pytest.mark.parametrize("claimed", UNKNOWN_LENGTHS)
@pytest.mark.parametrize("sample", [b"\0\0", b"\x01\x02", b"fm"])
def test_a_wav_file_from_a_pipe_is_as_long_as_its_size(claimed: int, sample: bytes) -> None:
    for seconds in (0.5, 4.0):
        assert seconds_of(wav(seconds, claimed=claimed, sample=sample)) == pytest.approx(seconds, rel=0.01)


@given(st.integers(0, 0xFFFFFFFF))
def test_no_claimed_length_is_longer_than_the_object(claimed: int) -> None:
    seconds = seconds_of(wav(0.1, claimed=claimed))
    assert seconds is None or 0 < seconds <= 0.1


def test_a_wav_file_of_64_bits_is_as_long_as_its_size() -> None:
    data = b"RF64" + wav(1, claimed=0xFFFFFFFF)[4:]
    assert seconds_of(data) == pytest.approx(1)


@pytest.mark.parametrize("seconds", [134_217.7, 1e306, float("inf"), float("nan"), -1.0, 0.0, None])
def test_a_length_that_the_bytes_cannot_hold_is_unknown(seconds: float | None) -> None:
    assert believable_seconds(seconds, 1_000_000) is None


def test_the_lowest_rates_of_speech_are_believed() -> None:
    assert believable_seconds(3600.0, 3600 * 90) == 3600.0  # 700 bit/s, Codec 2
    assert believable_seconds(1.0, MIN_BYTES_PER_SECOND) == 1.0


def test_an_mp4_that_claims_days_is_of_unknown_length() -> None:
    mvhd = struct.pack(">4sIIIII", b"mvhd", 0, 0, 0, 1, 0x7FFFFFFF) + bytes(80)
    moov = struct.pack(">I", len(mvhd) + 4) + mvhd
    data = (
        struct.pack(">I4s4sI4s", 20, b"ftyp", b"M4A ", 0, b"M4A ") + struct.pack(">I", len(moov) + 8) + b"moov" + moov
    )
    assert seconds_of(data + bytes(10_000), "call.m4a") is None


def test_a_failure_of_s3_is_no_unknown_length() -> None:
    def read(start: int, size: int) -> bytes:
        raise FluxionsStorageError("S3 refused")

    with pytest.raises(FluxionsStorageError):
        audio_seconds("a.wav", 100_000, read)
