"""Settings as people write them: in the extra of an Airflow connection, or in environment variables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsConfigError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.read import shown
from airflow_provider_fluxions.api.settings import ClientSettings

# By `difflib`, 0 to 1: "read_timout", "timeout" and "verify_ssl" are like a field, "owner" and "region_name" like none.
MIN_LIKENESS = 0.7
# Airflow 2's form sends its fields a second time, as `extra__fluxions__read_timeout`.
_FORM_PREFIX = "extra__"
# The Test button of Airflow 2's form sends a ticked box as "y".
_TRUE, _FALSE = ("true", "1", "yes", "y", "on"), ("false", "0", "no", "n", "off")


def read_settings(api_key: str, base_url: str | None, written: Any, called: Callable[[str], str]) -> ClientSettings:
    """Return settings from a key, an address and the other fields as they are written; null or empty counts as absent.

    :param written: a mapping by field of `ClientSettings`, of text or JSON values. A name that is almost a field's is
        refused; any other name is left alone, because others may store their own values there.
    :param called: returns the name of a field in the place where it was written, for messages.
    :raises FluxionsConfigError: a value or a name cannot work; the message names it.
    """
    if not isinstance(written, Mapping):
        kind = "text (is it JSON inside JSON?)" if isinstance(written, str) else f"a JSON {type(written).__name__}"
        raise FluxionsConfigError(f'The extra must be a JSON object such as {{"read_timeout": 20}}, not {kind}.')
    given = {name: value for name, value in written.items() if value not in (None, "")}
    for name in given:
        meant = nearest_field(name)
        if meant is not None:
            raise FluxionsConfigError(f"{called(name)} is not a setting. Did you mean {meant}?")
    values = {name: _read(called(name), given[name], reader) for name, reader in READERS.items() if name in given}
    return ClientSettings(api_key, base_url or ClientSettings.base_url, **values)


def nearest_field(name: object) -> str | None:
    """Return the field that a name was probably meant to be; None if it is a field, or like none."""
    if not isinstance(name, str) or name in READERS or name.startswith(_FORM_PREFIX):
        return None
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    near = get_close_matches(plain, READERS, n=1, cutoff=MIN_LIKENESS)
    return near[0] if near else None


def _read(name: str, value: Any, reader: Callable[[Any], Any]) -> Any:
    problem = None
    try:
        return reader(value)
    except (TypeError, ValueError, OverflowError):
        problem = f"{name} must be {KINDS[reader]}, not {printable(_as_json(value), 100)}."
    raise FluxionsConfigError(problem)


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, default=str)
    except (TypeError, ValueError, RecursionError):  # a name that is not text, an integer of too many digits, depth
        return shown(value)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError(value)
    return float(value)


def _whole_number(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or number != float(value):
        raise TypeError(value)
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in (*_TRUE, *_FALSE):
        raise ValueError(value)
    return text in _TRUE


def _boolean_or_path(value: Any) -> bool | str:
    try:
        return _boolean(value)
    except ValueError:
        return _text(value)


READERS: Mapping[str, Callable[[Any], Any]] = {
    "submit_path": _text,
    "connect_timeout": _number,
    "read_timeout": _number,
    "submit_timeout": _number,
    "max_retries": _whole_number,
    "verify": _boolean_or_path,
    "allow_http": _boolean,
    "price_per_audio_hour": _number,
}
KINDS: Mapping[Callable[[Any], Any], str] = {
    _text: "text",
    _number: "a number",
    _whole_number: "a whole number",
    _boolean: "true or false",
    _boolean_or_path: "true, false or a path",
}
