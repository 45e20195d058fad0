"""Errors of the account's job list: late, short, renamed, miscounted. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import quote

from airflow_provider_fluxions.emulator.transitions import filename_matches

NamesIn = Literal["list", "read", "both"]
_ENDING = re.compile(r"(\.[^.]*)?$")
# Functions that change a name, given the name and the text after the colon; None: null.
_CHANGES: dict[str, Callable[[str, str], str | None]] = {
    "append": lambda name, text: name + text,
    "upper": lambda name, _: name.upper(),
    "lower": lambda name, _: name.lower(),
    "dashes": lambda name, text: name.replace("--", text),
    "cut": lambda name, length: name[: int(length)],
    "copy": lambda name, _: _ENDING.sub(lambda ending: f" (1){ending[0]}", name, count=1),
    "percent": lambda name, _: quote(name, safe=""),
    "empty": lambda *_: "",
    "null": lambda *_: None,
    "missing": lambda *_: None,
}
_WITH_TEXT = ("append", "dashes", "cut")


@dataclass(frozen=True)
class ListBehavior:
    """The behavior of the job list. The default is a correct list.

    `late_seconds` and `late_reads`: a job appears in the list this many seconds after its creation, and after this many
    reads of the list (both conditions; reads by id find it at once).
    `page_limit`: maximum entries per page, with any ``limit``; the response's ``limit`` has this value.
    `max_entries`: the list ends after this many entries, and ``total`` counts all.
    `total_off_by`: error of ``total`` (negative: too small, never below 0). `total_missing`: no ``total``.

    `names`: changes of filenames, applied in this order: ``append:.opus``, ``upper``, ``lower``, ``dashes:-`` (each
    ``--`` becomes ``-``), ``cut:32`` (the first 32 characters), ``copy`` (``a (1).mp3``), ``percent`` (URL-encoded),
    ``empty`` (``""``), ``null``, ``missing`` (no such field).
    `names_in`: in the ``list``, in a ``read`` by id, or in ``both``. `names_of`: only jobs whose filename
    matches this shell pattern.
    """

    late_seconds: float = 0.0
    late_reads: int = 0
    page_limit: int | None = None
    max_entries: int | None = None
    total_off_by: int = 0
    total_missing: bool = False
    names: tuple[str, ...] = ()
    names_in: NamesIn = "both"
    names_of: str = "*"

    def __post_init__(self) -> None:
        """Refuse names that would silently have no effect."""
        if self.names_in not in get_args(NamesIn):
            raise ValueError(f"names_in must be one of {get_args(NamesIn)}, not {self.names_in!r}")
        # JSON has only lists.
        object.__setattr__(self, "names", tuple(self.names))
        for change in self.names:
            _check_change(change)
        if self.page_limit is not None and self.page_limit < 1:
            raise ValueError(f"page_limit must be 1 or more, not {self.page_limit}")

    def page(self, limit: int, offset: int) -> tuple[int, int]:
        """Return the limit of a page, and the maximum number of entries at its offset."""
        limit = limit if self.page_limit is None else min(limit, self.page_limit)
        return limit, limit if self.max_entries is None else max(0, min(limit, self.max_entries - offset))

    def with_total(self, page: Mapping[str, Any]) -> dict[str, Any]:
        """Return the page with this account's total."""
        shown = {**page, "total": max(0, page["total"] + self.total_off_by)}
        if self.total_missing:
            del shown["total"]
        return shown

    def with_name(self, job: Mapping[str, Any], where: Literal["list", "read"]) -> dict[str, Any]:
        """Return the view of a job with its filename as changed in that place."""
        shown, name = dict(job), job["filename"]
        if self.names_in not in (where, "both") or not filename_matches(name, self.names_of):
            return shown
        for change in self.names:
            kind, _, text = change.partition(":")
            name = _CHANGES[kind](name, text) if name is not None else None
        shown["filename"] = name
        if "missing" in self.names:
            del shown["filename"]
        return shown


def _check_change(change: str) -> None:
    kind, colon, text = change.partition(":")
    if kind not in _CHANGES or (kind in _WITH_TEXT) != bool(colon) or (kind == "cut" and not text.isdecimal()):
        raise ValueError(
            f"A change of names is one of {sorted(_CHANGES)}, with a text for {_WITH_TEXT}, not {change!r}"
        )
