"""Settings as people write them: in the extra of an Airflow connection, or in environment variables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsConfigError
from airflow_provider_fluxions.api.settings import ClientSettings

# The Test button of Airflow 2's form tells a ticked box as "y".
_TRUE, _FALSE = ("true", "1", "yes", "y", "on"), ("false", "0", "no", "n", "off")


def read_settings(
    api_key: str, base_url: str | None, written: Mapping[str, Any], called: Callable[[str], str]
) -> ClientSettings:
    """Return settings from a key, an address and what else is written; null or empty counts as not written.

    :param written: by field of `ClientSettings`, as text or as JSON values; other names are left alone.
    :param called: how a field is called where it was written, for messages.
    :raises FluxionsConfigError: a value cannot work; the message names it.
    """
    given = {name: value for name, value in written.items() if value not in (None, "")}
    values = {name: _read(called(name), given[name], reader) for name, reader in READERS.items() if name in given}
    return ClientSettings(api_key, base_url or ClientSettings.base_url, **values)


def _read(name: str, value: Any, reader: Callable[[Any], Any]) -> Any:
    try:
        return reader(value)
    except (TypeError, ValueError) as error:
        raise FluxionsConfigError(f"{name} cannot be {json.dumps(value, default=str)}.") from error


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
        return str(value)


READERS: Mapping[str, Callable[[Any], Any]] = {
    "submit_path": str,
    "connect_timeout": float,
    "read_timeout": float,
    "submit_timeout": float,
    "max_retries": int,
    "verify": _boolean_or_path,
    "allow_http": _boolean,
    "price_per_audio_hour": float,
}
