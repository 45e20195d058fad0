"""Cutting a text into pieces that are rendered one by one. No I/O.

One request has no memory of the last, and a long render costs more when it is lost. So a long text is cut where a
speaker pauses: at paragraphs, then sentences, then clauses.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from airflow_provider_fluxions.api.errors import FluxionsFormatError, FluxionsInputError
from airflow_provider_fluxions.api.speech_text import TAG, check_text, spoken_characters

# About 50 s of speech, 2.4 MB at 24 kHz mono.
MAX_PIECE_CHARACTERS = 800
# Longer than any tag, so that a cut outside of tags always exists.
MIN_PIECE_CHARACTERS = 40

# Pauses in seconds, by what ends at the cut.
PARAGRAPH_PAUSE, SENTENCE_PAUSE, CLAUSE_PAUSE, WORD_PAUSE = 0.6, 0.3, 0.15, 0.0

_BETWEEN_PARAGRAPHS = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_CLAUSE_END = re.compile(r"[,;:\u2013\u2014\u060c\u061b](?=\s)|[\uff0c\u3001\uff1b\uff1a]")


@dataclass(frozen=True)
class Piece:
    """One piece of a text.

    :param text: At most `MAX_PIECE_CHARACTERS`; white space is one space, an empty line between paragraphs.
    :param pause_seconds: The pause after it in the joined audio; 0 after the last piece.
    """

    text: str
    pause_seconds: float


class _Cut(NamedTuple):
    """A position where a text can be cut, and the pause there."""

    position: int
    pause_seconds: float


def cut_text(text: str, max_characters: int = MAX_PIECE_CHARACTERS, *, language: str = "en") -> tuple[Piece, ...]:
    """Return the pieces of a text, in order: at least one. All of its words are in them; no tag is cut.

    :param max_characters: Maximum length of a piece, at least 40.
    :param language: ISO 639-1 code, for the ends of sentences.
    :raises FluxionsInputError: the text cannot be spoken (see `check_text`), or the maximum is too small.
    :raises FluxionsFormatError: a paragraph is longer than the maximum, and the extra ``speech`` is not installed.
    """
    check_text(text)
    if max_characters < MIN_PIECE_CHARACTERS:
        raise FluxionsInputError(f"max_characters must be {MIN_PIECE_CHARACTERS} or more, not {max_characters}.")
    paragraphs = _paragraphs(text)
    pieces: list[Piece] = []
    for piece in _pieces(paragraphs, max_characters, language):
        if spoken_characters(piece.text) or TAG.search(piece.text):
            pieces.append(piece)
        elif pieces:  # such as "* * *" between two chapters: nothing to speak, but a pause
            pause = max(piece.pause_seconds, pieces[-1].pause_seconds)
            pieces[-1] = Piece(pieces[-1].text, pause)
    pieces[-1] = Piece(pieces[-1].text, 0.0)
    return tuple(pieces)


def split_sentences(text: str, language: str = "en") -> list[str]:
    """Return the sentences of a text with their white space: joined, they are the text. No tag is cut.

    :raises FluxionsFormatError: the extra ``speech`` is not installed.
    """
    try:
        import sentencex
    except ImportError as error:
        raise FluxionsFormatError(
            "Long texts and captions need sentencex: pip install 'airflow-provider-fluxions[speech]'."
        ) from error
    tags = _tags(text)
    ends = accumulate(len(sentence) for sentence in sentencex.segment(language, text))
    safe = [end for end in ends if 0 < end < len(text) and not _is_in_tag(end, tags)]
    return [text[start:end] for start, end in zip([0, *safe], [*safe, len(text)], strict=True)]


def _paragraphs(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return [" ".join(part.split()) for part in _BETWEEN_PARAGRAPHS.split(lines) if part.strip()]


def _pieces(paragraphs: Sequence[str], most: int, language: str) -> Iterator[Piece]:
    """Yield pieces: as many whole paragraphs as fit, or a part of one that does not."""
    waiting = ""
    for paragraph in paragraphs:
        if waiting and len(waiting) + 2 + len(paragraph) > most:
            yield Piece(waiting, PARAGRAPH_PAUSE)
            waiting = ""
        *parts, last = _parts(paragraph, most, language) if len(paragraph) > most else [Piece(paragraph, 0.0)]
        yield from parts
        waiting = f"{waiting}\n\n{last.text}" if waiting else last.text
    yield Piece(waiting, PARAGRAPH_PAUSE)


def _parts(paragraph: str, most: int, language: str) -> list[Piece]:
    """Return the parts of a paragraph that is too long, each cut at the last of the best places that it reaches."""
    places = _places(paragraph, language)
    parts, start = [], 0
    while len(paragraph) - start > most:
        cut = _best_cut(paragraph, places, start, most)
        parts.append(Piece(paragraph[start : cut.position].strip(), cut.pause_seconds))
        start = cut.position
        while paragraph[start : start + 1].isspace():
            start += 1
    return [*parts, Piece(paragraph[start:].strip(), 0.0)]


def _places(paragraph: str, language: str) -> list[list[_Cut]]:
    """Return the places to cut, outside of tags: ends of sentences, of clauses, of words."""
    tags = _tags(paragraph)
    sentences = accumulate(map(len, split_sentences(paragraph, language)))
    clauses = (found.end() for found in _CLAUSE_END.finditer(paragraph))
    words = (found.start() for found in re.finditer(" ", paragraph))
    kinds = ((sentences, SENTENCE_PAUSE), (clauses, CLAUSE_PAUSE), (words, WORD_PAUSE))
    return [[_Cut(place, pause) for place in places if not _is_in_tag(place, tags)] for places, pause in kinds]


def _best_cut(paragraph: str, places: Sequence[Sequence[_Cut]], start: int, most: int) -> _Cut:
    for cuts in places:
        # A sentence ends after its space, which is not part of the piece.
        index = bisect_right(cuts, start + most + 1, key=lambda cut: cut.position) - 1
        while index >= 0 and len(paragraph[start : cuts[index].position].strip()) > most:
            index -= 1
        if index >= 0 and paragraph[start : cuts[index].position].strip():
            return cuts[index]
    return _Cut(_hard_cut(paragraph, start, most), WORD_PAUSE)


def _hard_cut(paragraph: str, start: int, most: int) -> int:
    """Return where text without any space is cut: between two graphemes, outside of tags."""
    import regex  # 11 ms, which the parsing of a DAG file does not need

    window = paragraph[start : start + most + MIN_PIECE_CHARACTERS]
    tags = _tags(window)
    ends = [found.end() for found in regex.finditer(r"\X", window) if found.end() <= most]
    usable = [end for end in ends if not _is_in_tag(end, tags)]
    return start + (usable[-1] if usable else most)


def _tags(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in TAG.finditer(text)]


def _is_in_tag(position: int, tags: Sequence[tuple[int, int]]) -> bool:
    index = bisect_right(tags, position - 1, key=lambda span: span[0]) - 1
    return index >= 0 and tags[index][0] < position < tags[index][1]
