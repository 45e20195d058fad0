"""Faults, list behaviors and settings as JSON schemas, for the control API."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.list_behavior import ListBehavior
from airflow_provider_fluxions.emulator.settings import Settings
from airflow_provider_fluxions.emulator.transitions import OutcomeRule, Transition

Schema = dict[str, Any]
_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    Any: {},
}


def schemas() -> dict[str, Schema]:
    """The schema of each object that the control API takes, by its name."""
    return {kind.__name__: _object(kind) for kind in (Fault, ListBehavior, OutcomeRule, Settings, Transition)}


def _object(kind: type) -> Schema:
    hints = get_type_hints(kind)
    shown = {column.name: _schema(hints[column.name]) for column in fields(kind)}
    needed = [column.name for column in fields(kind) if column.default is MISSING and column.default_factory is MISSING]
    told = inspect.getdoc(kind) or ""
    return {
        "type": "object",
        "description": told,
        "properties": shown,
        "required": needed,
        "additionalProperties": False,
    }


def _schema(hint: Any) -> Schema:
    if hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, UnionType):
        return {"anyOf": [_schema(argument) for argument in arguments]}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    raise TypeError(f"no schema for {hint}")
