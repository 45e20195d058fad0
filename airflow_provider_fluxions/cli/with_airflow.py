"""The parts of commands that need Airflow. Imported only if they are used."""

from __future__ import annotations

import os

from airflow.providers.common.compat.sdk import AirflowNotFoundException, AirflowOptionalProviderFeatureException

from airflow_provider_fluxions.api.audio import AudioSource
from airflow_provider_fluxions.api.errors import FluxionsConfigError, FluxionsMissingConnectionError
from airflow_provider_fluxions.api.settings import ClientSettings
from airflow_provider_fluxions.hooks import FluxionsHook
from airflow_provider_fluxions.storage.audio_sources import open_audio

# Airflow 3 reads connections from its database only in processes that request it, as `airflow connections test` does.
# An existing value, for example in the environment of a task, is kept.
os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")


def connection_settings(conn_id: str) -> ClientSettings:
    """Return the settings of an Airflow connection.

    :raises FluxionsConfigError: if the connection id does not exist, or the connection is invalid.
    """
    try:
        with FluxionsHook(conn_id).get_conn() as client:
            return client.settings
    except FluxionsMissingConnectionError as error:
        raise FluxionsConfigError(
            f"Airflow has no connection {conn_id!r}. Add it, name another with --conn-id, or set FLUXIONS_API_KEY."
        ) from error


def open_address(uri: str, aws_conn_id: str) -> AudioSource:
    """Return the audio at any URI that a task can open.

    :raises FluxionsConfigError: if a required provider or connection is missing.
    :raises FluxionsAudioError: as `open_audio`.
    """
    try:
        return open_audio(uri, aws_conn_id)
    except (AirflowNotFoundException, AirflowOptionalProviderFeatureException) as error:
        raise FluxionsConfigError(f"{uri} cannot be opened: {error}") from error
