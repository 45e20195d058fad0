"""The metadata of a stored spoken file: what it was made from. No I/O."""

from __future__ import annotations

from collections.abc import Mapping

META_REFERENCE = "reference"
META_SECONDS = "audio_seconds"
META_VOICE = "voice"
META_VOICE_ID = "voice_id"
META_CHARACTERS = "characters"


def speech_metadata(
    *, reference: str, voice: str, voice_id: str, audio_seconds: float, characters: int
) -> dict[str, str]:
    """Return the metadata of a file. Voices are ASCII: other characters become ``?``."""
    return {
        META_REFERENCE: reference,
        META_VOICE: _ascii(voice),
        META_VOICE_ID: _ascii(voice_id),
        META_SECONDS: f"{audio_seconds:.3f}",
        META_CHARACTERS: str(characters),
    }


def is_done(metadata: Mapping[str, str], reference: str, voice_id: str | None = None) -> bool:
    """Whether a file with this metadata is this text, spoken by this voice with these options.

    :param voice_id: The full id that must have spoken. Default None: any checkpoint.
    """
    if metadata.get(META_REFERENCE) != reference:
        return False
    return voice_id is None or metadata.get(META_VOICE_ID) == _ascii(voice_id)


def _ascii(text: str) -> str:
    return text.encode("ascii", errors="replace").decode()
