"""What Airflow reads about this provider before it imports anything else of it."""

from __future__ import annotations

from typing import Any

from airflow_provider_fluxions.version import __version__

_PACKAGE = "airflow_provider_fluxions"


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata, valid against Airflow's ``provider_info.schema.json``.

    Airflow calls this in every command and component, so it only returns literals.
    https://airflow.apache.org/docs/apache-airflow-providers/howto/create-custom-providers.html
    """
    return {
        "package-name": "airflow-provider-fluxions",
        "name": "Fluxions",
        "description": "Transcription, speakers and non-speech sounds with the Fluxions speech API "
        "(https://fluxions.ai).",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": "Fluxions",
                "external-doc-url": "https://fluxions.ai/docs",
                "tags": ["service"],
            }
        ],
        "hooks": [{"integration-name": "Fluxions", "python-modules": [f"{_PACKAGE}.hooks"]}],
        "operators": [{"integration-name": "Fluxions", "python-modules": [f"{_PACKAGE}.operators"]}],
        "sensors": [{"integration-name": "Fluxions", "python-modules": [f"{_PACKAGE}.sensors"]}],
        "triggers": [{"integration-name": "Fluxions", "python-modules": [f"{_PACKAGE}.triggers"]}],
        # Read by Airflow 3.2 and later; the others leave it alone.
        "cli": [f"{_PACKAGE}.cli.definition.get_cli_commands"],
        "connection-types": [
            {
                "connection-type": "fluxions",
                "hook-class-name": f"{_PACKAGE}.hooks.FluxionsHook",
                "hook-name": "Fluxions",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "login"],
                    "relabeling": {"password": "API key", "host": "Base URL"},
                    "placeholders": {"host": "https://api.fluxions.ai"},
                },
                "conn-fields": _connection_fields(),
            }
        ],
    }


def _connection_fields() -> dict[str, Any]:
    """Return the extras that the connection form of Airflow 3.2 and later shows as fields."""

    def number(label: str, default: int) -> dict[str, Any]:
        return {"label": label, "schema": {"type": ["integer", "null"], "default": default, "minimum": 1}}

    return {
        "submit_path": {"label": "Submit path", "schema": {"type": ["string", "null"]}},
        "connect_timeout": number("Connect timeout (s)", 10),
        "read_timeout": number("Read timeout (s)", 60),
        "submit_timeout": number("Submit timeout (s)", 300),
        "max_retries": {
            "label": "Retries of a read",
            "schema": {"type": ["integer", "null"], "default": 5, "minimum": 0},
        },
        "allow_http": {"label": "Allow plain http", "schema": {"type": ["boolean", "null"], "default": False}},
    }
