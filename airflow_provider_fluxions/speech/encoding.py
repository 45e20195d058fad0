"""Audio formats: WAV by itself, FLAC, Ogg Vorbis, Opus and MP3 with the extra ``speech`` (soundfile, libsndfile)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, Self

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.media_types import AUDIO_TYPES
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.speech_audio import SAMPLE_BYTES, SpeechAudio, wav_header
from airflow_provider_fluxions.api.uris import last_part

# libsndfile keeps what one call writes on its stack for some formats.
_BLOCK_FRAMES = 16_384


@dataclass(frozen=True)
class AudioFormat:
    """A format of audio files.

    :param extension: The file extension without a dot, which is also its name.
    :param major: libsndfile's name of the container; None for WAV, which needs no library.
    :param subtype: libsndfile's name of the encoding.
    """

    extension: str
    content_type: str
    major: str | None = None
    subtype: str | None = None


AUDIO_FORMATS: Mapping[str, AudioFormat] = {
    one.extension: one
    for one in (
        AudioFormat("wav", AUDIO_TYPES[".wav"]),
        AudioFormat("flac", AUDIO_TYPES[".flac"], "FLAC", "PCM_16"),
        AudioFormat("ogg", AUDIO_TYPES[".ogg"], "OGG", "VORBIS"),
        AudioFormat("opus", AUDIO_TYPES[".opus"], "OGG", "OPUS"),
        AudioFormat("mp3", AUDIO_TYPES[".mp3"], "MP3", "MPEG_LAYER_III"),
    )
}


class AudioEncoder(Protocol):
    """Writes samples as a file of some format. Closing it completes the file; it leaves the sink open."""

    def write(self, pcm: bytes) -> None:
        """Append whole frames of signed 16-bit little-endian samples."""

    def close(self) -> None:
        """Complete the file."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def format_of(path: str) -> AudioFormat:
    """Return the format that the file extension of a path names.

    :raises FluxionsFormatError: there is none, or no such format. It does not check for the extra.
    """
    name = last_part(path)
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in AUDIO_FORMATS:
        raise FluxionsFormatError(
            f"{printable(repr(name), 200)} has no file extension of an audio format. Use one of "
            f"{', '.join(f'.{known}' for known in AUDIO_FORMATS)}."
        )
    return AUDIO_FORMATS[extension]


def check_format(extension: str) -> AudioFormat:
    """Return a format that can be written here.

    :raises FluxionsFormatError: there is no such format, or the extra ``speech`` is not installed.
    """
    found = AUDIO_FORMATS.get(extension) if isinstance(extension, str) else None
    if found is None:
        raise FluxionsFormatError(
            f"There is no audio format {printable(repr(extension), 60)}. Formats: {', '.join(AUDIO_FORMATS)}."
        )
    if found.major is not None:
        _soundfile(found.extension)
    return found


def open_encoder(file: BinaryIO, extension: str, sample_rate: int, channels: int) -> AudioEncoder:
    """Return an encoder that writes to a binary sink.

    :param file: Can seek; formats go back to their first 192 bytes when they are completed.
    :raises FluxionsFormatError: see `check_format`; or the format cannot have this sample rate.
    """
    found = check_format(extension)
    if found.major is None:
        return _WavEncoder(file, sample_rate, channels)
    return _SoundFileEncoder(file, found, sample_rate, channels)


def encode(audio: SpeechAudio, extension: str) -> bytes:
    """Return audio as a file of some format.

    :raises FluxionsFormatError: see `open_encoder`.
    """
    if check_format(extension).major is None:
        return audio.wav
    file = io.BytesIO()
    with open_encoder(file, extension, audio.sample_rate, audio.channels) as encoder:
        encoder.write(audio.pcm)
    return file.getvalue()


class _Encoder:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        raise NotImplementedError


class _WavEncoder(_Encoder):
    """Writes WAV; the lengths in its header are corrected at the end."""

    def __init__(self, file: BinaryIO, sample_rate: int, channels: int) -> None:
        self._file, self._form, self._bytes = file, (sample_rate, channels), 0
        self._start = file.tell()
        file.write(wav_header(0, *self._form))

    def write(self, pcm: bytes) -> None:
        self._file.write(pcm)
        self._bytes += len(pcm)

    def close(self) -> None:
        end = self._file.tell()
        self._file.seek(self._start)
        self._file.write(wav_header(self._bytes // (SAMPLE_BYTES * self._form[1]), *self._form))
        self._file.seek(end)


class _SoundFileEncoder(_Encoder):
    """Writes through libsndfile."""

    def __init__(self, file: BinaryIO, form: AudioFormat, sample_rate: int, channels: int) -> None:
        soundfile = _soundfile(form.extension)
        self._block_bytes = _BLOCK_FRAMES * SAMPLE_BYTES * channels
        problem = None
        try:
            self._file = soundfile.SoundFile(
                file, "w", sample_rate, channels, subtype=form.subtype, format=form.major, endian="FILE"
            )
        except (soundfile.LibsndfileError, ValueError) as error:
            problem = printable(error, 200)
        if problem:
            raise FluxionsFormatError(
                f"{form.extension} cannot have {sample_rate} Hz and {channels} channels ({problem}). Use wav or flac."
            )

    def write(self, pcm: bytes) -> None:
        for start in range(0, len(pcm), self._block_bytes):
            self._file.buffer_write(pcm[start : start + self._block_bytes], dtype="int16")

    def close(self) -> None:
        self._file.close()


def _soundfile(extension: str) -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: the package is there, and libsndfile is not
        raise FluxionsFormatError(
            f"Format {extension} needs soundfile: pip install 'airflow-provider-fluxions[speech]'. wav needs nothing."
        ) from error
    return soundfile
