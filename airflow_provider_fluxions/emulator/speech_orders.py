"""Requests to speak a text, read and checked. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.emulator.replies import ApiError
from airflow_provider_fluxions.emulator.voices import EmulatedVoice, VoiceCatalog

HOSTED_PATH = "/vui/voices"
OWN_PATH = "/vui/v1/voices/mine"
RENDER_PATH = "/vui/v1/tts"
MAX_BODY_BYTES = 1 << 20
MAX_CHARACTERS = 20_000
# About what fits into the model's context.
MAX_SECONDS = 360.0
_FORMATS = ("wav", "pcm")


@dataclass(frozen=True)
class Order:
    """A request to render, checked."""

    text: str
    voice: EmulatedVoice
    voice_id: str
    response_format: str
    stream: bool
    max_seconds: float | None
    options: dict[str, Any]


def text_in(body: bytes) -> str | None:
    """Return the text of a request to render, if it has one."""
    try:
        text = json.loads(body)["input"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return text if isinstance(text, str) else None


def read_order(body: bytes, query: Mapping[str, str], voices: VoiceCatalog) -> Order:
    """Return the order that a request's body and query are.

    :raises ApiError: a field is missing or wrong, or no such voice is served.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise ApiError(422, "The body must be a JSON object")
    text, voice_id = _text(fields, "input", MAX_CHARACTERS), _text(fields, "voice", 200)
    form = fields.get("response_format", "wav")
    if form not in _FORMATS:
        raise ApiError(422, "response_format must be wav or pcm")
    stream = _flag(fields, "stream", default=False) or query.get("stream") in ("1", "true")
    options = {name: fields[name] for name in ("temperature", "max_secs", "verify_chunks") if name in fields}
    _number(fields, "temperature", 0, 10)
    _flag(fields, "verify_chunks", default=True)
    max_seconds = _number(fields, "max_secs", 0.001, 10 * MAX_SECONDS)
    voice = voices.find(voice_id)
    if voice is None:
        raise ApiError(404, "Voice not found")
    return Order(text, voice, voice_id, form, stream, max_seconds, options)


def _text(fields: Mapping[str, Any], name: str, most: int) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ApiError(422, f"{name} must be a text that is not empty")
    if len(value) > most:
        raise ApiError(422, f"{name} must have at most {most} characters")
    return value


def _flag(fields: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = fields.get(name, default)
    if not isinstance(value, bool):
        raise ApiError(422, f"{name} must be true or false")
    return value


def _number(fields: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ApiError(422, f"{name} must be a number from {low:g} to {high:g}")
    return float(value)
