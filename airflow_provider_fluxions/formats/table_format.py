"""Formats that write one file for each table, and the option that selects the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import Format, Options, Provenance
from airflow_provider_fluxions.formats.tables import TABLES


@dataclass(frozen=True)
class TableOptions(Options):
    """Options of formats that write tables.

    :param tables: Tables to write: transcripts, segments, words, events, turns.
    """

    tables: tuple[str, ...] = ("transcripts", "segments", "words", "events")

    def __post_init__(self) -> None:
        super().__post_init__()
        tables = self.tables
        if not isinstance(tables, list | tuple) or not tables or len({*map(str, tables)}) < len(tables):
            raise FluxionsFormatError(f"tables must be a list of different names such as ['words'], not {tables!r}.")
        for name in tables:
            if name not in TABLES:
                raise FluxionsFormatError(f"There is no table {name!r}. The tables are {', '.join(TABLES)}.")
        object.__setattr__(self, "tables", tuple(tables))  # it can be a list from a DAG or JSON

    def only_table(self, transcription: Transcription) -> str:
        """Return the one table that these options name.

        :raises FluxionsFormatError: if they name several tables, because a file contains one table.
        """
        if len(self.tables) == 1:
            return self.tables[0]
        raise FluxionsFormatError(
            f"These options give one file for each table ({', '.join(self.tables)}). Set tables=[...] to one table, or "
            "call formats.render_files for all.",
            job_id=transcription.id,
        )


def _no_table(_transcription: Transcription, _table: str, _origin: Provenance) -> bytes:
    raise NotImplementedError


@dataclass(frozen=True)
class TableFormat(Format):
    """A format that writes a file for each table.

    :param write_table: Function that returns the bytes of one table's file.
    :param main: The table with a file name without the table's name. Empty for none.
    """

    write_table: Callable[[Transcription, str, Provenance], bytes] = _no_table
    main: str = ""

    def extensions(self, options: Any) -> tuple[str, ...]:
        """Return an extension for each table."""
        return tuple(self._extension(table) for table in options.tables)

    def files(self, transcription: Transcription, options: Any, provenance: Provenance) -> dict[str, bytes]:
        """Return a file for each table."""
        return {self._extension(table): self.write_table(transcription, table, provenance) for table in options.tables}

    def _extension(self, table: str) -> str:
        return self.extension if table == self.main else f".{table}{self.extension}"
