"""The media types of recordings, by their names alone: what an object says of itself may be a web page. No I/O."""

from __future__ import annotations

_TYPES = {
    ".aac": "audio/aac",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".amr": "audio/amr",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".mp4": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
    ".wma": "audio/x-ms-wma",
}


def audio_type(name: str) -> str | None:
    """Return the media type of a recording, None for a name that is no recording's."""
    _, dot, extension = name.lower().rpartition(".")
    return _TYPES.get(f"{dot}{extension}")
