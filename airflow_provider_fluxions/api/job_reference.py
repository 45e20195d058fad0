"""The job reference in a job's file name, with which a retry finds its job.

The API has no idempotency key and no metadata. ``filename`` is the only field that the client chooses and the list
returns (https://fluxions.ai/docs), so it is ``<stem>--<reference><extension>``.

A service can change names: cut them, append to them, change case or punctuation. So names are sent short, and a
reference is found anywhere in a name and in any case. All of its 16 digits must be there, without a hex digit next to
them, because a wrong transcript is worse than a second charge.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata

from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.uris import last_part

REFERENCE_DIGITS = 16
# With two dashes and the reference, a name has 30 characters, below a cut at 32, the shortest known one. Names beyond
# ASCII have at most 63 bytes, below a cut at 64 bytes.
MAX_STEM_CHARACTERS = 12
MAX_STEM_BYTES = 44
MAX_EXTENSION_BYTES = 16
# The recordings of one day often differ only in their last characters, so those are kept, too.
_KEPT_AT_END = 4
# Replaces the omitted characters.
OMITTED = "~"

# Not next to another hex digit, because a part of a longer hash is not a reference.
_CANDIDATE = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{REFERENCE_DIGITS}}}(?![0-9a-f])", re.IGNORECASE)
# As it is sent, or with other dashes. A number of 16 digits after a single dash belongs to the user's name.
_MARK = re.compile(rf"(?:--|__|[\u2013\u2014])({_CANDIDATE.pattern})", re.IGNORECASE)
_EXTENSION = re.compile(rf"\.[^.\s]{{1,{MAX_EXTENSION_BYTES}}}")


def reference(*parts: str | int | bool | None) -> str:
    """Return 16 hex digits, which are always the same for the same parts in the same order.

    Equal parts are the same work. Two different works have the same reference with a probability of 2**-64.
    """
    # JSON keeps the borders of the parts: ("a", "b") and ("ab", "") must differ. These bytes never change, because
    # stored references would no longer match.
    text = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:REFERENCE_DIGITS]


def speech_reference(text: str, voice: str, options: SpeechOptions) -> str:
    """Return the reference of a spoken text: the same text, voice and options, however often and wherever spoken.

    :param voice: The id that the user wrote, so that a new checkpoint does not render everything again.
    """
    return reference("speech", text, voice, *_speech_options(options))


def piece_reference(text: str, voice_id: str, options: SpeechOptions) -> str:
    """Return the reference of one piece of a text; equal pieces have the same one, at any position.

    :param voice_id: The full id with its checkpoint: pieces of two checkpoints are never joined.
    """
    return reference("speech-piece", text, voice_id, *_speech_options(options))


def _speech_options(options: SpeechOptions) -> tuple[str | bool | None, ...]:
    # Numbers as text: 1 and 1.0 are the same option.
    numbers = (None if number is None else repr(float(number)) for number in (options.temperature, options.max_seconds))
    return (*numbers, options.verify_chunks)


def filename_with_reference(filename: str, ref: str) -> str:
    """Return a short file name that carries the reference: ``interview--9f3c2ab41d7e6c05.mp3``.

    Folders, control characters and surrounding space are removed. If the stem has more than 12 characters, the first 7
    and the last 4 are kept (``custome~0042``), so that the reference survives a cut at 32 characters.
    """
    # A file name from macOS is decomposed (NFD), and the same name from Linux is not; both must give one stem.
    name = last_part(unicodedata.normalize("NFC", filename).replace("\\", "/").rstrip("/"))
    name = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in name).strip()
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or not extension or _size(extension) > MAX_EXTENSION_BYTES or " " in extension:
        stem, extension = name, ""
    tail = f"--{ref}" + (f".{extension}" if extension else "")
    return f"{_short(stem) or 'audio'}{tail}"


def references_in(filename: str | None) -> frozenset[str]:
    """Return all parts of a file name in the form of a reference, in lower case.

    Compare them with a known reference, because a user's own name can contain 16 digits, too.
    """
    return frozenset(found.lower() for found in _CANDIDATE.findall(filename or ""))


def carries(filename: str | None, ref: str) -> bool:
    """Return whether a file name from the API carries exactly this reference."""
    return ref.lower() in references_in(filename)


def reference_in(filename: str | None) -> str | None:
    """Return the reference that a file name most likely carries, in lower case, or None.

    It is the last one after a double dash, else the last 16 hex digits that are not a plain number.
    """
    name = filename or ""
    marks = _MARK.findall(name) or [found for found in _CANDIDATE.findall(name) if not found.isdigit()]
    return marks[-1].lower() if marks else None


def stem_without_reference(filename: str | None) -> str:
    """Return a job's file name without its reference and extension: the user's name, shortened."""
    name = filename or "audio"
    match = _last_mark(name)
    stem = name[: match.start()] if match else name.rpartition(".")[0] or name
    return stem.replace("/", "_") or "audio"


def filename_without_reference(filename: str) -> str:
    """Return a job's file name without its reference and without text that the service added after the extension."""
    match = _last_mark(filename)
    if match is None:
        return filename
    extension = _EXTENSION.search(filename, match.end())
    return filename[: match.start()] + (extension[0] if extension else "")


def _last_mark(name: str) -> re.Match[str] | None:
    return max(_MARK.finditer(name), key=lambda match: match.start(), default=None)


def _short(stem: str) -> str:
    if len(stem) > MAX_STEM_CHARACTERS or _size(stem) > MAX_STEM_BYTES:
        end = _without_leading_marks(stem[-_KEPT_AT_END:])
        stem = f"{stem[: MAX_STEM_CHARACTERS - _KEPT_AT_END - len(OMITTED)].rstrip()}{OMITTED}{end.lstrip()}"
    return stem.strip()


def _without_leading_marks(text: str) -> str:
    """Remove combining characters whose base was cut off."""
    while text and unicodedata.category(text[0])[0] == "M":
        text = text[1:]
    return text


def _size(text: str) -> int:
    return len(text.encode("utf-8", errors="replace"))


def coordinates(map_index: int, loop_index: int | None) -> tuple[int | str, ...]:
    """Return what distinguishes a task instance from the others of its task in a run: parts of a reference.

    Airflow's own id for an iteration, the region, changes when a loop is cleared; the index does not. It is enough,
    because a loop is never within another one or within a mapped group.
    """
    return (map_index,) if loop_index is None else (map_index, "loop", loop_index)
