"""The OpenAPI description of the emulated API, one for each profile, for readers and fuzzers.

Faults and list behaviors can break any rule of it. They are described among its components.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_fluxions.emulator.profiles import Profile
from airflow_provider_fluxions.emulator.speech_orders import (
    HOSTED_PATH,
    MAX_CHARACTERS,
    MAX_SECONDS,
    OWN_PATH,
    RENDER_PATH,
)
from airflow_provider_fluxions.emulator.vocabulary import schemas

_Schema = dict[str, Any]
_TEXT: _Schema = {"type": "string"}
_COUNT: _Schema = {"type": "integer", "minimum": 0}
_SECONDS: _Schema = {"type": "number", "minimum": 0}
_FLAG: _Schema = {"type": "boolean"}
_INSTANT: _Schema = {"type": "string", "format": "date-time"}
_LINK: _Schema = {"type": "string", "format": "uri"}
_VOICE_TEXTS = (
    "id", "name", "source", "status", "gender", "accent", "description", "style", "preview_text",
)  # fmt: skip
_ID: _Schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
# Present for a completed job; before that null or missing.
_FACTS = {
    "audio_duration": _SECONDS,
    "audio_format": _TEXT,
    "processing_time": _SECONDS,
    "language": _TEXT,
    "num_segments": _COUNT,
    "num_speakers": _COUNT,
}


def describe(profile: Profile) -> dict[str, Any]:
    """Return the description of this profile, OpenAPI 3.1."""
    read = _call(
        "One transcription", _transcription(profile), profile, (404,), [_job_id(), *_flags("word_level_timestamps")]
    )
    listed = _call("The account's transcriptions", _page(profile), profile, (), [_number("limit", 1, 100), _offset()])
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Fluxions, as emulated: {profile.name}", "version": "1"},
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Authorization"}},
        },
        "security": [{"key": []}],
        "paths": {
            "/health": {"get": {"summary": "Health", "security": [], "responses": {"200": _json(_health(profile))}}},
            profile.submit_path: {"post": _submit(profile)},
            "/transcriptions": {"get": listed},
            "/transcriptions/{id}": {"get": read},
            **speech_paths(profile),
        },
    }


def speech_paths(profile: Profile) -> dict[str, Any]:
    """Return the calls of text-to-speech."""
    full = dict.fromkeys(_VOICE_TEXTS, _TEXT) | {"hidden": _FLAG} if profile.detail_errors else {}
    voices = _object({"voices": _list(_object({"voice_id": _TEXT, **full}))})
    fields: dict[str, _Schema] = {
        "voice": {"type": "string", "pattern": r"\S", "maxLength": 200},
        "input": {"type": "string", "pattern": r"\S", "maxLength": MAX_CHARACTERS},
        "response_format": {"enum": ["wav", "pcm"]},
        "stream": _FLAG,
        "temperature": {"type": ["number", "null"], "minimum": 0, "maximum": 10},
        "max_secs": {"type": ["number", "null"], "minimum": 0.001, "maximum": 10 * MAX_SECONDS},
        "verify_chunks": _FLAG,
    }
    body = _object(fields, tuple(name for name in fields if name not in ("voice", "input")))
    body["additionalProperties"] = True
    audio: _Schema = {"type": "string", "format": "binary"}
    render = _call("Speak a text", audio, profile, (404, 413, 422), [])
    kinds = ("audio/wav", "audio/pcm")
    render["responses"]["200"] = {"description": "", "content": {kind: {"schema": audio} for kind in kinds}}
    render["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    hosted = {"summary": "Voices for everyone", "security": [], "responses": {"200": _json(voices)}}
    return {
        HOSTED_PATH: {"get": hosted},
        OWN_PATH: {"get": _call("The account's voices", voices, profile, (), [])},
        RENDER_PATH: {"post": render},
    }


def _submit(profile: Profile) -> dict[str, Any]:
    filename = {"name": "filename", "in": "query", "schema": _TEXT}
    call = _call("Submit audio", _submission(), profile, (400, 411), [filename, *_flags("non_speech", "cache")])
    audio: _Schema = {"type": "string", "format": "binary", "minLength": 1}
    call["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": audio}}}
    return call


def _call(
    summary: str, answer: _Schema, profile: Profile, refusals: tuple[int, ...], parameters: list[dict[str, Any]]
) -> dict[str, Any]:
    """Describe a call. Every call refuses an invalid parameter and an invalid key."""
    statuses = sorted({401, 422 if profile.detail_errors else 400, *refusals})
    refused = {str(status): _json(_error(profile)) for status in statuses}
    return {"summary": summary, "parameters": parameters, "responses": {"200": _json(answer), **refused}}


def _json(schema: _Schema) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"schema": schema}}}


def _object(properties: Mapping[str, _Schema], optional: tuple[str, ...] = ()) -> _Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _list(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _error(profile: Profile) -> _Schema:
    if not profile.detail_errors:
        return _object({"error": _TEXT})
    return _object({"detail": {"anyOf": [_TEXT, _list(_object({"loc": _list(_TEXT), "msg": _TEXT, "type": _TEXT}))]}})


def _health(profile: Profile) -> _Schema:
    return _object({name: {"const": value} for name, value in profile.health.items()})


def _submission() -> _Schema:
    links = _object({"get": _LINK, "status": _LINK})
    facts = {"status": _TEXT, "created_at": _INSTANT, "original_audio_url": _LINK, "query_urls": links, "cached": _FLAG}
    return _object({"id": _ID, **facts})


def _page(profile: Profile) -> _Schema:
    entry = {"id": _ID, "status": _TEXT, "created_at": _INSTANT, "filename": _TEXT, "original_audio_url": _LINK}
    entries = _list(_object({**entry, **_facts(profile, _FACTS)}, _optional(profile, _FACTS)))
    return _object({"total": _COUNT, "limit": _COUNT, "offset": _COUNT, "transcriptions": entries})


def _transcription(profile: Profile) -> _Schema:
    known = {"id": _ID, "status": _TEXT, "created_at": _INSTANT, "updated_at": _INSTANT, "filename": _TEXT}
    known |= {"non_speech": _FLAG, "audio_url": _LINK, "cached": _FLAG}
    facts = _FACTS | {"num_chunks": _COUNT}
    result = {"error_message": _TEXT, "segments": _list(_segment())} | ({"text": _TEXT} if profile.inline_text else {})
    return _object({**known, **_facts(profile, facts), **result}, (*_optional(profile, facts), *result))


def _segment() -> _Schema:
    word = _object({"word": _TEXT, "start": _SECONDS, "end": _SECONDS})
    facts = {"speaker": _TEXT, "text": _TEXT, "start": _SECONDS, "end": _SECONDS, "segment_idx": _COUNT}
    return _object({**facts, "words": _list(word)}, ("words",))


def _facts(profile: Profile, facts: Mapping[str, _Schema]) -> dict[str, _Schema]:
    null: _Schema = {"type": "null"}
    return {name: {"anyOf": [fact, null]} if profile.unknown_as_null else fact for name, fact in facts.items()}


def _optional(profile: Profile, facts: Mapping[str, _Schema]) -> tuple[str, ...]:
    return () if profile.unknown_as_null else tuple(facts)


def _job_id() -> dict[str, Any]:
    return {"name": "id", "in": "path", "required": True, "schema": _ID}


def _flags(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": _FLAG} for name in names]


def _number(name: str, low: int, high: int) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "integer", "minimum": low, "maximum": high}}


def _offset() -> dict[str, Any]:
    return _number("offset", 0, 2**63 - 1)
