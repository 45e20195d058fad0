"""Markdown as the plain text that is spoken. No I/O.

- Paragraphs, headings, list items, quotes and table rows become paragraphs of their own, in their order.
- Links become their text and images their description. Emphasis and inline code lose their marks.
- Cells of a table row are separated by commas.
- Left out: code blocks, HTML, comments, rules, list numbers, link targets, and front matter between ``---`` lines.
- Tags such as ``[breath]`` stay, unless the document defines a link of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Only at the start of the file; YAML (---) or TOML (+++).
_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n.*?^\1[ \t]*$\n?", re.DOTALL | re.MULTILINE)
# Ends a cell that needs no comma behind it.
_SENTENCE_ENDS = (".", "!", "?", ",", ":", ";", "…")


def plain_text(markdown: str) -> str:
    """Return the text that is spoken of a Markdown document: paragraphs with an empty line between them."""
    body = _FRONT_MATTER.sub("", markdown.replace("\r\n", "\n").replace("\r", "\n"), count=1)
    return "\n\n".join(paragraph for part in _paragraphs(_parser().parse(body)) if (paragraph := part.strip()))


@cache
def _parser() -> MarkdownIt:
    """Import `markdown_it` only where a Markdown file is read: DAGs are parsed more often."""
    from markdown_it import MarkdownIt

    # Deeply nested quotes and lists of a hostile file stay text.
    return MarkdownIt("commonmark", {"maxNesting": 20}).enable("table")


def _paragraphs(tokens: Sequence[Token]) -> Iterable[str]:
    cells: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            cells = []
        elif token.type == "tr_close" and cells is not None:
            yield _row(cells)
            cells = None
        elif token.type == "inline":
            text = _inline(token.children or ())
            if cells is None:
                yield text
            else:
                cells.append(text.strip())


def _row(cells: Sequence[str]) -> str:
    spoken = [cell for cell in cells if cell]
    return " ".join(cell if cell.endswith(_SENTENCE_ENDS) or cell is spoken[-1] else f"{cell}," for cell in spoken)


def _inline(tokens: Iterable[Token]) -> str:
    return "".join(map(_text_of, tokens))


def _text_of(token: Token) -> str:
    if token.type in ("text", "code_inline", "text_special"):
        return token.content
    if token.type == "softbreak":
        return " "
    if token.type == "hardbreak":
        return "\n"
    return _inline(token.children or ()) if token.type == "image" else ""
