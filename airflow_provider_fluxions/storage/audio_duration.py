"""How long recordings are, as far as their headers say it in few bytes.

A header is written by others, often before the length was known: a program that writes a WAV file to a pipe leaves
0, 0x7FFFFFFF or 0xFFFFFFFF as its length. No length is believed that the object cannot hold.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import struct
from collections.abc import Callable
from typing import Any

from airflow_provider_fluxions.api.audio import AudioSource
from airflow_provider_fluxions.api.errors import FluxionsError
from airflow_provider_fluxions.api.printable import printable

log = logging.getLogger(__name__)

BLOCK_BYTES = 64 * 1024
# A file that hides its length deeper than this is not told cheaply.
MAX_PROBED_BYTES = 1 << 20
# Speech is seldom stored in less: a length that nobody can tell is rather guessed too long.
UNKNOWN_BYTES_PER_SECOND = 8000
# Codecs for speech need 90 bytes per second or more, digital silence in FLAC 150. A length that leaves fewer is wrong.
MIN_BYTES_PER_SECOND = 64
# The shortest header that a WAV file can have before its samples.
WAV_HEADER_BYTES = 44
# Formats whose samples all take the same number of bytes: PCM, IEEE float, A-law, mu-law, and "see the extension".
_UNCOMPRESSED_WAV = frozenset({1, 3, 6, 7, 0xFFFE})

Read = Callable[[int, int], bytes]


def audio_seconds(name: str, size_bytes: int, read: Read) -> float | None:
    """Return how long a recording is, reading at most 1 MiB of it; None if that does not show it.

    Needs the package ``tinytag`` (extra ``amazon``). A length that so few bytes cannot hold counts as unknown; of a
    WAV file without compression the size then gives the length.

    :param name: its file extension helps if the first bytes are not enough.
    :param read: returns at most so many bytes, from so many bytes on: ``read(start, size)``.
    """
    try:
        from tinytag import TinyTag
    except ImportError as error:
        raise _missing_tinytag() from error
    if not size_bytes:
        return None
    file = _Header(_Ranges(size_bytes, read), BLOCK_BYTES)
    held: float | None = None
    seconds: float | None = None
    try:
        held = _wav_seconds(file.peek(BLOCK_BYTES), size_bytes)
        seconds = TinyTag.get(filename=name, file_obj=file, tags=False).duration
    except FluxionsError:  # of `read`: S3 failed, which says nothing about the recording
        raise
    except Exception as error:
        # Whatever a parser raises on bytes that others chose, only the length is unknown.
        log.debug("Could not read the length of %s: %s: %s", printable(name), type(error).__name__, printable(error))
    return believable_seconds(seconds, size_bytes, held)


def believable_seconds(seconds: float | None, size_bytes: int, held: float | None = None) -> float | None:
    """Return the length that a header states, None if the object is too small for it.

    :param held: how many seconds these bytes are, for a format in which every second takes the same number of bytes.
        It replaces a longer or missing length.
    """
    if held is not None:
        return held if not seconds or not 0 < seconds <= held else seconds
    if not seconds or not 0 < seconds <= size_bytes / MIN_BYTES_PER_SECOND:  # false for NaN, too
        return None
    return seconds


def _wav_seconds(head: bytes, size_bytes: int) -> float | None:
    """Return how long an uncompressed WAV file of this size is, None for any other file."""
    at = head.find(b"fmt ", 12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE" or at < 0 or len(head) < at + 20:
        return None
    kind, _channels, _rate, bytes_per_second = struct.unpack_from("<HHII", head, at + 8)
    if kind not in _UNCOMPRESSED_WAV or bytes_per_second < MIN_BYTES_PER_SECOND:
        return None
    seconds = (size_bytes - WAV_HEADER_BYTES) / float(bytes_per_second)
    return seconds if seconds > 0 else None


def _missing_tinytag() -> Exception:
    from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

    error: Exception = AirflowOptionalProviderFeatureException(
        "Lengths of audio need tinytag: pip install 'airflow-provider-fluxions[amazon]'."
    )
    return error


def can_tell_seconds() -> bool:
    """Whether `audio_seconds` has the package that it needs."""
    try:
        import tinytag  # noqa: F401  # only whether it is there
    except ImportError:
        return False
    return True


def source_seconds(source: AudioSource) -> float | None:
    """Return how long a recording is by its first MiB, read in one go; None where that, or no tinytag, does not tell.

    :raises FluxionsAudioError: it cannot be opened.
    """
    if not can_tell_seconds():
        return None
    with contextlib.closing(source.open()) as file:
        head = file.read(MAX_PROBED_BYTES)

    def read(start: int, size: int) -> bytes:
        if start + size > len(head):
            raise _TooFar
        return head[start : start + size]

    return audio_seconds(source.uri, source.size_bytes, read)


class _TooFar(OSError):
    """More than the limit would have to be read."""


class _Header(io.BufferedReader):
    """A recording of which a parser reads little, whatever length the recording claims for a part of itself."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most ``size`` bytes. Python would allocate all of them first."""
        most = MAX_PROBED_BYTES + 1
        return super().read(most if size is None or size < 0 else min(size, most))


class _Ranges(io.RawIOBase):
    """A recording as a file that can seek; each read asks for a range."""

    def __init__(self, size_bytes: int, read: Read) -> None:
        self._size_bytes, self._ask = size_bytes, read
        self._position = self._read = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move without a request."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size_bytes}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Ask for the next bytes."""
        size = min(len(buffer), self._size_bytes - self._position)
        if size <= 0:
            return 0
        if self._read + size > MAX_PROBED_BYTES:
            raise _TooFar
        data = self._ask(self._position, size)
        buffer[: len(data)] = data
        self._position += len(data)
        self._read += len(data)
        return len(data)
