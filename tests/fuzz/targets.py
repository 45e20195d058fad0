"""What fuzzers feed, and what must hold: a value or a `FluxionsError` for every answer, nothing lost of any text."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsFormatError
from airflow_provider_fluxions.api.models import Job, Page, Submission, Transcription
from airflow_provider_fluxions.api.responses import MAX_SHOWN_CHARACTERS, RequestFacts, read_response
from airflow_provider_fluxions.api.transcript import speech
from airflow_provider_fluxions.api.voices import read_voices
from airflow_provider_fluxions.formats import FORMATS, choose
from airflow_provider_fluxions.formats.base import UNKNOWN_PROVENANCE
from airflow_provider_fluxions.speech.pieces import MAX_PIECE_CHARACTERS, cut_text

# What models and errors are read from.
FIELDS = [
    "id", "status", "created_at", "filename", "error_message", "audio_duration", "processing_time", "num_segments",
    "text", "segments", "transcriptions", "total", "speaker", "start", "end", "start_time", "end_time", "words", "word",
    "punctuated_word", "confidence", "segment_idx", "detail", "error", "message", "msg", "loc", "voices",
    "voice_id", "hidden",
]  # fmt: skip
MODELS: tuple[Callable[[Mapping[str, Any]], Any], ...] = (
    Submission.from_json,
    Job.from_json,
    Page.from_json,
    Transcription.from_json,
    read_voices,
)


def read_answer(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Take an answer as the client does."""
    try:
        data = read_response(status, headers, body, RequestFacts(1))
    except FluxionsError as error:
        _check_error(error)
        return
    read_object(data)


def read_object(data: Mapping[str, Any]) -> None:
    """Make every model of a JSON object, and of a transcription all that can be asked of it."""
    for read in MODELS:
        try:
            value = read(data)
        except FluxionsError as error:
            _check_error(error)
        else:
            assert repr(value)
            if isinstance(value, Transcription):
                _use(value)


def read_text(text: str) -> None:
    """Parse a transcript; letters that are no label's and no tag's stay."""
    turns = speech.parse_turns(text)
    assert speech.parse_turns(speech.render_turns(turns)) == turns
    assert all(text[tag.start_char : tag.end_char] == tag.raw for tag in speech.find_tags(text))
    assert len(speech.clean_text(text)) <= len(text)
    _use(Transcription.from_json({"id": 1, "status": "completed", "text": text}))
    speak(text)


def speak(text: str) -> None:
    """Cut a text into pieces, or refuse it."""
    try:
        pieces = cut_text(text)
    except FluxionsError as error:
        _check_error(error)
    else:
        assert all(0 < len(piece.text) <= MAX_PIECE_CHARACTERS for piece in pieces)


def _use(transcription: Transcription) -> None:
    assert len(transcription.words) == sum(len(part.spoken_words) for part in transcription.segments)
    for event in transcription.events:
        assert event.start is None or event.end is None or event.start <= event.end
    assert transcription.text_clean is not None
    for choice in choose(FORMATS):
        with suppress(FluxionsFormatError):
            for body in choice.files(transcription, UNKNOWN_PROVENANCE).values():
                assert isinstance(body, bytes)


def _check_error(error: FluxionsError) -> None:
    # A message goes into logs: bounded, whatever the service says. Ours around it takes some hundred characters.
    assert 0 < len(str(error)) < MAX_SHOWN_CHARACTERS + 500
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes
