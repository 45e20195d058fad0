"""``text``: what was said, one speaker's turn a line, in the vendor's own notation (``SPEAKER_0: ...``)."""

from __future__ import annotations

from airflow_provider_fluxions.api import speech
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import Format


def write(transcription: Transcription) -> bytes:
    """Write the clean text, UTF-8. A turn of nothing but tags leaves no line."""
    lines = speech.clean_text(transcription.text).split("\n")
    spoken = [line for line in lines if any(turn.text for turn in speech.parse_turns(line))]
    return "".join(f"{line}\n" for line in spoken).encode("utf-8", errors="replace")


FORMAT = Format("text", ".txt", "text/plain; charset=utf-8", write)
