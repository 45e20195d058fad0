"""The voices of an emulated account, and the checkpoint that they speak with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EmulatedVoice:
    """A voice by its short id. `own` voices are the account's: their id has no checkpoint."""

    id: str
    name: str
    gender: str = "female"
    accent: str = "American"
    description: str = "Warm and clear"
    style: str = "conversational"
    status: str = "ready"
    hidden: bool = False
    own: bool = False

    def voice_id(self, checkpoint: str) -> str:
        """The full id."""
        return self.id if self.own else f"{self.id}.{checkpoint}"


VOICES = (
    EmulatedVoice("maeve", "Maeve", accent="Irish"),
    EmulatedVoice("rory", "Rory", "male", "Scottish", "Dry and calm", "narration"),
    EmulatedVoice("asha", "Asha", "female", "British", "Bright and quick", "announcement"),
    EmulatedVoice("u-42", "My voice", own=True),
)


class VoiceCatalog:
    """Which full ids are served. The newest checkpoint is listed; `keep` older ones still speak."""

    def __init__(self, voices: Sequence[EmulatedVoice] = VOICES) -> None:
        self.voices = tuple(voices)
        self._rotations = 0
        self.checkpoints = [_checkpoint(0)]

    @property
    def checkpoint(self) -> str:
        """The checkpoint that is listed."""
        return self.checkpoints[-1]

    def rotate(self, keep: int = 0) -> str:
        """Serve a new checkpoint and return it; `keep` of the older ones still speak, and are listed after it."""
        self._rotations += 1
        kept = self.checkpoints[-keep:] if keep else []
        self.checkpoints = [*kept, _checkpoint(self._rotations)]
        return self.checkpoint

    def find(self, voice_id: str) -> EmulatedVoice | None:
        """Return the voice with this full id; None where it is not served."""
        ids = {voice.voice_id(checkpoint): voice for voice in self.voices for checkpoint in self.checkpoints}
        return ids.get(voice_id)

    def entries(self, *, own: bool, full: bool) -> list[dict[str, Any]]:
        """Return the entries of a list: all fields, or `voice_id` alone."""
        checkpoints = self.checkpoints[-1:] if own else reversed(self.checkpoints)
        chosen = [voice for voice in self.voices if voice.own == own]
        return [_entry(voice, checkpoint, full) for checkpoint in checkpoints for voice in chosen]


def _entry(voice: EmulatedVoice, checkpoint: str, full: bool) -> dict[str, Any]:
    voice_id = voice.voice_id(checkpoint)
    if not full:
        return {"voice_id": voice_id}
    return {
        "id": voice.id,
        "voice_id": voice_id,
        "name": voice.name,
        "source": "cloned" if voice.own else "standard",
        "status": voice.status,
        "hidden": voice.hidden,
        "gender": voice.gender,
        "accent": voice.accent,
        "description": voice.description,
        "style": voice.style,
        "preview_text": f"Hello, this is {voice.name}.",
    }


def _checkpoint(number: int) -> str:
    # The first is one that a user of the live API saw.
    return "h8ff7e07da" if number == 0 else "h" + hashlib.sha256(f"checkpoint {number}".encode()).hexdigest()[:9]
