"""Parse the ``Range`` header (RFC 9110, section 14). No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A player that requests "the rest" gets a part and requests more, because a paused player would hold a worker of
# Airflow 2's web server.
OPEN_RANGE_BYTES = 4 * 1024 * 1024

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """Bytes from ``first`` to ``last``, both included, of ``size``."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """Number of these bytes."""
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        """The header's value."""
        return f"bytes {self.first}-{self.last}/{self.size}"


class UnsatisfiableError(ValueError):
    """The range starts after the end, so the response is 416."""


def span_of(header: str | None, size: int) -> Span | None:
    """Return the requested bytes, or None for all of them.

    Anything other than a single range of bytes is ignored, as the standard allows: several ranges get the whole file.

    :raises UnsatisfiableError: if the range contains no byte of the file.
    """
    match = _ONE_RANGE.fullmatch(header or "")
    if match is None or match[1] == match[2] == "":
        return None
    if not match[1]:
        length = min(int(match[2]), size)
        return _checked(size - length, size - 1, size)
    first = int(match[1])
    if not match[2]:
        return _checked(first, min(first + OPEN_RANGE_BYTES, size) - 1, size)
    if int(match[2]) < first:
        return None
    return _checked(first, min(int(match[2]), size - 1), size)


def _checked(first: int, last: int, size: int) -> Span:
    if first >= size:
        raise UnsatisfiableError(f"The recording has {size} bytes.")
    return Span(first, last, size)
