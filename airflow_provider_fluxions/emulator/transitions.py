"""When a job changes its status: declared rules, and the function that applies them. No I/O, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

TERMINAL_STATUSES = frozenset({"completed", "failed"})
_CLIENT_REFERENCE = re.compile(r"--[0-9a-f]{16}(?=\.[^.]*$|$)")

_SHORTENED = "~"
"""Replaces the part of a long name that a client omitted."""


@dataclass(frozen=True)
class Transition:
    """How jobs change from ``submitted`` to ``processing`` to ``completed``. Use the constructors."""

    kind: Literal["at_once", "after_reads", "after_seconds"] = "at_once"
    reads: int = 0
    seconds: float = 0.0
    spread_seconds: float = 0.0

    @classmethod
    def at_once(cls) -> Transition:
        """The first read of a job finds it completed; the response to the submit still has ``submitted``."""
        return cls("at_once")

    @classmethod
    def after_reads(cls, reads: int) -> Transition:
        """The first `reads` responses with the job find it running, the next one finds it completed.

        Responses for the single job and list responses that contain it count equally.
        """
        return cls("after_reads", reads=reads)

    @classmethod
    def after_seconds(cls, seconds: float) -> Transition:
        """Completed `seconds` after the submit, ``processing`` from the first third on."""
        return cls("after_seconds", seconds=seconds)

    @classmethod
    def after_seconds_between(cls, least: float, most: float) -> Transition:
        """As `after_seconds`, with a uniformly distributed time for each job. The same audio always takes the same."""
        return cls("after_seconds", seconds=least, spread_seconds=most - least)

    def seconds_of(self, sha256: str) -> float:
        """Return the seconds until a job with these bytes completes, for ``after_seconds``."""
        return self.seconds + self.spread_seconds * int(sha256[:8] or "0", 16) / 0xFFFFFFFF

    def status(self, reads: int, age_seconds: float, sha256: str = "") -> str:
        """Return the status by this rule at read number `reads` (1-based; 0: before the first read)."""
        if self.kind == "at_once":
            return "completed"
        if self.kind == "after_seconds":
            seconds = self.seconds_of(sha256)
            if age_seconds >= seconds:
                return "completed"
            return "processing" if age_seconds >= seconds / 3 else "submitted"
        if reads > self.reads:
            return "completed"
        return "submitted" if reads == 0 or (reads == 1 and self.reads > 1) else "processing"


@dataclass(frozen=True)
class OutcomeRule:
    """Another outcome for the jobs whose filename matches.

    `filename` is a shell pattern, tried on the name as sent and on the name without the ``--<16 hex>`` that
    clients add to the stem, so ``bad.mp3`` matches ``bad--0123456789abcdef.mp3``, and ``interview-2026-0042.mp3``
    matches the shortened ``intervi~0042--0123456789abcdef.mp3``.
    ``failed`` ends with `error_message`; ``never`` stays in ``processing``; ``unknown_status`` returns `status`
    for the first `for_reads` reads and the first `for_seconds`, then follows the usual rule.
    """

    filename: str
    outcome: Literal["failed", "never", "unknown_status"] = "failed"
    error_message: str = "The audio could not be transcribed."
    status: str = "queued"
    for_reads: int = 1
    for_seconds: float = 0.0

    def matches(self, filename: str) -> bool:
        """Return whether the rule applies to `filename`."""
        return filename_matches(filename, self.filename)


def filename_matches(filename: str, pattern: str) -> bool:
    """Match a shell pattern against a filename with and without a client's reference.

    Clients can shorten long names, as in ``intervi~0042.mp3``. Such a name matches if a name that is shortened to it
    can match.
    """
    plain = _CLIENT_REFERENCE.sub("", filename)
    if fnmatchcase(filename, pattern) or fnmatchcase(plain, pattern):
        return True
    return _SHORTENED in plain and _may_both_match(pattern, plain.replace(_SHORTENED, "*", 1))


@lru_cache(maxsize=4_096)
def _may_both_match(one: str, other: str) -> bool:
    """Return whether a text can match both of two patterns of characters, ``?`` and ``*``."""
    for pattern, beside in ((one, other), (other, one)):
        if pattern.startswith("*"):
            return _may_both_match(pattern[1:], beside) or (beside != "" and _may_both_match(pattern, beside[1:]))
    if not one or not other:
        return one == other
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _may_both_match(one[1:], other[1:])


@dataclass(frozen=True)
class Look:
    """The state of a running job at a read."""

    status: str
    reads: int
    age_seconds: float
    sha256: str
    recognised: bool
    recognition_error: str | None


def next_status(look: Look, transition: Transition, rule: OutcomeRule | None) -> tuple[str, str | None]:
    """Return the status of a running job and, if it ``failed``, the error message.

    A job completes only after both its transition and its recognition.
    """
    reads = look.reads
    if rule is not None and rule.outcome == "unknown_status":
        if 0 < reads <= rule.for_reads or look.age_seconds < rule.for_seconds:
            return rule.status, None
        reads = max(0, reads - rule.for_reads)
    status = transition.status(reads, look.age_seconds, look.sha256)
    if status == "submitted" and look.status == "processing":
        return "processing", None
    if status != "completed":
        return status, None
    if rule is not None and rule.outcome == "failed":
        return "failed", rule.error_message
    if rule is not None and rule.outcome == "never":
        return "processing", None
    if look.recognition_error is not None:
        return "failed", look.recognition_error
    return ("completed" if look.recognised else "processing"), None
