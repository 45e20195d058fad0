"""Numbers and names in the sentences of logs and errors. No I/O."""

from __future__ import annotations


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 job``, ``1,204 jobs``.

    :param plural: by default the singular with an s.
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
