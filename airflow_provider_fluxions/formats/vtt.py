"""``vtt``: WebVTT captions with a voice tag a cue (``<v Speaker 0>``), for browsers.

The rules are the standard's, https://www.w3.org/TR/webvtt1/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import Format
from airflow_provider_fluxions.formats.captions import Cue, caption, speaker_label, timestamp
from airflow_provider_fluxions.formats.limits import CaptionOptions, Speakers

_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
# Browsers disagree on escapes inside a tag (https://github.com/web-platform-tests/wpt/issues/59331), so that
# a name goes without the characters that would need one.
_NOT_IN_A_NAME = re.compile(r"[&<>\s]+")


@dataclass(frozen=True)
class VttOptions(CaptionOptions):
    """As `CaptionOptions`, but speakers are ``shown`` by default: as voice tags, which players can style."""

    speakers: Speakers = "shown"


DEFAULTS = VttOptions()


def write(transcription: Transcription, options: CaptionOptions = DEFAULTS) -> bytes:
    """Write the cues, UTF-8; no cue gives a file of the header alone.

    :raises FluxionsFormatError: no segment has a time.
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
    # Dashes at the end would make an arrow of the tag's own ">", and of the line a time line.
    name = _NOT_IN_A_NAME.sub(" ", label).rstrip("- ").lstrip()
    return f"<v {name}>" if name not in ("", "Speaker") else ""


FORMAT = Format("vtt", ".vtt", "text/vtt; charset=utf-8", write, VttOptions)
