"""When a job moves on: declared rules and the one function that applies them. No I/O, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

TERMINAL_STATUSES = frozenset({"completed", "failed"})
_CLIENT_REFERENCE = re.compile(r"--[0-9a-f]{16}(?=\.[^.]*$|$)")

_SHORTENED = "~"
"""Stands for what a client left out of a long name."""


@dataclass(frozen=True)
class Transition:
    """How jobs go from ``submitted`` over ``processing`` to ``completed``. Make one with its constructors."""

    kind: Literal["at_once", "after_reads", "after_seconds"] = "at_once"
    reads: int = 0
    seconds: float = 0.0
    spread_seconds: float = 0.0

    @classmethod
    def at_once(cls) -> Transition:
        """The first look at a job finds it completed; the answer to the submit still says ``submitted``."""
        return cls("at_once")

    @classmethod
    def after_reads(cls, reads: int) -> Transition:
        """The first `reads` answers that show the job find it running, the next one finds it completed.

        Answers for the single job and list answers that include it count alike.
        """
        return cls("after_reads", reads=reads)

    @classmethod
    def after_seconds(cls, seconds: float) -> Transition:
        """Completed `seconds` after the submit, ``processing`` from the first third on."""
        return cls("after_seconds", seconds=seconds)

    @classmethod
    def after_seconds_between(cls, least: float, most: float) -> Transition:
        """Likewise, each job after seconds of its own, spread evenly; the same audio always takes the same."""
        return cls("after_seconds", seconds=least, spread_seconds=most - least)

    def seconds_of(self, sha256: str) -> float:
        """How long after its submit a job with these bytes is completed; meant for ``after_seconds``."""
        return self.seconds + self.spread_seconds * int(sha256[:8] or "0", 16) / 0xFFFFFFFF

    def status(self, reads: int, age_seconds: float, sha256: str = "") -> str:
        """The status that this rule gives at read number `reads` (1-based; 0: nobody has looked yet)."""
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
    """Another ending for the jobs whose filename matches.

    `filename` is a shell pattern, tried on the name as sent and on the name without the ``--<16 hex>`` that
    clients put behind the stem, so ``bad.mp3`` matches ``bad--0123456789abcdef.mp3``, and ``interview-2026-0042.mp3``
    matches the shortened ``intervi~0042--0123456789abcdef.mp3``.
    ``failed`` ends in `error_message`; ``never`` stays in ``processing``; ``unknown_status`` answers `status`
    for the first `for_reads` reads and the first `for_seconds`, then goes the usual way.
    """

    filename: str
    outcome: Literal["failed", "never", "unknown_status"] = "failed"
    error_message: str = "The audio could not be transcribed."
    status: str = "queued"
    for_reads: int = 1
    for_seconds: float = 0.0

    def matches(self, filename: str) -> bool:
        """Say whether the rule is meant for `filename`."""
        return filename_matches(filename, self.filename)


def filename_matches(filename: str, pattern: str) -> bool:
    """Match a shell pattern against a filename with and without a client's reference.

    Clients may shorten long names, as in ``intervi~0042.mp3``: such a name matches if a name that is shortened to it
    may match.
    """
    plain = _CLIENT_REFERENCE.sub("", filename)
    if fnmatchcase(filename, pattern) or fnmatchcase(plain, pattern):
        return True
    return _SHORTENED in plain and _may_both_match(pattern, plain.replace(_SHORTENED, "*", 1))


@lru_cache(maxsize=4_096)
def _may_both_match(one: str, other: str) -> bool:
    """Say whether some text matches both of two patterns of characters, ``?`` and ``*``."""
    for pattern, beside in ((one, other), (other, one)):
        if pattern.startswith("*"):
            return _may_both_match(pattern[1:], beside) or (beside != "" and _may_both_match(pattern, beside[1:]))
    if not one or not other:
        return one == other
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _may_both_match(one[1:], other[1:])


@dataclass(frozen=True)
class Look:
    """What is known about a running job at the moment somebody looks at it."""

    status: str
    reads: int
    age_seconds: float
    sha256: str
    recognised: bool
    recognition_error: str | None


def next_status(look: Look, transition: Transition, rule: OutcomeRule | None) -> tuple[str, str | None]:
    """Judge a running job: its status and, when that is ``failed``, the error message.

    A job completes only when its transition and its recognition are both done.
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
