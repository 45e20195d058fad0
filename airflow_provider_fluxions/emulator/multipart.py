"""Finds the one file in a multipart body while it streams by (RFC 7578)."""

from __future__ import annotations

import re
from collections.abc import Callable

from airflow_provider_fluxions.emulator.replies import ApiError

_MAX_PART_HEADER_BYTES = 16_384
_NAME = re.compile(rb'[;\s]name="([^"]*)"', re.IGNORECASE)
_FILENAME = re.compile(rb'[;\s]filename="([^"]*)"', re.IGNORECASE)
_BOUNDARY = re.compile(r'boundary="?([^";]{1,70})"?', re.IGNORECASE)


class MultipartFile:
    """Call `feed` with the body; it passes the bytes of the part named `field` to `write` and buffers little.

    The constructor, `feed` and `finish` raise this:

    :raises ApiError: 400, if the body is not multipart, is incomplete, or has no such part.
    """

    def __init__(self, content_type: str, field: str, write: Callable[[bytes], None]) -> None:
        boundary = _BOUNDARY.search(content_type)
        if boundary is None:
            raise ApiError(400, "The multipart Content-Type has no boundary")
        self.filename: str | None = None
        self._delimiter = b"\r\n--" + boundary[1].encode()
        self._field = field.encode()
        self._write = write
        # The first delimiter has no line break before it. With an added one, all delimiters are equal.
        self._buffer = bytearray(b"\r\n")
        self._state = "skipping"
        self._found = False

    def feed(self, chunk: bytes) -> None:
        """Add the next bytes of the body."""
        self._buffer += chunk
        while self._state != "done" and (self._headers() if self._state == "headers" else self._content()):
            pass

    def finish(self) -> None:
        """Check that the body is complete and contains the file."""
        if self._state != "done":
            raise ApiError(400, "The multipart body is cut short")
        if not self._found:
            raise ApiError(400, f"The multipart body has no field {self._field.decode()!r}")

    def _content(self) -> bool:
        end = self._buffer.find(self._delimiter)
        kept = len(self._delimiter) - 1
        ready = end if end >= 0 else max(0, len(self._buffer) - kept)
        if self._state == "writing" and ready:
            self._write(bytes(self._buffer[:ready]))
        del self._buffer[: ready + len(self._delimiter) if end >= 0 else ready]
        if end >= 0:
            self._state = "headers"
        return end >= 0

    def _headers(self) -> bool:
        if self._buffer[:2] == b"--":
            self._state = "done"
            return False
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_PART_HEADER_BYTES:
                raise ApiError(400, "A part of the multipart body has no end of its headers")
            return False
        headers = bytes(self._buffer[:end])
        name = _NAME.search(headers)
        wanted = not self._found and name is not None and name[1] == self._field
        if wanted:
            self._found = True
            filename = _FILENAME.search(headers)
            self.filename = filename[1].decode("utf-8", "replace") if filename else None
        self._state = "writing" if wanted else "skipping"
        del self._buffer[: end + 4]
        return True
