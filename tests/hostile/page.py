"""The lists as a page for users, docs/hostile-input.md: `python -m tests.hostile.page` writes it again."""

from __future__ import annotations

from pathlib import Path

from tests.hostile import inputs, responses, tasks
from tests.hostile.table import Kind, Row

PAGE = Path(__file__).parents[2] / "docs" / "hostile-input.md"
MARK = "<!-- written by tests/hostile/page.py -->\n"
KINDS = (responses.RESPONSES, *inputs.KINDS, *tasks.KINDS)


def tables() -> str:
    """Return all lists as tables in Markdown."""
    return "\n".join(map(_table, KINDS))


def _table(kind: Kind) -> str:
    lines = "".join(f"| {row.words} | {_seen(row)} |\n" for row in kind.rows)
    return f"## {kind.title}\n\n{kind.about}\n\n| input | what you see |\n|---|---|\n{lines}"


def _seen(row: Row) -> str:
    text = row.note or (f"`{_cell(row.shown)}`" if row.shown else "it is accepted")
    return f"`{row.error.__name__}`: {text}" if row.error else text


def _cell(text: str) -> str:
    return text.replace("`", "'").replace("|", "\\|").replace("\n", " ")


def written(page: str) -> str:
    """Return the page with the lists of today."""
    return page.partition(MARK)[0] + MARK + "\n" + tables()


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
