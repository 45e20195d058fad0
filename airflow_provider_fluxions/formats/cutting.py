"""Where the text of one segment is cut into cues and lines."""

from __future__ import annotations

from airflow_provider_fluxions.formats.limits import Limits
from airflow_provider_fluxions.formats.timeline import Timeline

Span = tuple[int, int]

# Speakers who pause that long end a cue there: a better place than the middle. The BBC's guide asks for a second
# at least between cues that pause (4.5, see limits.py).
PAUSE_MS = 1_000


def cut_spans(text: str, timeline: Timeline, limits: Limits, prefix: str) -> list[Span]:
    """Return where the text's cues begin and end: each as full as its rules allow, but for the last two."""
    spans: list[Span] = []
    begin = 0
    while begin < len(text):
        _, cut = wrap(text, begin, len(text), limits, prefix)
        cut = _shorten(text, begin, cut, timeline, limits)
        _, cut = wrap(text, begin, cut, limits, prefix)
        spans.append((begin, cut))
        begin, prefix = _skip_space(text, cut), ""
    if len(spans) > 1:
        spans[-2:] = _balanced(text, spans[-2], spans[-1], timeline, limits)
    return spans


def wrap(text: str, begin: int, until: int, limits: Limits, prefix: str) -> tuple[tuple[str, ...], int]:
    """Return the lines of one cue from ``begin``, and where in the text they end."""
    width = limits.line_characters - len(prefix)
    if until - begin <= width:
        return (prefix + text[begin:until],), until
    lines: list[str] = []
    end = begin
    while len(lines) < limits.lines and end < until:
        begin = _skip_space(text, end)
        end = until
        if until - begin > width:
            end = text.rfind(" ", begin, begin + width + 1)
            if end < 0:
                end = begin + width
        lines.append(prefix + text[begin:end])
        width, prefix = limits.line_characters, ""
    return tuple(lines), end


def _balanced(text: str, before: Span, last: Span, timeline: Timeline, limits: Limits) -> tuple[Span, Span]:
    """Return a segment's last two cues, cut nearer to their middle where the last one is a word or two left over.

    The first one becomes shorter, so it keeps its rules. The places between words are tried from the middle on: the
    old place is the last resort, and the result where no other is better.
    """
    (begin, cut), (rest, end) = before, last
    left_over = end - rest
    if left_over * 2 >= cut - begin or timeline.ms_at(rest) - timeline.ms_at(cut) >= PAUSE_MS:
        return before, last
    middle = (begin + end) // 2
    for space in range(max(begin, text.rfind(" ", begin, middle + 1)), cut):
        if text[space] == " " and space - begin > left_over and _fits(text, space + 1, end, timeline, limits):
            return (begin, space), (space + 1, end)
    return before, last


def _fits(text: str, begin: int, end: int, timeline: Timeline, limits: Limits) -> bool:
    return timeline.ms_at(end) - timeline.ms_at(begin) <= limits.cue_ms and wrap(text, begin, end, limits, "")[1] == end


def _shorten(text: str, begin: int, end: int, timeline: Timeline, limits: Limits) -> int:
    """Move a cue's end back, between words, until the cue is not too long; one word stays whole."""
    while (lasts_ms := timeline.ms_at(end) - timeline.ms_at(begin)) > limits.cue_ms:
        space = text.rfind(" ", begin, end)
        if space > begin:
            end = space
        elif end - begin > limits.line_characters:  # a script without spaces
            end = begin + max(1, (end - begin) * limits.cue_ms // lasts_ms)
        else:
            break
    return end


def _skip_space(text: str, at: int) -> int:
    return at + 1 if text[at : at + 1] == " " else at
