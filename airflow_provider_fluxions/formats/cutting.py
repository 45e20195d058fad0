"""Cut the text of one segment into cues and lines."""

from __future__ import annotations

from airflow_provider_fluxions.formats.breaking import (
    Columns,
    first_word_cut,
    last_space,
    line_end,
    width_between,
    width_of,
    word_cut,
)
from airflow_provider_fluxions.formats.limits import Limits
from airflow_provider_fluxions.formats.timeline import Timeline

Span = tuple[int, int]

# A pause of this length ends a cue, which is better than an end in the middle. The BBC's guide requires at least one
# second between cues with a pause (4.5, see limits.py).
PAUSE_MS = 1_000


def cut_spans(text: str, columns: Columns, timeline: Timeline, limits: Limits, prefix: str) -> list[Span]:
    """Return where the text's cues start and end. Each cue is as full as its rules allow, except the last two.

    :param columns: Columns of the text; see `breaking`.
    """
    spans: list[Span] = []
    begin = 0
    while begin < len(text):
        _, cut = wrap(text, columns, begin, len(text), limits, prefix)
        cut = _shorten(text, columns, begin, cut, timeline, limits)
        _, cut = wrap(text, columns, begin, cut, limits, prefix)
        spans.append((begin, cut))
        begin, prefix = _skip_space(text, cut), ""
    if len(spans) > 1:
        spans[-2:] = _balanced(text, columns, spans[-2], spans[-1], timeline, limits)
    return spans


def wrap(
    text: str, columns: Columns, begin: int, until: int, limits: Limits, prefix: str
) -> tuple[tuple[str, ...], int]:
    """Return the lines of one cue from ``begin``, and their end in the text."""
    width = limits.line_characters - (width_of(prefix) if prefix else 0)
    if (until - begin if columns is None else columns[until] - columns[begin]) <= width:
        return (prefix + text[begin:until],), until
    lines: list[str] = []
    end = begin
    while len(lines) < limits.lines and end < until:
        begin = _skip_space(text, end)
        end = until
        if columns is None and until - begin > width:
            # By far the most lines end here: a space between letters or digits needs no rule and no call.
            end = text.rfind(" ", begin, begin + width + 1)
            if end <= begin or not (text[end - 1].isalnum() and text[end + 1].isalnum()):
                end = min(until, line_end(text, columns, begin, width))
        elif columns is not None and columns[until] - columns[begin] > width:
            end = min(until, line_end(text, columns, begin, width))
        lines.append(prefix + text[begin:end])
        width, prefix = limits.line_characters, ""
    return tuple(lines), end


def _balanced(
    text: str, columns: Columns, before: Span, last: Span, timeline: Timeline, limits: Limits
) -> tuple[Span, Span]:
    """Return a segment's last two cues, cut nearer to their middle if the last one has only one or two words.

    The first cue becomes shorter, so it keeps its rules. The function tries the places between words from the middle on
    and returns the old place if no other one is better.
    """
    (begin, cut), (rest, end) = before, last
    left_over = end - rest
    if left_over * 2 >= cut - begin or timeline.ms_at(rest) - timeline.ms_at(cut) >= PAUSE_MS:
        return before, last
    middle = (begin + end) // 2
    if columns is not None and text.find(" ", begin, end) < 0:  # a script without spaces
        at = first_word_cut(text, columns, middle, cut)
        is_better = left_over < at - begin and _fits(text, columns, at, end, timeline, limits)
        return ((begin, at), (at, end)) if is_better else (before, last)
    for space in range(max(begin, text.rfind(" ", begin, middle + 1)), cut):
        if (
            text[space] == " "
            and space - begin > left_over
            and last_space(text, columns, begin, space + 1) == space
            and _fits(text, columns, space + 1, end, timeline, limits)
        ):
            return (begin, space), (space + 1, end)
    return before, last


def _fits(text: str, columns: Columns, begin: int, end: int, timeline: Timeline, limits: Limits) -> bool:
    lasts_ms = timeline.ms_at(end) - timeline.ms_at(begin)
    return lasts_ms <= limits.cue_ms and wrap(text, columns, begin, end, limits, "")[1] == end


def _shorten(text: str, columns: Columns, begin: int, end: int, timeline: Timeline, limits: Limits) -> int:
    """Move a cue's end back by words until the cue is short enough; a single word stays whole."""
    while (lasts_ms := timeline.ms_at(end) - timeline.ms_at(begin)) > limits.cue_ms:
        space = last_space(text, columns, begin, end)
        if space > begin:
            end = space
        elif width_between(columns, begin, end) > limits.line_characters:  # a script without spaces
            shorter = word_cut(text, columns, begin, begin + (end - begin) * limits.cue_ms // lasts_ms)
            if shorter >= end:
                break
            end = shorter
        else:
            break
    return end


def _skip_space(text: str, at: int) -> int:
    return at + 1 if text[at : at + 1] == " " else at
