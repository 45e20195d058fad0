"""Match shell patterns of users with file names that were shortened for the submit. No I/O."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache

from airflow_provider_fluxions.api.job_reference import (
    MAX_STEM_CHARACTERS,
    OMITTED,
    filename_without_reference,
    reference_in,
)

# The parts of a user's pattern that are not characters: any text, any character, one of some characters.
_PART = re.compile(r"\*|\?|\[!?[^\]]+\]|.", re.DOTALL)


def name_matches(filename: str | None, pattern: str) -> bool:
    """Return whether a shell pattern matches a job's file name, as sent or as the user's name.

    For a long name only the start and the end were sent. It matches if a name with this start and end can match, so the
    original name might not match.
    """
    sent = filename or ""
    plain = filename_without_reference(sent)
    if fnmatch.fnmatchcase(sent, pattern) or fnmatch.fnmatchcase(plain, pattern):
        return True
    head, omitted, tail = plain.partition(OMITTED)
    is_shortened = bool(omitted) and reference_in(sent) is not None and len(head) < MAX_STEM_CHARACTERS
    return is_shortened and _can_match(tuple(_PART.findall(pattern)), (*head, "*", *tail))


@lru_cache(maxsize=4096)
def _can_match(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether a text can match both patterns."""
    if one[:1] == ("*",):
        return _can_match(one[1:], other) or (bool(other) and _can_match(one, other[1:]))
    if other[:1] == ("*",):
        return _can_match(other, one)
    if not one or not other:
        return not one and not other
    return _same(one[0], other[0]) and _can_match(one[1:], other[1:])


def _same(part: str, other: str) -> bool:
    """Return whether two parts, of which one may be a set of characters, have a character in common."""
    if len(part) > 1 or part == "?":
        return len(other) > 1 or other == "?" or fnmatch.fnmatchcase(other, part)
    return _same(other, part) if len(other) > 1 or other == "?" else part == other
