"""Objects below the source that a transfer ignores because of their extension. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from airflow_provider_fluxions.api.humanize import counted
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.uris import last_part

MAX_SHOWN = 10
MAX_EXTENSION_CHARACTERS = 20
NO_EXTENSION = "(none)"
OTHERS = "(others)"


def extension_of(key: str) -> str:
    """Return the extension of a name in lower case with its dot, or ``(none)``."""
    name = last_part(key)
    # macOS stores attributes under these names, with the extension of the file to which they belong.
    if name.startswith("._"):
        return "._*"
    stem, dot, extension = name.rpartition(".")
    if not stem or not extension or len(extension) > MAX_EXTENSION_CHARACTERS:
        return NO_EXTENSION
    return printable(dot + extension.lower())


def most_frequent(extensions: Mapping[str, int]) -> dict[str, int]:
    """Return the most frequent extensions with their numbers, and the rest as ``(others)``: at most 11 entries."""
    common = Counter(extensions).most_common(MAX_SHOWN)
    rest = sum(extensions.values()) - sum(number for _, number in common)
    return dict(common) | ({OTHERS: rest} if rest else {})


def describe_ignored(extensions: Mapping[str, int]) -> str:
    """Return the number of ignored objects with their extensions: ``3 objects (.txt 2, .md 1)``."""
    each = ", ".join(f"{extension} {number:,}" for extension, number in most_frequent(extensions).items())
    return f"{counted(sum(extensions.values()), 'object')} ({each})"


def parse_ignored(value: Any) -> dict[str, int]:
    """Return the counts of an earlier step of this task, or empty counts for another form."""
    if not isinstance(value, Mapping):
        return {}
    return {str(name): number for name, number in value.items() if isinstance(number, int)}
