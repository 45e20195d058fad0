"""When what is said in a spoken text: a JSON time line in samples, and WebVTT captions in milliseconds. No I/O.

The start of a piece, which is one render, is exact. Within a piece, times are estimated from characters and marked so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import read_stored
from airflow_provider_fluxions.formats.captions import Cue, caption, timestamp
from airflow_provider_fluxions.speech.timeline import PieceTime, SpokenSentence, sentence_times

TIMELINE_VERSION = 1
TIMELINE_EXTENSION, TIMELINE_TYPE = ".json", "application/json"
VTT_EXTENSION, VTT_TYPE = ".vtt", "text/vtt; charset=utf-8"
# The extensions of captions by the name that users put into `formats`.
CAPTION_FORMATS: Mapping[str, str] = {"json": TIMELINE_EXTENSION, "vtt": VTT_EXTENSION}
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}


def timeline_json(reference: str, voice: str, voice_id: str, pieces: Sequence[PieceTime], rate: int) -> bytes:
    """Return the time line: pieces with their sentences, in samples of one channel from the start of the audio.

    It has the fields of a ``json`` result of a transcription too (``id``, ``status``, ``text`` and ``segments`` with
    seconds), so that the viewer shows it and `FluxionsConvertOperator` makes other caption formats from it.
    """
    sentences = [sentence_times(piece) for piece in pieces]
    flat = [one for group in sentences for one in group]
    frames = max((piece.end_frame for piece in pieces), default=0)
    timeline = {
        "id": reference,
        "status": "completed",
        "audio_duration": round(frames / rate, 3),
        "text": " ".join(one.text for one in flat),
        "segments": [_segment(one, rate) for one in flat],
        "timeline_version": TIMELINE_VERSION,
        "voice": voice,
        "voice_id": voice_id,
        "sample_rate": rate,
        "samples": frames,
        "pieces": [_piece(piece, group) for piece, group in zip(pieces, sentences, strict=True)],
    }
    return json.dumps(timeline, ensure_ascii=False).encode(errors="replace")


def _segment(one: SpokenSentence, rate: int) -> dict[str, Any]:
    start, end = round(one.start_frame / rate, 6), round(one.end_frame / rate, 6)
    return {"text": one.text, "start": start, "end": end, "is_estimated": one.is_estimated}


def _piece(piece: PieceTime, sentences: Sequence[SpokenSentence]) -> dict[str, Any]:
    return {
        "text": piece.text,
        "start_sample": piece.start_frame,
        "end_sample": piece.end_frame,
        "sentences": [
            {
                "text": one.text,
                "start_sample": one.start_frame,
                "end_sample": one.end_frame,
                "is_estimated": one.is_estimated,
            }
            for one in sentences
        ],
    }


def vtt_of_pieces(pieces: Sequence[PieceTime]) -> bytes:
    """Return WebVTT captions of the pieces of a spoken text.

    The cue that starts with its piece has a number as its name; that of any other ends in ``estimated``.
    """
    blocks = ["WEBVTT\n", 'NOTE Start times of cues named "estimated" are estimated from characters.\n']
    number = 0
    for piece in pieces:
        for sentence in sentence_times(piece):
            for cue in _cues(sentence):
                number += 1
                is_exact = cue.start_ms == round(piece.start * 1000)
                blocks.append(_block(f"{number}" if is_exact else f"{number} estimated", cue))
    return "\n".join(blocks).encode(errors="replace")


def vtt_of_timeline(data: bytes) -> bytes:
    """Return WebVTT captions of a stored time line: the same as of its pieces.

    :raises FluxionsFormatError: these bytes are something else.
    """
    timeline = read_stored(data).raw
    try:
        rate = int(timeline["sample_rate"])
        pieces = [
            PieceTime(str(one["text"]), int(one["start_sample"]), int(one["end_sample"]), rate)
            for one in timeline["pieces"]
        ]
        return vtt_of_pieces(pieces)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise FluxionsFormatError("Expected a spoken text's time line: JSON with pieces and their samples.") from error


def _cues(sentence: SpokenSentence) -> list[Cue]:
    segment = {"text": sentence.text, "start": sentence.start, "end": sentence.end}
    return caption(Transcription.from_json({"id": 1, "text": sentence.text, "segments": [segment]}))


def _block(name: str, cue: Cue) -> str:
    text = "\n".join(cue.lines).translate(_ESCAPES)
    return f"{name}\n{timestamp(cue.start_ms, '.')} --> {timestamp(cue.end_ms, '.')}\n{text}\n"
