"""What a command says: its result on stdout, as a table or as JSON, and everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

# Wide enough that nothing is cut where a program reads, or a file is written.
_UNBOUNDED_COLUMNS = 10_000

Row = Mapping[str, Any]


class Screen:
    """One command's stdout and stderr."""

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool) -> None:
        self.out = out
        self.err = err
        self.as_json = as_json

    def say(self, message: str) -> None:
        """Write one line for people to stderr."""
        print(printable(" ".join(message.split())), file=self.err, flush=True)

    def rows(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Write a list: a JSON array of objects, or a table with these columns."""
        listed = [{name: row.get(name) for name in columns} for row in rows]
        if self.as_json:
            self.document(listed)
        else:
            self._table(columns, [[_shown(row[name]) for name in columns] for row in listed])

    def facts(self, facts: Row) -> None:
        """Write one thing: a JSON object, or a line for each fact that is known."""
        if self.as_json:
            self.document(facts)
        else:
            self._table(("", ""), [[name, _shown(value)] for name, value in facts.items() if value is not None])

    def document(self, value: Any) -> None:
        """Write JSON."""
        json.dump(value, self.out, ensure_ascii=False, indent=2, default=_plain)
        self.out.write("\n")

    def text(self, text: str) -> None:
        """Write text for people: what could steer a terminal is taken out."""
        self.out.write("".join(printable(line) + "\n" for line in text.splitlines()))

    def raw(self, data: bytes) -> None:
        """Write bytes as they are."""
        self.out.flush()
        self.out.buffer.write(data)

    def flush(self) -> None:
        """Write out what is buffered, while a broken pipe can still be told from success."""
        self.out.flush()

    def _table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        width = None if self.out.isatty() else _UNBOUNDED_COLUMNS
        table = Table(box=None, pad_edge=False, show_header=any(columns), header_style="bold")
        for name in columns:
            table.add_column(name, overflow="fold")
        for row in rows:
            # Text, because names may hold what rich takes for markup.
            table.add_row(*(Text(cell) for cell in row))
        console = Console(file=self.out, width=width, highlight=False)
        with console.capture() as captured:
            console.print(table)
        self.out.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def printable(text: str) -> str:
    """Return text without control characters, which a file name could steer a terminal with."""
    encoding = sys.stderr.encoding or "utf-8"
    safe = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return safe.encode(encoding, errors="replace").decode(encoding)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(f"{value:.1f}" if isinstance(value, float) else str(value))


def _plain(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
