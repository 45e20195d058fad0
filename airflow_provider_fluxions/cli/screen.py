"""The output of a command: its result on stdout, as a table or as JSON, and the rest on stderr.

Job names, transcripts and error messages are foreign text. In tables and messages each stays on one line, and no text
can control a terminal. Results to a file or a pipe are unchanged.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from airflow_provider_fluxions.api.printable import printable, printable_lines

# Wide enough for uncut lines in a file or a pipe.
_UNBOUNDED_COLUMNS = 10_000

# Of the states that jobs have; on a terminal only, and not with NO_COLOR.
STYLES = {"completed": "green", "failed": "red", "running": "yellow", "pending": "yellow", "processing": "yellow"}

Row = Mapping[str, Any]


class Screen:
    """One command's stdout and stderr."""

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool) -> None:
        self.out = out
        self.err = err
        self.as_json = as_json

    def say(self, message: str) -> None:
        """Write one line for people to stderr."""
        print(_encodable(printable(message, limit=None), self.err), file=self.err, flush=True)

    def rows(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Write a list: a JSON array of objects, or a table with these columns."""
        listed = [{name: row.get(name) for name in columns} for row in rows]
        if self.as_json:
            self.document(listed)
        else:
            self._table(columns, [[_shown(row[name]) for name in columns] for row in listed])

    def facts(self, facts: Row) -> None:
        """Write one item: a JSON object, or a line for each known value."""
        if self.as_json:
            self.document(facts)
        else:
            self._table(("", ""), [[name, _shown(value)] for name, value in facts.items() if value is not None])

    def document(self, value: Any) -> None:
        """Write JSON, with escapes for characters that the encoding lacks. Infinity and NaN become null."""
        known = _finite(value)
        text = json.dumps(known, ensure_ascii=False, indent=2, default=_plain, allow_nan=False)
        if self.out.isatty():
            text = "".join(char if char == "\n" or char.isprintable() else json.dumps(char)[1:-1] for char in text)
        if _encodable(text, self.out) != text:
            text = json.dumps(known, indent=2, default=_plain, allow_nan=False)
        self.out.write(f"{text}\n")

    def text(self, text: str) -> None:
        """Write text unchanged; on a terminal, characters that could control it become escapes."""
        shown = printable_lines(text) if self.out.isatty() else text
        self.out.write(_encodable(f"{shown}\n", self.out))

    def raw(self, data: bytes) -> None:
        """Write a result's bytes unchanged; on a terminal, as `text` does."""
        if self.out.isatty():
            self.text(data.decode(errors="replace").removesuffix("\n"))
            return
        self.out.flush()
        self.out.buffer.write(data)

    def audio(self, data: bytes) -> None:
        """Write bytes as they are. Never call it for a terminal."""
        self.out.flush()
        self.out.buffer.write(data)

    def flush(self) -> None:
        """Flush the output, while a broken pipe can still be distinguished from success."""
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
            # Text, because rich could read names as markup.
            table.add_row(*(Text(_encodable(cell, self.out), style=STYLES.get(cell, "")) for cell in row))
        console = Console(file=self.out, width=width, highlight=False)
        with console.capture() as captured:
            console.print(table)
        self.out.write("".join(f"{line.rstrip()}\n" for line in captured.get().split("\n")[:-1]))


class LineFormatter(logging.Formatter):
    """One line for each log record with any arguments; a traceback follows on its own lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text for a terminal."""
        line = printable(record.getMessage(), limit=None)
        if not record.exc_info:
            return line
        return f"{line}\n{printable_lines(self.formatException(record.exc_info))}"


def _encodable(text: str, stream: TextIO) -> str:
    """Return text in the stream's encoding; other characters become "?"."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, errors="replace").decode(encoding)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _utc(value).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(f"{value:.1f}" if isinstance(value, float) else str(value), limit=None)


def _plain(value: Any) -> str:
    return _utc(value).isoformat() if isinstance(value, datetime) else str(value)


def _utc(value: datetime) -> datetime:
    """Return an instant in UTC. One outside the calendar becomes the first or last instant."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return (datetime.min if value.year == 1 else datetime.max).replace(tzinfo=UTC)


def _finite(value: Any) -> Any:
    """Return a JSON value with None for numbers that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value
