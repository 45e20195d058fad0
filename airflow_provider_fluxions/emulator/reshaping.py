"""Change responses for faults: replaced fields, NaN, lists, depth and size. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.replies import Reply

_AUTHORIZATION = "{authorization}"
_PAGE_FIELDS = ("total", "limit", "offset", "transcriptions")


def with_authorization(fault: Fault, request_headers: Mapping[str, str]) -> Fault:
    """Insert the request's Authorization header at each placeholder of the fault."""
    key = request_headers.get("authorization", "")
    location = fault.location.replace(_AUTHORIZATION, quote(key, safe="")) if fault.location else fault.location
    return replace(
        fault,
        message=fault.message.replace(_AUTHORIZATION, key),
        location=location,
        headers={name: value.replace(_AUTHORIZATION, key) for name, value in fault.headers.items()},
        fields=_filled(dict(fault.fields), key),
    )


def reshaped(answer: Reply, fault: Fault, request_headers: Mapping[str, str]) -> Reply:
    """Apply a fault to a response: its headers, fields, shape, size and end."""
    body = answer.body
    if answer.content_type == "application/json":
        body = _reshaped_json(body, fault, request_headers if fault.echo_headers and fault.status is None else {})
    if fault.cut_to_bytes is not None:
        body = body[: fault.cut_to_bytes]
    return replace(answer, body=body, headers=(*answer.headers, *fault.headers.items()))


def _reshaped_json(body: bytes, fault: Fault, echoed: Mapping[str, str]) -> bytes:
    if not (echoed or fault.fields or fault.shape or fault.pad_to_bytes or fault.deepen_levels):
        return body
    try:
        value = json.loads(body)
    except ValueError:
        return body  # The style of the fault has already cut it.
    if not isinstance(value, dict):
        return body
    _replace_fields(value, fault.fields)
    if echoed:
        value["request_headers"] = dict(echoed)
    if fault.shape == "nan":
        value = _without_numbers(value)
    text = json.dumps(value, ensure_ascii=False).encode()
    if fault.pad_to_bytes:
        text = _padded(value, fault.pad_to_bytes)
    if fault.deepen_levels:
        text = text[:-1] + b', "nested": ' + b"[" * fault.deepen_levels + b"]" * fault.deepen_levels + b"}"
    return b"[" + text + b"]" if fault.shape == "list" else text


def _replace_fields(value: dict[str, Any], fields: Mapping[str, Any]) -> None:
    entries = value.get("transcriptions")
    for name, field in fields.items():
        if isinstance(entries, list) and name not in _PAGE_FIELDS:
            for entry in entries:
                entry[name] = field
        else:
            value[name] = field


def _without_numbers(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _without_numbers(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_numbers(inner) for inner in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float("nan") if is_number and name != "id" else value


def _padded(value: dict[str, Any], size_bytes: int) -> bytes:
    name = "transcriptions" if "transcriptions" in value else "segments"
    genuine = value.pop(name, None) or []
    start = json.dumps(value, ensure_ascii=False).encode()[:-1] + f', "{name}": ['.encode()
    kept = b"".join(json.dumps(entry, ensure_ascii=False).encode() + b"," for entry in genuine)
    count = max(1, (size_bytes - len(start) - len(kept) - 1) // 3)
    return start + kept + b"{}," * (count - 1) + b"{}]}"


def _filled(value: Any, key: str) -> Any:
    if isinstance(value, str):
        return value.replace(_AUTHORIZATION, key)
    if isinstance(value, dict):
        return {name: _filled(inner, key) for name, inner in value.items()}
    return [_filled(inner, key) for inner in value] if isinstance(value, list) else value
