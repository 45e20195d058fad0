"""Read whole objects in limited memory. A body is any object with `read`."""

from __future__ import annotations

import zlib

from airflow_provider_fluxions.api.audio import Readable
from airflow_provider_fluxions.api.errors import FluxionsStorageError

# A transcript of a day of speech with all words has a tenth of this.
MAX_RESULT_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024


class ObjectTooLargeError(FluxionsStorageError):
    """A stored object has more bytes, as stored or unpacked, than its reader allows in memory."""

    transient = False


def read_stored_object(uri: str, body: Readable, content_encoding: str | None, limit: int) -> bytes:
    """Return an object's content, unpacked if it is stored with gzip. Holds at most ``limit`` bytes of each.

    :param uri: URI for messages.
    :param limit: Maximum bytes, as stored and unpacked.
    :raises ObjectTooLargeError: if it has more bytes.
    :raises FluxionsStorageError: if it cannot be unpacked.
    """
    data = _read(uri, body, limit)
    return _unpack(uri, data, limit) if (content_encoding or "").strip().lower() == "gzip" else data


def _read(uri: str, body: Readable, limit: int) -> bytes:
    pieces, size = [], 0
    while piece := body.read(min(_CHUNK_BYTES, limit + 1 - size)):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise _too_large(uri, limit)
    return b"".join(pieces)


def _unpack(uri: str, data: bytes, limit: int) -> bytes:
    """Unpack all gzip members up to the limit, because a small object can unpack to any size."""
    pieces, size = [], 0
    while data:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            # One byte more than the limit separates an object of exactly that size from a larger one.
            piece = member.decompress(data, limit + 1 - size)
        except zlib.error as error:
            raise _broken(uri, str(error)) from error
        size += len(piece)
        if size > limit:
            raise _too_large(uri, limit)
        if not member.eof:
            raise _broken(uri, "it ends early")
        pieces.append(piece)
        # gzip allows zero bytes after a member.
        data = member.unused_data.lstrip(b"\0")
    return b"".join(pieces)


def _broken(uri: str, reason: str) -> FluxionsStorageError:
    return FluxionsStorageError(
        f"{uri} is stored with Content-Encoding gzip and cannot be unpacked: {reason}.", transient=False
    )


def _too_large(uri: str, limit: int) -> ObjectTooLargeError:
    return ObjectTooLargeError(f"{uri} has more than the {limit:,} bytes that are read into memory.")
