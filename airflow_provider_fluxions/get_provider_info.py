"""The provider's metadata, which Airflow reads before it imports the rest of the package."""

from __future__ import annotations

from typing import Any

from airflow_provider_fluxions.connection import form
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
        "transfers": [
            {
                "source-integration-name": "Amazon Simple Storage Service (S3)",
                "target-integration-name": "Fluxions",
                "python-module": f"{_PACKAGE}.transfers",
            },
        ],
        "notifications": [f"{_PACKAGE}.notifications.FluxionsNotifier"],
        # Documentation from 3.4 on; no Airflow reads it when it runs.
        "retry-policies": [{"integration-name": "Fluxions", "python-modules": [f"{_PACKAGE}.retry_policies"]}],
        # Read by Airflow 3.2 and later, and ignored by earlier versions.
        "cli": [f"{_PACKAGE}.cli.definition.get_cli_commands"],
        "extra-links": [
            f"{_PACKAGE}.links.Fluxions{name}Link" for name in ("Transcript", "Result", "Recording", "Job")
        ],
        "config": {"fluxions": _settings()},
        "connection-types": [
            {
                "connection-type": "fluxions",
                "hook-class-name": f"{_PACKAGE}.hooks.FluxionsHook",
                "hook-name": "Fluxions",
                **form.metadata(),
            }
        ],
    }


def _settings() -> dict[str, Any]:
    """Return the section ``[fluxions]`` of Airflow's configuration."""

    def address(description: str, example: str) -> dict[str, Any]:
        return {
            "description": description,
            "version_added": "0.1.0",
            "type": "string",
            "example": example,
            "default": None,
        }

    return {
        "description": (
            "The viewer of transcripts, the links on the pages of tasks, and the triggers of the Fluxions provider."
        ),
        "options": {
            "viewer": {
                "description": "Whether Airflow's web server shows transcripts to users who can read the task.",
                "version_added": "0.1.0",
                "type": "boolean",
                "example": None,
                "default": "True",
            },
            "s3_link": address(
                "URL of an S3 object, or of a folder, whose {key} ends with a slash. Empty means the AWS console.",
                "https://minio.example.com/browser/{bucket}/{key}",
            ),
            "job_link": address(
                "URL of your own page about a Fluxions job. Empty means no link, because Fluxions has no such page.",
                "https://transcripts.example.com/jobs/{job_id}",
            ),
            "events_per_second": {
                "description": "How many triggers fire in a second if many waits end at once; 100 more fire at once.",
                "version_added": "0.1.0",
                "type": "float",
                "example": None,
                "default": "25",
            },
        },
    }
