"""Numbers and names in the sentences of logs and errors. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 job``, ``1,204 jobs``.

    :param plural: by default the singular with an s.
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def planned(counts: Mapping[Any, int]) -> str:
    """Return how many inputs there are and what is to be done with them: ``2 inputs: 1 to submit, 1 already done``."""
    names = {
        "to_do": "to do",
        "in_flight": "in progress at Fluxions",
        "writing": "to be written",
        "completed": "done by an earlier try",
        "already_done": "already done",
    }
    each = ", ".join(f"{number:,} {names.get(str(state), str(state))}" for state, number in counts.items() if number)
    return counted(sum(counts.values()), "input") + (f": {each}" if each else "")
