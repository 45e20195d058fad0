"""Read the length of recordings from a few bytes of their headers.

Other programs write headers, often before the length is known: a program that writes a WAV file to a pipe leaves
0, 0x7FFFFFFF or 0xFFFFFFFF as its length. A length that is impossible for the object's size is ignored.
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
# Maximum bytes to read for a length.
MAX_PROBED_BYTES = 1 << 20
# Speech seldom has fewer bytes per second, so an estimated length is usually too long.
UNKNOWN_BYTES_PER_SECOND = 8000
# Codecs for speech need at least 90 bytes per second, digital silence in FLAC 150. A length with fewer is wrong.
MIN_BYTES_PER_SECOND = 64
# Minimum size of a WAV header before the samples.
WAV_HEADER_BYTES = 44
# Formats with a constant number of bytes per sample: PCM, IEEE float, A-law, mu-law, and "see the extension".
_UNCOMPRESSED_WAV = frozenset({1, 3, 6, 7, 0xFFFE})

Read = Callable[[int, int], bytes]


def audio_seconds(name: str, size_bytes: int, read: Read) -> float | None:
    """Return the length of a recording in seconds from at most 1 MiB of it, or None if it is unknown.

    Needs the package ``tinytag`` (extra ``amazon``). A length that is impossible for the size counts as unknown. For an
    uncompressed WAV file, the length is then calculated from the size.

    :param name: File name. Its extension helps if the first bytes are not enough.
    :param read: Function ``read(start, size)`` that returns at most ``size`` bytes from ``start``.
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
    except FluxionsError:  # raised by `read`: an error of S3 and not of the recording
        raise
    except Exception as error:
        # A parser can raise any exception for foreign bytes. Then only the length is unknown.
        log.debug("Could not read the length of %s: %s: %s", printable(name), type(error).__name__, printable(error))
    return believable_seconds(seconds, size_bytes, held)


def believable_seconds(seconds: float | None, size_bytes: int, held: float | None = None) -> float | None:
    """Return the length in a header, or None if the object is too small for it.

    :param held: Seconds for this size, for a format with a constant number of bytes per second. It replaces a longer or
        missing length.
    """
    if held is not None:
        # A WAV header that was written before its samples has a placeholder, which reads as hours.
        return held if not seconds or not 0 < seconds <= held else seconds
    if not seconds or not 0 < seconds <= size_bytes / MIN_BYTES_PER_SECOND:  # also false for NaN
        return None
    return seconds


def _wav_seconds(head: bytes, size_bytes: int) -> float | None:
    """Return the length of an uncompressed WAV file of this size, or None for any other file."""
    # Not at a fixed place: broadcast WAV has other chunks before it.
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
    """Return whether the package for `audio_seconds` is installed."""
    try:
        import tinytag  # noqa: F401  # only whether it is there
    except ImportError:
        return False
    return True


def source_seconds(source: AudioSource) -> float | None:
    """Return the length of a recording from its first MiB, read at once; None if it is unknown, or without tinytag.

    :raises FluxionsAudioError: if it cannot be opened.
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
    """The length needs more bytes than the limit."""


class _Header(io.BufferedReader):
    """A recording as a file with a limit on the read bytes, also if its header claims a large part."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most ``size`` bytes. Python would allocate all of them first."""
        most = MAX_PROBED_BYTES + 1
        return super().read(most if size is None or size < 0 else min(size, most))


class _Ranges(io.RawIOBase):
    """A recording as a seekable file; each read requests a range."""

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
        """Request the next bytes."""
        size = min(len(buffer), self._size_bytes - self._position)
        if size <= 0:
            return 0
        if self._read + size > MAX_PROBED_BYTES:
            # An MP3 without an index would be read to its end, over the network.
            raise _TooFar
        data = self._ask(self._position, size)
        buffer[: len(data)] = data
        self._position += len(data)
        self._read += len(data)
        return len(data)
