"""The media type of a recording. No I/O."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Callable

UNKNOWN = "application/octet-stream"

# Python's table omits some of these, or has the type of a video.
AUDIO_TYPES = {
    ".3gp": "audio/3gpp",
    ".aac": "audio/aac",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".amr": "audio/amr",
    ".caf": "audio/x-caf",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".mka": "audio/x-matroska",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "audio/mp4",
    ".mpeg": "audio/mpeg",
    ".mpga": "audio/mpeg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
    ".wma": "audio/x-ms-wma",
}

# The first bytes of files, with their offset.
_SIGNATURES = (
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AIFF", "audio/aiff"),
    (8, b"AIFC", "audio/aiff"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp3g", "audio/3gpp"),
    (4, b"ftyp", "audio/mp4"),
    (0, b"caff", "audio/x-caf"),
    (0, b"#!AMR", "audio/amr"),
    (0, bytes.fromhex("3026b2758e66cf11"), "audio/x-ms-wma"),
)
_EBML = bytes.fromhex("1a45dfa3")


def media_type(uri: str, stored: str | None, filename: str, first_bytes: Callable[[], bytes]) -> str:
    """Return the media type of a recording from the first of these sources that has one.

    The order is: the extension of the recording, the type in its store, its first bytes, and the extension of the file
    name to show, which can be any words of the user.

    :param uri: URI of the recording.
    :param stored: The media type in the store. A type that is neither audio nor video (octet-stream) is ignored.
    :param filename: The file name at the service.
    :param first_bytes: Function that returns at least the first 64 bytes of the recording. Called only if needed.
    """
    return (
        _sound(content_type_of(uri))
        or _sound((stored or "").strip())
        or type_of_bytes(first_bytes())
        or _sound(content_type_of(filename))
        or content_type_of(uri)
    )


def audio_type(name: str) -> str | None:
    """Return the media type of a recording from its name, or None if the name is not that of a recording.

    Use it for objects of other users, because the stored media type could be that of a web page.
    """
    return AUDIO_TYPES.get(os.path.splitext(name.lower())[1])


def content_type_of(filename: str) -> str:
    """Return the media type for a file name, or ``application/octet-stream``."""
    extension = os.path.splitext(filename)[1].lower()
    return AUDIO_TYPES.get(extension) or mimetypes.guess_type(filename)[0] or UNKNOWN


def type_of_bytes(head: bytes) -> str | None:
    """Return the media type for the first bytes of a recording, or None."""
    for offset, signature, kind in _SIGNATURES:
        if head.startswith(signature, offset):
            return kind
    if head.startswith(_EBML):
        return "audio/webm" if b"webm" in head[:64] else "audio/x-matroska"
    return _mpeg_frame(head)


def _mpeg_frame(head: bytes) -> str | None:
    """Read the header of a bare MPEG audio frame: 11 bits of sync, then version and layer.

    Layer I is excluded, because its frames start like UTF-16 text and recorders do not use it.
    """
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if head[1] & 0xF6 == 0xF0:  # layer 0 with a sync of 12 bits is ADTS
        return "audio/aac"
    is_frame = head[1] & 0x18 != 0x08 and head[1] & 0x06 in (2, 4) and head[2] & 0xF0 != 0xF0
    return "audio/mpeg" if is_frame else None


def _sound(kind: str) -> str | None:
    return kind if kind.lower().startswith(("audio/", "video/")) else None
