"""Our mark in a job's file name, by which a piece of work finds its job again.

The API has no idempotency key and no metadata; ``filename`` is the one field that we choose and that the
list gives back (https://fluxions.ai/docs). So it reads ``<stem>--<reference><extension>``.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata

REFERENCE_DIGITS = 16
# Names travel through object stores and file systems at the service; 255 bytes is the usual bound there.
MAX_FILENAME_BYTES = 200
MAX_EXTENSION_BYTES = 16

_MARKED = re.compile(rf"--([0-9a-f]{{{REFERENCE_DIGITS}}})(\.[^.\s]{{1,{MAX_EXTENSION_BYTES}}})?\Z")


def reference(*parts: str | int | bool | None) -> str:
    """Return 16 hex digits that are the same for the same parts, in the same order, for ever.

    Equal parts mean one piece of work. Two pieces of work collide with a chance of 2**-64.
    """
    text = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:REFERENCE_DIGITS]


def marked_filename(filename: str, ref: str) -> str:
    """Return a file name that carries the reference and stays readable: ``interview--9f3c2ab41d7e6c05.mp3``.

    Folders, control characters and surrounding space are dropped, a long stem is cut, the reference and the
    extension never are.
    """
    name = unicodedata.normalize("NFC", filename).replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in name).strip()
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or not extension or _size(extension) > MAX_EXTENSION_BYTES or " " in extension:
        stem, extension = name, ""
    tail = f"--{ref}" + (f".{extension}" if extension else "")
    room = MAX_FILENAME_BYTES - _size(tail)
    short = stem.encode("utf-8", errors="replace")[:room].decode("utf-8", errors="ignore").strip()
    return f"{short or 'audio'}{tail}"


def reference_in(filename: str | None) -> str | None:
    """Return the reference that a file name carries, or None."""
    match = _MARKED.search(filename or "")
    return match[1] if match else None


def _size(text: str) -> int:
    return len(text.encode("utf-8", errors="replace"))


def unmarked_stem(filename: str | None) -> str:
    """Return a job's file name without its reference and extension: the name that the user gave."""
    name = filename or "audio"
    match = _MARKED.search(name)
    stem = name[: match.start()] if match else name.rpartition(".")[0] or name
    return stem.replace("/", "_") or "audio"


def unmarked_filename(filename: str) -> str:
    """Return a job's file name without its reference, as it was before `marked_filename`."""
    match = _MARKED.search(filename)
    return filename[: match.start()] + (match[2] or "") if match else filename
