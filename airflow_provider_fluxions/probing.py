"""How long recordings are, as far as their headers say it in few bytes."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from typing import Any

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

from airflow_provider_fluxions.api.audio import AudioSource

BLOCK_BYTES = 64 * 1024
# A file that hides its length deeper than this is not told cheaply.
MAX_PROBED_BYTES = 1 << 20
# Speech is seldom stored in less: a length that nobody can tell is rather guessed too long.
UNKNOWN_BYTES_PER_SECOND = 8000

Read = Callable[[int, int], bytes]


def audio_seconds(name: str, size_bytes: int, read: Read) -> float | None:
    """Return how long a recording is, reading at most 1 MiB of it; None where that does not tell.

    Needs the package ``tinytag`` (extra ``amazon``).

    :param name: its ending helps where the first bytes are not enough.
    :param read: returns at most so many bytes, from so many bytes on: ``read(start, size)``.
    """
    try:
        from tinytag import TinyTag
        from tinytag.tinytag import TinyTagException
    except ImportError as error:
        raise AirflowOptionalProviderFeatureException(
            "Lengths of audio need tinytag: pip install 'airflow-provider-fluxions[amazon]'."
        ) from error
    if not size_bytes:
        return None
    file = io.BufferedReader(_Ranges(size_bytes, read), BLOCK_BYTES)
    try:
        tag = TinyTag.get(filename=name, file_obj=file, tags=False)
    except (TinyTagException, _TooFar):
        return None
    return tag.duration if tag.duration and tag.duration > 0 else None


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
