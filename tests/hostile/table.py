"""The form of the lists: hostile inputs by kind, each with the outcome that a user sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsError
from tests.hostile.harmless import Outcome


@dataclass(frozen=True)
class Row:
    """One hostile input.

    :param words: the input in words, for the page.
    :param given: the input itself.
    :param shown: a part of the error's message, or of the value as text.
    :param error: the class of the error, or of the cause of Airflow's exception. Default None: the outcome is a value.
    :param note: for the page, in place of ``shown``. Default: ``shown``.
    :param how: what is done with the input, where a kind has several ways.
    """

    words: str
    given: Any
    shown: str
    error: type[FluxionsError] | None = None
    note: str = ""
    how: str = ""

    def check(self, outcome: Outcome) -> None:
        """Fail if this is not the outcome of this row."""
        error = outcome.error
        ours = error if error is None or isinstance(error, FluxionsError) else error.__cause__
        assert (None if ours is None else type(ours)) is self.error, f"{self.words}: {ours!r} {outcome.shown[:500]}"
        assert self.shown in outcome.shown, f"{self.words}: {outcome.shown[:1000]}"


@dataclass(frozen=True)
class Kind:
    """One list.

    :param title: the heading on the page.
    :param about: what is done with each input, for the page.
    """

    title: str
    about: str
    rows: tuple[Row, ...] = field(repr=False)
