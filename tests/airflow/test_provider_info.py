"""What Airflow reads about the provider."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from typing import Any

import jsonschema

from airflow_provider_fluxions import __version__, get_provider_info


def test_provider_info_is_valid_against_this_airflows_own_schema() -> None:
    schema = json.loads((files("airflow") / "provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_keys_that_are_for_documentation_are_valid_against_the_schema_of_provider_yaml() -> None:
    schema = json.loads((files("airflow") / "provider.yaml.schema.json").read_text())
    for key in ("retry-policies", "asset-uris", "notifications"):
        if key in schema["properties"] and key in get_provider_info():
            jsonschema.validate(get_provider_info()[key], schema["properties"][key])


def test_provider_info_names_the_hook_class_and_its_connection_type() -> None:
    from airflow_provider_fluxions.hooks import FluxionsHook

    (connection_type,) = get_provider_info()["connection-types"]
    assert connection_type["connection-type"] == FluxionsHook.conn_type
    assert connection_type["hook-class-name"] == f"{FluxionsHook.__module__}.{FluxionsHook.__name__}"


def test_every_extra_in_the_form_is_one_that_the_hook_reads() -> None:
    from types import SimpleNamespace

    from airflow_provider_fluxions.connection.reader import price_of, settings_of

    (connection_type,) = get_provider_info()["connection-types"]
    connection = SimpleNamespace(conn_id="c", host=None, port=None, password="k", extra="")
    typed: dict[str, Any] = {"string": "/somewhere", "number": 20.5, "integer": 2, "boolean": True}
    for name, field in connection_type["conn-fields"].items():
        value = typed[field["schema"]["type"][0]]
        read = {
            **vars(settings_of(connection, {name: value})),
            "price_per_audio_hour": price_of(connection, {name: value}),
        }
        assert read[name] == value


def test_every_link_of_an_operator_is_one_that_the_provider_info_names() -> None:
    """Airflow 2's webserver shows no others."""
    from airflow_provider_fluxions import operators, sensors, transfers

    tasks = (
        operators.FluxionsSubmitOperator, sensors.FluxionsTranscriptionSensor, transfers.FluxionsToS3Operator,
        transfers.FluxionsS3ToS3Operator, transfers.FluxionsConvertOperator,
        transfers.FluxionsS3TextToSpeechOperator,
    )  # fmt: skip
    links = {type(link) for task in tasks for link in task.operator_extra_links}
    assert {f"{link.__module__}.{link.__name__}" for link in links} == set(get_provider_info()["extra-links"])


def test_importing_the_package_loads_neither_airflow_nor_requests() -> None:
    code = (
        "import sys, airflow_provider_fluxions as package; package.get_provider_info(); "
        "print([name for name in ('airflow', 'requests') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_the_version_in_the_metadata_is_the_packages() -> None:
    assert get_provider_info()["versions"] == [__version__]
