"""Each example of docs/howto/connect.md gives the documented settings, and so does each form."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from airflow.models.connection import Connection

from airflow_provider_fluxions.api.settings import ClientSettings
from airflow_provider_fluxions.connection.form import FIELDS
from airflow_provider_fluxions.connection.reader import price_of, settings_of
from airflow_provider_fluxions.hooks import FluxionsHook

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "connect.md").read_text()
REFERENCE = (ROOT / "docs" / "connection.md").read_text()
BLOCKS = [shlex.split(block) for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)]
EXPORTS = [block[1].partition("=")[2] for block in BLOCKS if "AIRFLOW_CONN_" in block[1]]
ADDED = [
    block[block.index("fluxions_default") + 1 :] for block in BLOCKS if block[:3] == ["airflow", "connections", "add"]
]

SPECIAL = "k/e+y=@:?#%&"
TUNED: dict[str, Any] = {
    "read_timeout": 20.5, "max_retries": 2, "verify": "/etc/ssl/company.pem",
}  # fmt: skip
EXPECTED = [
    (ClientSettings("YOUR-KEY"), None),
    (ClientSettings(SPECIAL, "https://gateway.example.com:8443/fluxions", **TUNED), 0.2),
    (ClientSettings(SPECIAL, "https://gateway.example.com:8443", **TUNED), 0.2),
    (ClientSettings("YOUR-KEY", "https://gateway.example.com/fluxions"), None),
    (ClientSettings("YOUR-KEY", "http://fluxions.internal:8080", allow_http=True), None),
]
ALL_EMPTY = dict.fromkeys(one.name for one in FIELDS)


def test_the_page_has_an_example_for_each_expectation() -> None:
    assert len(EXPORTS) == len(EXPECTED)


@pytest.mark.parametrize(("value", "expected"), zip(EXPORTS, EXPECTED, strict=True))
def test_an_exported_example_gives_these_settings_and_this_price(
    value: str, expected: tuple[ClientSettings, float | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", value)
    connection = FluxionsHook.get_connection("fluxions_default")
    extra = connection.extra_dejson
    assert (settings_of(connection, extra), price_of(connection, extra)) == expected


@pytest.mark.parametrize(("arguments", "timeout"), zip(ADDED, (20.5, 60.0), strict=True))
def test_an_added_example_gives_these_settings(arguments: list[str], timeout: float) -> None:
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    if "--conn-json" in given:
        connection = Connection(conn_id="added", **json.loads(given["--conn-json"]))
    else:
        fields = {name.removeprefix("--conn-").replace("type", "conn_type"): text for name, text in given.items()}
        connection = Connection(conn_id="added", **fields)
    settings = settings_of(connection, connection.extra_dejson)
    assert settings == ClientSettings("YOUR-KEY", read_timeout=timeout)


@pytest.mark.parametrize("name", [one.name for one in FIELDS])
def test_the_reference_has_every_extra(name: str) -> None:
    assert f"| `{name}` |" in REFERENCE


@pytest.mark.parametrize(
    "saved",
    [
        # As the forms save it: Airflow 3 every field, Airflow 2 those with text and the box.
        {**ALL_EMPTY, "read_timeout": 20.5, "max_retries": 2},
        {"read_timeout": "20.5", "max_retries": "2", "allow_http": False},
        # As Airflow 2's Test button sends it.
        {"extra__fluxions__read_timeout": "20.5", "read_timeout": "20.5", "max_retries": "2", "submit_path": ""},
        # As a URI gives it.
        {"read_timeout": "20.5", "max_retries": "2", "verify": "true", "allow_http": "no"},
    ],
)
def test_each_form_saves_the_same_settings(saved: dict[str, Any]) -> None:
    connection = Connection(conn_id="saved", conn_type="fluxions", password="k", port=0, extra=json.dumps(saved))
    settings = settings_of(connection, connection.extra_dejson)
    assert settings == ClientSettings("k", read_timeout=20.5, max_retries=2)
