"""Reading the samples of stored lossless audio, so that other formats can be made from it without a render."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.speech.encoding import check_format

BLOCK_FRAMES = 64 * 1024


@dataclass(frozen=True)
class StoredSamples:
    """The samples of a file: signed 16-bit little-endian, block by block."""

    sample_rate: int
    channels: int
    blocks: Iterator[bytes]


def stored_samples(file: IO[bytes], extension: str) -> StoredSamples:
    """Return the samples of a ``.wav`` or ``.flac`` file that this package wrote.

    :param file: at its beginning; it must be seekable.
    :raises FluxionsFormatError: it cannot be read, or the extra that it needs is missing.
    """
    try:
        return _wav_samples(file) if extension == ".wav" else _flac_samples(file)
    except (wave.Error, EOFError, RuntimeError) as error:  # libsndfile's errors are RuntimeErrors
        raise FluxionsFormatError(f"The stored {extension[1:]} audio cannot be read: {error}.") from error


def _wav_samples(file: IO[bytes]) -> StoredSamples:
    reader = wave.open(file, "rb")  # noqa: SIM115  # the file is the caller's
    if reader.getsampwidth() != 2:
        raise wave.Error(f"it has samples of {8 * reader.getsampwidth()} bits, not 16")
    blocks = iter(lambda: reader.readframes(BLOCK_FRAMES), b"")
    return StoredSamples(reader.getframerate(), reader.getnchannels(), blocks)


def _flac_samples(file: IO[bytes]) -> StoredSamples:
    check_format("flac")
    import soundfile

    reader = soundfile.SoundFile(file)
    blocks = iter(lambda: bytes(reader.buffer_read(BLOCK_FRAMES, dtype="int16")), b"")
    return StoredSamples(reader.samplerate, reader.channels, blocks)
