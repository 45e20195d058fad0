"""Foreign text made safe for a log line, an error message or a terminal.

Other people choose responses, file names and headers. Escape sequences in them could control a terminal, and a line
break could forge a log line. All such text passes one of these two functions.
"""

from __future__ import annotations

import re
import unicodedata

MAX_SHOWN_CHARACTERS = 500

# Control and format characters (bidirectional overrides among them), surrogates, line and paragraph separators.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# They join the letters of Persian and Indic words and the parts of an emoji, and have no other effect.
_JOINERS = frozenset("\u200c\u200d")
# Only these ASCII characters can be unsafe, so most text needs no check of each character's category.
_MAYBE_UNSAFE = re.compile(r"[\x00-\x1f\x7f]|[^\x00-\x7f]")


def printable(text: object, limit: int | None = MAX_SHOWN_CHARACTERS) -> str:
    """Return text as one line: white space becomes one space, unsafe characters become escapes such as backslash x1b.

    :param text: Any value; ``str()`` of it is used.
    :param limit: Maximum characters of the result. A longer one is cut and ends with "…". None: no limit.
    """
    whole = str(text)
    # Only the start is processed, because a response can have 64 MiB.
    start = whole if limit is None else whole[: 2 * limit]
    shown = _escaped(" ".join(start.split()))
    if limit is None or (len(start) == len(whole) and len(shown) <= limit):
        return shown
    return shown[: limit - 1] + "…"


def printable_lines(text: str) -> str:
    """Return text for a terminal: line feeds and tabs stay, other unsafe characters become escapes."""
    return "\n".join("\t".join(map(_escaped, line.split("\t"))) for line in text.split("\n"))


def _escaped(text: str) -> str:
    return _MAYBE_UNSAFE.sub(lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    if unicodedata.category(character) in _UNSAFE_CATEGORIES and character not in _JOINERS:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character
