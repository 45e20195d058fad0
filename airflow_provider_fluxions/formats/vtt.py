"""``vtt``: WebVTT captions with a voice tag in each cue (``<v Speaker 0>``), for browsers.

The file follows the standard, https://www.w3.org/TR/webvtt1/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import Format
from airflow_provider_fluxions.formats.captions import Cue, caption, speaker_label, timestamp
from airflow_provider_fluxions.formats.limits import CaptionOptions, Speakers

_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
# Browsers disagree on escapes inside a tag (https://github.com/web-platform-tests/wpt/issues/59331), so a name
# is written without the characters that would need one.
_NOT_IN_A_NAME = re.compile(r"[&<>\s]+")


@dataclass(frozen=True)
class VttOptions(CaptionOptions):
    """As `CaptionOptions`, with speakers ``shown`` by default: as voice tags, which players can style."""

    speakers: Speakers = "shown"


DEFAULTS = VttOptions()


def write(transcription: Transcription, options: CaptionOptions = DEFAULTS) -> bytes:
    """Write the cues as UTF-8. Without cues the file has only the header.

    :raises FluxionsFormatError: if every segment has no time.
    """
    blocks = ["WEBVTT\n"]
    has_voices = options.speakers == "shown"
    voices: dict[str | None, str] = {}
    for cue in caption(transcription, options.limits, "hidden" if has_voices else options.speakers):
        voice = voices.get(cue.speaker)
        if voice is None:
            voice = voices[cue.speaker] = _voice(speaker_label(transcription, cue.speaker)) if has_voices else ""
        blocks.append(f"{timestamp(cue.start_ms, '.')} --> {timestamp(cue.end_ms, '.')}\n{voice}{_escape(cue)}\n")
    return "\n".join(blocks).encode("utf-8", errors="replace")


def _escape(cue: Cue) -> str:
    text = "\n".join(cue.lines)
    return text.translate(_ESCAPES) if "&" in text or "<" in text or ">" in text else text


def _voice(label: str) -> str:
    # Dashes at the end would form an arrow with the tag's ">", and readers would treat the line as a time line.
    name = _NOT_IN_A_NAME.sub(" ", label).rstrip("- ").lstrip()
    return f"<v {name}>" if name not in ("", "Speaker") else ""


FORMAT = Format("vtt", ".vtt", "text/vtt; charset=utf-8", write, VttOptions)
