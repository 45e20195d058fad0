"""The account of a command."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from airflow_provider_fluxions.api.errors import FluxionsConfigError
from airflow_provider_fluxions.api.settings import READERS, ClientSettings, settings_from_strings

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

API_KEY_VARIABLE = "FLUXIONS_API_KEY"
DEFAULT_CONN_ID = "fluxions_default"


@dataclass(frozen=True)
class Account:
    """Settings, and their source in words."""

    settings: ClientSettings
    origin: str

    def client(self, *, max_retries: int | None = None) -> FluxionsClient:
        """Return a client; it closes as a context manager.

        :param max_retries: Retries of reads, instead of the value in the settings.
        """
        from airflow_provider_fluxions.api.client import FluxionsClient

        retries = self.settings.max_retries if max_retries is None else max_retries
        return FluxionsClient.from_settings(replace(self.settings, max_retries=retries))


def account(conn_id: str | None, environment: Mapping[str, str] | None = None) -> Account:
    """Return the account of the first of these that exists: a connection, the environment, the default connection.

    :raises FluxionsConfigError: if there is no account, or it is invalid.
    """
    environment = os.environ if environment is None else environment
    if conn_id is None and environment.get(API_KEY_VARIABLE, "").strip():
        return Account(environment_settings(environment), f"the environment ({API_KEY_VARIABLE})")
    if find_spec("airflow") is None:
        raise FluxionsConfigError(
            f"--conn-id {conn_id} needs Airflow, which is not installed here. Set {API_KEY_VARIABLE} instead."
            if conn_id
            else f"No API key: set {API_KEY_VARIABLE}, or use an Airflow connection on a machine with Airflow."
        )
    from airflow_provider_fluxions.cli.with_airflow import connection_settings

    chosen = conn_id or DEFAULT_CONN_ID
    return Account(connection_settings(chosen), f"the Airflow connection {chosen}")


def environment_settings(environment: Mapping[str, str]) -> ClientSettings:
    """Return the settings in ``FLUXIONS_API_KEY``, ``FLUXIONS_BASE_URL`` and one variable for each extra.

    :raises FluxionsConfigError: if a value is invalid; the message names its variable.
    """
    written = {name: environment.get(_variable(name)) for name in READERS}
    return settings_from_strings(
        environment[API_KEY_VARIABLE], environment.get("FLUXIONS_BASE_URL"), written, _variable
    )


def _variable(name: str) -> str:
    return f"FLUXIONS_{name.upper()}"
