"""Text width and line breaks, by Unicode's rules from the library ``regex``.

A reader sees grapheme clusters (UAX #29: a Thai consonant with its vowel signs, an emoji of several people) and not
code points. A line never ends within a cluster, before a closing mark or after an opening one (UAX #14). This also
holds at a space, because French has spaces there.

A column is the width of one Latin letter. A cluster takes one column; a wide one (Chinese, Japanese and Korean
characters, emoji, flags) takes two.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

# By code point, the column at which its cluster ends; None if every code point is a cluster of one column.
Columns = Sequence[int] | None

_CLUSTER = r"\X"
_WIDE = r"[\p{East_Asian_Width=W}\p{East_Asian_Width=F}\p{Regional_Indicator}\uFE0F]"
# Characters that join a cluster, or are wide.
_SPECIAL = r"[\P{Grapheme_Cluster_Break=Other}\p{East_Asian_Width=W}\p{East_Asian_Width=F}\p{RI}]"

_CLOSING = r"\p{LB=CL}\p{LB=CP}\p{LB=EX}\p{LB=SY}"
# LB13 and LB15b: no break before these, even after a space. A colon or point before a digit starts a number (LB15c).
_NOT_AFTER_SPACE = rf"[{_CLOSING}]|\p{{LB=IS}}(?!\p{{LB=NU}})|\p{{Pf}}(?=[\s{_CLOSING}\p{{LB=IS}}]|$)"
# Without a space, no break before small kana, marks of length and iteration, ellipses and hyphens (LB21, LB22).
_NOT_FIRST = (
    rf"[{_CLOSING}\p{{LB=IS}}\p{{LB=NS}}\p{{LB=CJ}}\p{{LB=IN}}"
    r"\p{LB=BA}\p{LB=HY}\p{LB=WJ}\p{LB=GL}\p{LB=PO}\p{Pf}]"
)
_NOT_LAST = r"[\p{LB=OP}\p{LB=WJ}\p{LB=GL}\p{LB=PR}\p{Pi}]"
_NOT_BEFORE_SPACE = r"[\p{LB=OP}\p{Pi}]"
# Lines can end next to these without a space (LB ID and related classes).
_IDEOGRAPHIC = r"[\p{LB=ID}\p{LB=H2}\p{LB=H3}\p{LB=CJ}\p{LB=EB}]"


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    import regex  # 11 ms, which the parsing of a DAG file does not need

    return regex.compile(pattern)


def columns_of(text: str) -> Columns:
    """Return the columns of a text, or None for a plain one. Needs 4 bytes of memory for each code point."""
    if text.isascii() or _compiled(_SPECIAL).search(text) is None:
        return None
    ends = array("I", [0])
    column = 0
    for cluster in _compiled(_CLUSTER).finditer(text):
        found = cluster[0]
        column += 2 if _compiled(_WIDE).search(found) else 1
        ends.extend([column] * len(found))
    return ends


def width_of(text: str) -> int:
    """Return how many columns a text takes."""
    columns = columns_of(text)
    return len(text) if columns is None else columns[-1]


def first_columns(text: str, width: int) -> str:
    """Return the start of a text in whole clusters, at most this many columns."""
    columns = columns_of(text)
    return text[:width] if columns is None else text[: max(0, bisect_right(columns, width) - 1)]


def width_between(columns: Columns, begin: int, end: int) -> int:
    """Return how many columns the text takes from ``begin`` to ``end``."""
    return end - begin if columns is None else columns[end] - columns[begin]


def line_end(text: str, columns: Columns, begin: int, width: int) -> int:
    """Return where the line from ``begin`` ends: at the last allowed space within its columns, else within the word.

    The line is never empty. A cluster that is wider than the line gets its own line.
    """
    reach = begin + width if columns is None else bisect_right(columns, columns[begin] + width) - 1
    space = last_space(text, columns, begin, min(reach + 1, len(text)))
    return space if space > begin else word_cut(text, columns, begin, reach)


def last_space(text: str, columns: Columns, begin: int, end: int) -> int:
    """Return the last space in the span at which a line can end, or -1."""
    space = text.rfind(" ", begin, end)
    while space > begin and not _may_end_at_space(text, columns, space):
        space = text.rfind(" ", begin, space)
    return space if space > begin else -1


def word_cut(text: str, columns: Columns, begin: int, until: int) -> int:
    """Return where to cut text without an allowed space: at most at ``until``, and after the first cluster at least.

    Chinese, Japanese and Korean are cut next to one of their characters. Other scripts are cut between any two
    clusters, because Unicode's rules do not define where Thai words end.
    """
    until = _cluster_end(columns, begin, min(until, len(text)))
    if until >= len(text):
        return len(text)
    half = width_between(columns, begin, until) / 2  # a shorter line is less readable than a cut word
    second_half = takewhile(lambda at: width_between(columns, begin, at) > half, range(until, begin, -1))
    allowed = [at for at in second_half if _may_cut(text, columns, at)]
    beside = (at for at in allowed if _is_beside_ideograph(text, at))
    return next(beside, allowed[0] if allowed else until)


def first_word_cut(text: str, columns: Columns, begin: int, end: int) -> int:
    """Return the first allowed place in the span to cut text without spaces, or -1."""
    has_ideographs = _compiled(_IDEOGRAPHIC).search(text, begin, end) is not None
    for at in range(begin, end):
        if _may_cut(text, columns, at) and (not has_ideographs or _is_beside_ideograph(text, at)):
            return at
    return -1


def _cluster_end(columns: Columns, begin: int, until: int) -> int:
    """Return the last end of a cluster up to ``until``, at least that of the first cluster."""
    if columns is None:
        return max(until, begin + 1)
    if not _is_between_clusters(columns, until):
        until = bisect_right(columns, columns[until] - 1) - 1  # where its cluster begins
    return until if until > begin else bisect_right(columns, columns[begin + 1]) - 1


def _is_between_clusters(columns: Columns, at: int) -> bool:
    return columns is None or at + 1 >= len(columns) or columns[at + 1] > columns[at]


def _is_beside_ideograph(text: str, at: int) -> bool:
    return bool(_compiled(_IDEOGRAPHIC).match(text, at - 1) or _compiled(_IDEOGRAPHIC).match(text, at))


def _may_end_at_space(text: str, columns: Columns, space: int) -> bool:
    after, before = text[space + 1 : space + 2], text[space - 1]
    if not after.isalnum() and after and _compiled(_NOT_AFTER_SPACE).match(text, space + 1):
        return False
    if not before.isalnum() and _compiled(_NOT_BEFORE_SPACE).match(before):
        return False
    return columns is None or _is_between_clusters(columns, space + 1)


def _may_cut(text: str, columns: Columns, at: int) -> bool:
    return (
        _is_between_clusters(columns, at)
        and _compiled(_NOT_FIRST).match(text, at) is None
        and _compiled(_NOT_LAST).match(text, at - 1) is None
    )
