"""The media types of recordings, by their names alone: what an object says of itself may be a web page. No I/O."""

from __future__ import annotations

from airflow_provider_fluxions.api.media_types import AUDIO_TYPES

# A submit leaves these to Python's table, whose names for them browsers may not know.
_TYPES = {**AUDIO_TYPES, ".aif": "audio/aiff", ".aiff": "audio/aiff", ".amr": "audio/amr"}


def audio_type(name: str) -> str | None:
    """Return the media type of a recording, None for a name that is no recording's."""
    _, dot, extension = name.lower().rpartition(".")
    return _TYPES.get(f"{dot}{extension}")
