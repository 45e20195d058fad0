"""``vtt``: WebVTT captions with a voice tag a cue (``<v Speaker 0>``), for browsers.

The rules are the standard's, https://www.w3.org/TR/webvtt1/.
"""

from __future__ import annotations

import re

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import Format
from airflow_provider_fluxions.formats.captions import Cue, caption, timestamp

_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
# Browsers disagree on escapes inside a tag (https://github.com/web-platform-tests/wpt/issues/59331), so that
# a name goes without the characters that would need one.
_NOT_IN_A_NAME = re.compile(r"[&<>\s]+")


def write(transcription: Transcription) -> bytes:
    """Write the cues, UTF-8; no cue gives a file of the header alone.

    :raises FluxionsFormatError: no segment has a time.
    """
    blocks = ["WEBVTT\n"]
    voices: dict[str | None, str] = {}
    for cue in caption(transcription):
        voice = voices.get(cue.speaker)
        if voice is None:
            voice = voices[cue.speaker] = _voice(cue.speaker)
        blocks.append(f"{timestamp(cue.start_ms, '.')} --> {timestamp(cue.end_ms, '.')}\n{voice}{_escape(cue)}\n")
    return "\n".join(blocks).encode("utf-8", errors="replace")


def _escape(cue: Cue) -> str:
    text = "\n".join(cue.lines)
    return text.translate(_ESCAPES) if "&" in text or "<" in text or ">" in text else text


def _voice(speaker: str | None) -> str:
    name = _NOT_IN_A_NAME.sub(" ", speaker or "").strip()
    return f"<v Speaker {name}>" if name else ""


FORMAT = Format("vtt", ".vtt", "text/vtt; charset=utf-8", write)
