"""How long recordings in S3 are, as far as their headers say it in few bytes."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

from airflow_provider_fluxions.s3 import S3Object

if TYPE_CHECKING:
    from airflow_provider_fluxions.s3 import S3Store

BLOCK_BYTES = 64 * 1024
# A file that hides its length deeper than this is not told cheaply.
MAX_PROBED_BYTES = 1 << 20


def audio_seconds(store: S3Store, found: S3Object) -> float | None:
    """Return how long a recording is, reading at most 1 MiB of it; None where that does not tell.

    Needs the package ``tinytag`` (extra ``amazon``).

    :raises FluxionsStorageError: S3 refused.
    """
    try:
        from tinytag import TinyTag
        from tinytag.tinytag import TinyTagException
    except ImportError as error:
        raise AirflowOptionalProviderFeatureException(
            "Lengths of audio need tinytag: pip install 'airflow-provider-fluxions[amazon]'."
        ) from error
    if not found.size_bytes:
        return None
    file = io.BufferedReader(_Ranges(store, found), BLOCK_BYTES)
    try:
        tag = TinyTag.get(filename=found.key, file_obj=file, tags=False)
    except (TinyTagException, _TooFar):
        return None
    return tag.duration if tag.duration and tag.duration > 0 else None


class _TooFar(OSError):
    """More than the limit would have to be read."""


class _Ranges(io.RawIOBase):
    """An object as a file that can seek; each read is a request for a range."""

    def __init__(self, store: S3Store, found: S3Object) -> None:
        self._store, self._found = store, found
        self._position = self._read = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move without a request."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._found.size_bytes}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Ask for the next bytes."""
        size = min(len(buffer), self._found.size_bytes - self._position)
        if size <= 0:
            return 0
        if self._read + size > MAX_PROBED_BYTES:
            raise _TooFar(f"{self._found.uri} does not say its length in {MAX_PROBED_BYTES} bytes")
        data = self._store.read_range(self._found, self._position, size)
        buffer[: len(data)] = data
        self._position += len(data)
        self._read += len(data)
        return len(data)
