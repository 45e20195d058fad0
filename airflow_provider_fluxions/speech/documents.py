"""From the bytes of an object to the texts that are to be spoken: ``.txt``, ``.md`` and ``.jsonl``. No I/O.

A text that cannot be spoken is returned with the reason, so that it fails alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.speech_text import check_text
from airflow_provider_fluxions.speech.markdown import plain_text

TEXT_SUFFIXES = (".txt", ".md", ".jsonl")
MAX_ID_CHARACTERS = 200
# A part of an id becomes a folder or a name below the destination.
_ID_PART = re.compile(r"(?!\.{1,2}\Z)[^/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Document:
    """One text of an object, or the reason why there is none.

    :param name: of the text within its object: the id of a JSON line, empty for a whole file.
    :param text: as it is spoken; empty where there is a problem.
    :param voice: that a JSON line asks for; None: the task's.
    :param problem: why it cannot be spoken; None: it can.
    """

    name: str
    text: str
    voice: str | None = None
    problem: str | None = None


def read_documents(key: str, data: bytes) -> list[Document]:
    """Return the texts of an object, in order; a JSON Lines file has one a line, every other file has one.

    :param key: its name, whose extension decides how it is read. An unknown extension is read as plain text.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"The file is not UTF-8: byte {error.start:,} cannot be decoded. Save it as UTF-8."
        return [Document("", "", problem=problem)]
    extension = key.lower().rpartition(".")[2]
    if extension == "jsonl":
        return _unique(_lines(text))
    return [_checked(Document("", plain_text(text) if extension == "md" else text))]


def _checked(document: Document) -> Document:
    text = document.text.replace("\r\n", "\n").replace("\r", "\n").strip()
    try:
        return replace(document, text=check_text(text))
    except FluxionsInputError as error:
        return replace(document, text="", problem=str(error))


def _lines(text: str) -> Iterator[tuple[int, Document]]:
    """Yield the number and the text of each line that is not empty."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _line(number, line)


def _line(number: int, line: str) -> Document:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return _bad_line(number, f"not JSON: {printable(error, 200)}")
    if not isinstance(row, dict):
        return _bad_line(number, "not a JSON object")
    try:
        name, voice = _id_of(row), _voice_of(row)
    except FluxionsInputError as error:
        return _bad_line(number, str(error))
    text = row.get("text")
    if not isinstance(text, str):
        return Document(name, "", voice, f"Line {number:,} has no text: the field text must be a string.")
    return _checked(Document(name, text, voice))


def _bad_line(number: int, reason: str) -> Document:
    return Document(f"(line {number})", "", problem=f"Line {number:,} cannot be used: {reason.rstrip('.')}.")


def _id_of(row: Mapping[str, Any]) -> str:
    """Return the id of a line, which names its audio below the destination.

    :raises FluxionsInputError: it is missing, or it would lead out of the destination.
    """
    value = row.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        raise FluxionsInputError("the field id must be a string or an integer")
    is_safe = all(map(_ID_PART.fullmatch, value.split("/"))) and value == value.strip()
    if not is_safe or len(value) > MAX_ID_CHARACTERS:
        raise FluxionsInputError(
            f"the id {printable(repr(value), 100)} cannot name an audio file: use at most {MAX_ID_CHARACTERS} "
            "characters, no backslash, and no part between slashes that is empty, . or .."
        )
    return value


def _voice_of(row: Mapping[str, Any]) -> str | None:
    voice = row.get("voice")
    if voice is None or (isinstance(voice, str) and voice.strip()):
        return voice
    raise FluxionsInputError("the field voice must be the id of a voice")


def _unique(lines: Iterator[tuple[int, Document]]) -> list[Document]:
    """Refuse all lines of an id that occurs more than once: which of them is meant cannot be known."""
    found = list(lines)
    numbers: dict[str, list[int]] = {}
    for number, document in found:
        numbers.setdefault(document.name, []).append(number)
    return [
        document if len(numbers[document.name]) == 1 else _duplicate(document, number, numbers[document.name])
        for number, document in found
    ]


def _duplicate(document: Document, number: int, numbers: list[int]) -> Document:
    others = ", ".join(f"{other:,}" for other in numbers[:5]) + (" and others" if len(numbers) > 5 else "")
    problem = f"The id {document.name} is on lines {others}. Give each line its own id."
    return Document(f"{document.name} (line {number})", "", document.voice, problem)
