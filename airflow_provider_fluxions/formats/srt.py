"""``srt``: SubRip captions, for players and editors.

SubRip has no field for a speaker; ``speakers="shown"`` writes the name into the text at each new speaker.
"""

from __future__ import annotations

import re

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import Format
from airflow_provider_fluxions.formats.captions import caption, timestamp
from airflow_provider_fluxions.formats.limits import CaptionOptions

# SubRip has no escapes, so characters that players read as markup become similar ones.
# Readers treat this as a time line. All its dashes are replaced, because "--->" contains "-->" again.
_ARROW = re.compile(r"-{2,}>")
# <i>, </font>, <c.red>: single angle quotation marks instead, which are as wide.
_TAG = re.compile(r"<(?=\s*/?\s*[A-Za-z])([^<>]*)>")
# {\an8}, {b}, {y:i}: players with an ASS renderer hide text in braces.
_BRACES = {ord("{"): "(", ord("}"): ")"}

DEFAULTS = CaptionOptions()


def write(transcription: Transcription, options: CaptionOptions = DEFAULTS) -> bytes:
    """Write numbered cues (from 1) as UTF-8 without a byte order mark. Without cues the file is empty.

    :raises FluxionsFormatError: if every segment has no time.
    """
    blocks = []
    for number, cue in enumerate(caption(transcription, options.limits, options.speakers), 1):
        text = "\n".join(cue.lines)
        if ">" in text or "}" in text:
            text = _without_markup(text)
        blocks.append(f"{number}\n{timestamp(cue.start_ms, ',')} --> {timestamp(cue.end_ms, ',')}\n{text}\n")
    return "\n".join(blocks).encode("utf-8", errors="replace")


def _without_markup(text: str) -> str:
    text = _TAG.sub("\u2039\\1\u203a", _ARROW.sub("->", text))
    return text.translate(_BRACES) if 0 <= text.find("{") < text.rfind("}") else text


FORMAT = Format("srt", ".srt", "application/x-subrip", write, CaptionOptions)
