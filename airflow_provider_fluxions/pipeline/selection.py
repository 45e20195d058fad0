"""Select the inputs of a transfer among the listed objects. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_fluxions.api.arguments import number_of, optional_number_of
from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.storage import StoredObject

AUDIO_SUFFIXES = (
    ".3g2", ".3gp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".amr", ".au", ".caf", ".flac", ".m4a", ".m4b", ".m4v",
    ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpeg", ".mpg", ".mpga", ".oga", ".ogg", ".opus", ".wav", ".weba",
    ".webm", ".wma",
)  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """The selection of recordings below a source.

    :param suffixes: File extensions, in lower case.
    :param min_age_seconds: Minimum age. Younger objects might still be being written.
    :param min_bytes: Skip smaller objects.
    :param max_bytes: Skip larger objects; None: no limit.
    :param shard_index: Number of this task's part of the source, from 0 to ``shard_count`` - 1.
    """

    suffixes: Sequence[str] = AUDIO_SUFFIXES
    min_age_seconds: float = 0.0
    min_bytes: int = 0
    max_bytes: int | None = None
    shard_index: int = 0
    shard_count: int = 1

    @classmethod
    def checked(cls, **given: Any) -> Selection:
        """Return a selection from values that can come from templates, in which numbers are text.

        :raises FluxionsInputError: if a value is invalid, or the combination selects nothing.
        """
        readers = {"min_age_seconds": float, "min_bytes": int, "max_bytes": int, "shard_index": int, "shard_count": int}
        numbers: dict[str, Any] = {
            name: (optional_number_of if name == "max_bytes" else number_of)(name, given[name], read)
            for name, read in readers.items()
        }
        made = cls(suffixes_of(given["suffixes"]), **numbers)
        if not 0 <= made.shard_index < made.shard_count:
            raise FluxionsInputError(
                f"shard_index must be 0 to shard_count - 1, not {made.shard_index} of {made.shard_count}."
            )
        if made.max_bytes is not None and made.max_bytes < made.min_bytes:
            raise FluxionsInputError(f"max_bytes must be at least min_bytes ({made.min_bytes}), not {made.max_bytes}.")
        return made

    def is_in_shard(self, uri: str) -> bool:
        """Return whether an input belongs to this shard. The URI alone decides."""
        return self.shard_count == 1 or shard_of(uri, self.shard_count) == self.shard_index

    def skip_reason(self, found: StoredObject, now: datetime) -> str | None:
        """Return the reason to skip an input, or None to transcribe it."""
        if found.modified_at is not None and self.min_age_seconds:
            age = (now - found.modified_at).total_seconds()
            if age < self.min_age_seconds:
                return f"too young: written {max(0.0, age):.0f} s ago, min_age is {self.min_age_seconds:g} s"
        if found.size_bytes < self.min_bytes:
            return f"too small: {found.size_bytes} bytes, min_bytes is {self.min_bytes}"
        if self.max_bytes is not None and found.size_bytes > self.max_bytes:
            return f"too large: {found.size_bytes} bytes, max_bytes is {self.max_bytes}"
        return None


def suffixes_of(value: Any) -> tuple[str, ...]:
    """Return extensions in lower case.

    :raises FluxionsInputError: if it is not a list of texts.
    """
    given = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else ()
    if not given or not all(isinstance(one, str) and one for one in given):
        raise FluxionsInputError(f"suffixes must be a list such as ['.mp3', '.wav'], not {shown(value)}.")
    return tuple(one.lower() for one in given)


def shard_of(uri: str, count: int) -> int:
    """Return the shard of a URI among ``count``, which is always the same on every machine."""
    # Python's own hash() differs between processes, so two workers would disagree about an input.
    return int.from_bytes(hashlib.sha256(uri.encode(errors="surrogatepass")).digest()[:8]) % count
