"""Audio files as samples for recognition, with PyAV, which has FFmpeg in its wheels (extra ``asr``)."""

from __future__ import annotations

import array
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator.recognition import MissingExtraError, RecognitionError

SAMPLE_RATE_HZ = 16_000
# Playlists and the like are left out: they name other files and addresses, which FFmpeg would open.
_FORMATS = (
    "wav,w64,aiff,au,caf,mp3,aac,flac,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,amr,amrnb,amrwb,asf,mpeg,mpegts,avi"
)
_BYTES_PER_SAMPLE = 4
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Decoded:
    """A file that can be read: ``seconds`` as its header has it (None: unknown), and its samples in windows."""

    seconds: float | None
    windows: Iterator[array.array[float]]


class Decoder:
    """Decodes what FFmpeg can: WAV, MP3, FLAC, M4A, MP4, WebM, Ogg with Opus or Vorbis, AMR and others.

    :raises MissingExtraError: ``av`` is not installed.
    """

    def __init__(self) -> None:
        try:
            self._av: Any = importlib.import_module("av")
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"Speech recognition needs {error.name}: install airflow-provider-fluxions[emulator,asr]"
            ) from error

    @contextmanager
    def open(self, path: Path, window_seconds: int) -> Iterator[Decoded]:
        """Open a file; its windows are mono samples between -1 and 1, `SAMPLE_RATE_HZ` a second.

        :param window_seconds: the length of each window but the last.
        :raises RecognitionError: the file cannot be decoded, or has no sound.
        """
        options = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
        # As a file object: a path could be taken for a protocol.
        with path.open("rb") as file, self._readable(), self._av.open(file, options=options) as container:
            if not container.streams.audio:
                raise RecognitionError("The audio could not be decoded: the file has no sound.")
            seconds = container.duration / _MICROSECONDS if container.duration else None
            yield Decoded(seconds, self._windows(container, window_seconds * SAMPLE_RATE_HZ))

    def _windows(self, container: Any, size: int) -> Iterator[array.array[float]]:
        window: array.array[float] = array.array("f")
        for samples in self._samples(container):
            window.frombytes(samples)
            while len(window) >= size:
                yield window[:size]
                window = window[size:]
        if window:
            yield window

    def _samples(self, container: Any) -> Iterator[bytes]:
        # FFmpeg's filter keeps a narrow band free of mirrored tones: speakers on a telephone stay apart.
        resampler = self._av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
        for frame in container.decode(audio=0):
            yield from _bytes(resampler.resample(frame))
        yield from _bytes(resampler.resample(None))

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except self._av.FFmpegError as error:
            raise RecognitionError(f"The audio could not be decoded: {error.strerror or error}") from error


def _bytes(frames: Any) -> Iterator[bytes]:
    for frame in frames:
        # A plane is padded at its end.
        yield bytes(frame.planes[0])[: frame.samples * _BYTES_PER_SAMPLE]
