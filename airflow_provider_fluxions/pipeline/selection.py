"""Which of the listed objects a transfer takes, and why it leaves others. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_fluxions.api.arguments import number_of, optional_number_of
from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.storage import S3Object

AUDIO_SUFFIXES = (
    ".3g2", ".3gp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".amr", ".au", ".caf", ".flac", ".m4a", ".m4b", ".m4v",
    ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpeg", ".mpg", ".mpga", ".oga", ".ogg", ".opus", ".wav", ".weba",
    ".webm", ".wma",
)  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """What a transfer wants of the recordings below its source.

    :param suffixes: extensions of names, in lower case.
    :param min_age_seconds: leave objects that were written less than so long ago: somebody may still write them.
    :param min_bytes: leave smaller objects.
    :param max_bytes: leave larger objects; None takes any size.
    :param shard_index: which of the ``shard_count`` parts of the source is this task's, from 0.
    """

    suffixes: Sequence[str] = AUDIO_SUFFIXES
    min_age_seconds: float = 0.0
    min_bytes: int = 0
    max_bytes: int | None = None
    shard_index: int = 0
    shard_count: int = 1

    @classmethod
    def checked(cls, **given: Any) -> Selection:
        """Return a selection of values that may come from templates, where numbers are text.

        :raises FluxionsInputError: one cannot be so, or the combination takes nothing.
        """
        readers = {"min_age_seconds": float, "min_bytes": int, "max_bytes": int, "shard_index": int, "shard_count": int}
        numbers: dict[str, Any] = {
            name: (optional_number_of if name == "max_bytes" else number_of)(name, given[name], read)
            for name, read in readers.items()
        }
        made = cls(suffixes_of(given["suffixes"]), **numbers)
        if not 0 <= made.shard_index < made.shard_count:
            raise FluxionsInputError(
                f"shard_index must be 0 to shard_count - 1; they are {made.shard_index} and {made.shard_count}."
            )
        if made.max_bytes is not None and made.max_bytes < made.min_bytes:
            raise FluxionsInputError(f"max_bytes {made.max_bytes} is below min_bytes {made.min_bytes}.")
        return made

    def is_in_shard(self, uri: str) -> bool:
        """Whether an input belongs to this shard: each belongs to one, by its address alone."""
        return self.shard_count == 1 or shard_of(uri, self.shard_count) == self.shard_index

    def skip_reason(self, found: S3Object, now: datetime) -> str | None:
        """Return why an input is left for another time, or None if it is taken."""
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
    """Return extensions in lower case, as names are compared.

    :raises FluxionsInputError: no list of texts.
    """
    given = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else ()
    if not given or not all(isinstance(one, str) and one for one in given):
        raise FluxionsInputError(f"suffixes must be a list such as ['.mp3', '.wav'], not {shown(value)}.")
    return tuple(one.lower() for one in given)


def shard_of(uri: str, count: int) -> int:
    """Return which of ``count`` shards an address belongs to: the same on every machine and in every year."""
    return int.from_bytes(hashlib.sha256(uri.encode(errors="surrogatepass")).digest()[:8]) % count
