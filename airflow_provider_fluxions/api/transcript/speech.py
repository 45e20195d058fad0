"""The vendor's text grammar: turns, tags, written laughs, emphasis. Plain functions of plain text.

The page (https://fluxions.ai/docs, "The text") describes the output of ``non_speech=true``. Users get tags in other
responses too, so every text is read in the same way. Unknown tags are tags. Only :func:`clean_text` removes text, and
it removes only markup::

    SPEAKER_0: So [pause] I was *really* tired.
    SPEAKER_1: haha, um... why?
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

_PREFIX = "SPEAKER_"
_NEWLINE = re.compile(r"\r\n|\r|\n")
_LABEL = re.compile(rf"\s*{_PREFIX}(\w+):")
_NOT_IN_A_LABEL = re.compile(r"\W")

# A letter first, so that a reference mark such as [1] stays text.
_TAG = r"\[[A-Za-z][A-Za-z_\- ]{0,30}\]"
# "he he" is excluded, because it is more often a stutter than a laugh. A laugh is a separate word, so Omaha, Sahara
# and aha do not count.
_LAUGH = r"(?<!\w)(?:ha(?:[ -]?ha)+h?|he(?:-?he)+h?)(?!\w)"
_EVENT = re.compile(rf"(?P<tag>{_TAG})|(?P<laugh>{_LAUGH})", re.IGNORECASE)

# A star directly after or before a word (f***, 2*3*4) neither opens nor closes emphasis.
_EMPHASIS = re.compile(r"(?<![\w*])\*(?!\s)([^*]*[^*\s])\*(?![\w*])")
# Adjacent tags, the spaces around them, and the punctuation that can belong to the tag: "yes, [laugh], no".
_GAP = re.compile(rf" ?(?:{_TAG} ?)+(?P<mark>[,.;:](?!\.))?")
_CLOSING = frozenset(",.;:!?…)]}")

_CANONICAL: Mapping[str, str] = {"hesitate": "hesitation"}


@dataclass(frozen=True)
class Turn:
    """The speech of one speaker until another one speaks; ``speaker`` is the bare label, or None."""

    speaker: str | None
    text: str


@dataclass(frozen=True)
class Tag:
    """A non-speech event in a text.

    :param kind: Canonical name in lower case; an undocumented tag keeps its own name.
    :param raw: The characters as written, ``text[start_char:end_char]``, 0-based, end exclusive.
    """

    kind: str
    raw: str
    start_char: int
    end_char: int

    @property
    def is_word(self) -> bool:
        """Whether it is a written word (``haha``) that stays in clean text, unlike ``[laugh]``."""
        return not self.raw.startswith("[")


def bare_speaker(value: object) -> str | None:
    """Return a speaker's label without its prefix: ``"SPEAKER_0"``, ``"0"`` and ``0`` are all ``"0"``.

    None, blank text and other types (a list, a boolean) give None.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = " ".join((f"{value:g}" if isinstance(value, float) else str(value)).split())
    return text.removeprefix(_PREFIX).strip() or text or None


def parse_turns(text: str) -> tuple[Turn, ...]:
    """Split a transcript into turns. A line without a label continues the turn before it.

    Lines of one turn are joined by a space. Text before the first label is a turn without a speaker (None).
    """
    turns: list[tuple[str | None, list[str]]] = []
    for line in _NEWLINE.split(text):
        label = _LABEL.match(line)
        if label:
            turns.append((label[1], [line[label.end() :]]))
        elif turns:
            turns[-1][1].append(line)
        elif line.strip():
            turns.append((None, [line]))
    return tuple(Turn(speaker, _join(lines)) for speaker, lines in turns)


def render_turns(turns: Iterable[Turn]) -> str:
    """Write turns in the format of the page, one line each; :func:`parse_turns` reads them again.

    The grammar cannot express a missing speaker, so a turn without a label after another turn is read as a part of it.
    In a label, characters other than letters, digits and underscores become underscores.
    """
    return "\n".join(_label(turn.speaker) + _join(_NEWLINE.split(turn.text)) for turn in turns)


def merge_turns(pairs: Iterable[tuple[str | None, str]]) -> tuple[Turn, ...]:
    """Make turns from ``(speaker, text)`` pieces: join neighbors by one speaker, and skip blank ones."""
    spoken = ((bare_speaker(speaker), piece) for speaker, text in pairs if (piece := text.strip()))
    grouped = groupby(spoken, key=lambda pair: pair[0])
    return tuple(Turn(speaker, " ".join(piece for _, piece in pieces)) for speaker, pieces in grouped)


def find_tags(text: str) -> tuple[Tag, ...]:
    """Return the non-speech events in their order: tags in brackets, and written laughs."""
    return tuple(
        Tag("laugh" if match["laugh"] else _kind(match[0]), match[0], match.start(), match.end())
        for match in _EVENT.finditer(text)
    )


def clean_text(text: str) -> str:
    """Return the text without tags and emphasis stars, with single spaces.

    Elongation (``um...``) and written laughs (``haha``) are words and stay. Speaker labels and the newlines between
    turns stay, too.
    """
    if "\n" not in text:
        return _clean_line(text)
    return "\n".join(map(_clean_line, text.split("\n")))


def _clean_line(line: str) -> str:
    if "[" not in line and "*" not in line:
        return " ".join(line.split())
    label = _LABEL.match(line)
    body = " ".join(line[label.end() if label else 0 :].split())
    body = _GAP.sub(_close_gap, _EMPHASIS.sub(r"\1", body)).strip()
    return f"{label[0].strip()} {body}".rstrip() if label else body


def _close_gap(gap: re.Match[str]) -> str:
    """Return the replacement of tags, so that words and punctuation do not collide."""
    before, after = gap.string[gap.start() - 1 : gap.start()], gap.string[gap.end() : gap.end() + 1]
    mark: str | None = gap["mark"]
    if mark:
        return "" if before in ("", mark) else mark
    if not before or not after or after in _CLOSING:
        return ""
    return " " if " " in gap[0] or (before.isalnum() and after.isalnum()) else ""


def _kind(raw: str) -> str:
    name = " ".join(raw[1:-1].lower().split())
    return _CANONICAL.get(name, name)


def _label(speaker: str | None) -> str:
    return f"{_PREFIX}{_NOT_IN_A_LABEL.sub('_', speaker)}: " if speaker else ""


def _join(lines: Iterable[str]) -> str:
    return " ".join(line for line in map(str.strip, lines) if line)
