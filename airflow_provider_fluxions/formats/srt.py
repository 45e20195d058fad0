"""``srt``: SubRip captions, for players and editors.

SubRip has no place for a speaker; ``speakers="shown"`` writes the name into the text where the speaker changes.
"""

from __future__ import annotations

import re

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import Format
from airflow_provider_fluxions.formats.captions import caption, timestamp
from airflow_provider_fluxions.formats.limits import CaptionOptions

# SubRip has no escapes, and readers take this for a time line. All its dashes go: "--->" holds "-->" again.
_ARROW = re.compile(r"-{2,}>")

DEFAULTS = CaptionOptions()


def write(transcription: Transcription, options: CaptionOptions = DEFAULTS) -> bytes:
    """Write numbered cues (from 1), UTF-8 without a byte order mark; no cue gives an empty file.

    :raises FluxionsFormatError: no segment has a time.
    """
    blocks = []
    for number, cue in enumerate(caption(transcription, options.limits, options.speakers), 1):
        text = "\n".join(cue.lines)
        if "-->" in text:
            text = _ARROW.sub("->", text)
        blocks.append(f"{number}\n{timestamp(cue.start_ms, ',')} --> {timestamp(cue.end_ms, ',')}\n{text}\n")
    return "\n".join(blocks).encode("utf-8", errors="replace")


FORMAT = Format("srt", ".srt", "application/x-subrip", write, CaptionOptions)
