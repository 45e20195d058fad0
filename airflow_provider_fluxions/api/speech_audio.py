"""Spoken audio as a value, and WAV: 16-bit PCM in a RIFF header. No I/O."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from airflow_provider_fluxions.api.errors import FluxionsResponseError

SAMPLE_BYTES = 2
MAX_WAV_DATA_BYTES = 2**32 - 1 - 36
# Lengths from here on are placeholders of a header that was written before its audio: 0xFFFFFFFF and less by the size
# of a header, 0x7FFFFFFF, 0x7FFFF000. A render never has 2 GB.
_UNKNOWN_LENGTH = 0x7FFF0000
_PCM, _EXTENSIBLE = 1, 0xFFFE
_MAX_CHUNKS = 100


@dataclass(frozen=True)
class SpeechAudio:
    """Spoken audio, complete.

    :param pcm: Signed 16-bit little-endian samples, interleaved by channel.
    :param sample_rate: Frames a second.
    :param voice_id: The full id of the voice that spoke, with its checkpoint.
    :param renders: How many requests for it were sent. More than one may have been charged.
    :param renders_lost: How many of these brought no complete audio.
    """

    pcm: bytes
    sample_rate: int
    channels: int
    voice_id: str
    renders: int = 1
    renders_lost: int = 0

    def __repr__(self) -> str:
        return f"SpeechAudio(duration={self.duration:.3f}, sample_rate={self.sample_rate}, voice_id={self.voice_id!r})"

    @property
    def frames(self) -> int:
        """The number of frames: samples of each channel."""
        return len(self.pcm) // (SAMPLE_BYTES * self.channels)

    @property
    def duration(self) -> float:
        """The duration in seconds."""
        return self.frames / self.sample_rate

    @property
    def wav(self) -> bytes:
        """The bytes of a WAV file."""
        return wav_header(self.frames, self.sample_rate, self.channels) + self.pcm


class WavFormat(NamedTuple):
    """What a WAV header says about its samples."""

    sample_rate: int
    channels: int


def wav_header(frames: int, sample_rate: int, channels: int) -> bytes:
    """Return the 44 bytes before the samples of a WAV file.

    :raises ValueError: there are more samples than a WAV file can have (4 GiB).
    """
    block, size = SAMPLE_BYTES * channels, frames * SAMPLE_BYTES * channels
    if size > MAX_WAV_DATA_BYTES:
        raise ValueError(f"a WAV file has at most 4 GiB, not {size:,} bytes")
    form = struct.pack("<HHIIHH", _PCM, channels, sample_rate, sample_rate * block, block, 8 * SAMPLE_BYTES)
    return b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", size)


def read_wav(body: bytes, voice_id: str) -> SpeechAudio:
    """Return the audio of a WAV response. Rate and channels come from the header, the length from the bytes.

    A streamed header has no true length. Where it has one, audio that is shorter was cut off.

    :raises FluxionsResponseError: it is not a WAV file of 16-bit samples, or it ends early.
    """
    if body[:4] not in (b"RIFF", b"RF64") or body[8:12] != b"WAVE":
        raise FluxionsResponseError(f"Fluxions responded with {len(body):,} bytes that are not a WAV file.")
    position, form = 12, None
    for _ in range(_MAX_CHUNKS):
        name, header = body[position : position + 4], body[position + 4 : position + 8]
        if len(header) < 4:
            break
        size = int.from_bytes(header, "little")
        position += 8
        if name == b"fmt ":
            form = _format(body[position : position + size])
        elif name == b"data":
            if form is None:
                break
            return SpeechAudio(_samples(body, position, size, form), *form, voice_id)
        # RIFF pads chunks of odd size with one byte.
        position += size + size % 2
    raise FluxionsResponseError(f"Fluxions responded with a WAV file of {len(body):,} bytes that has no audio.")


def _format(chunk: bytes) -> WavFormat:
    if len(chunk) < 16:
        raise FluxionsResponseError("Fluxions responded with a WAV file whose header ends early.")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        # The extensible form has the real format in the first two bytes of its GUID.
        kind = int.from_bytes(chunk[24:26], "little")
    if kind != _PCM or bits != 8 * SAMPLE_BYTES or not 1 <= channels <= 8 or not 1_000 <= rate <= 384_000:
        raise FluxionsResponseError(
            f"Fluxions responded with WAV audio of another kind than 16-bit PCM: format {kind}, {bits} bits, "
            f"{channels} channels, {rate} Hz.",
            transient=False,
        )
    return WavFormat(rate, channels)


def _samples(body: bytes, start: int, size: int, form: WavFormat) -> bytes:
    left = len(body) - start
    is_known = 0 < size < _UNKNOWN_LENGTH
    if is_known and left < size:
        raise FluxionsResponseError(f"The audio ended early: {left:,} of {size:,} bytes arrived.")
    # A streamed header was written before the audio, so its length is a placeholder and the bytes decide.
    count = size if is_known else left
    if count % (SAMPLE_BYTES * form.channels):
        raise FluxionsResponseError(f"The audio ended early: its {count:,} bytes end within a sample.")
    if not count:
        raise FluxionsResponseError("Fluxions responded with a WAV file without samples.")
    return body[start : start + count]
