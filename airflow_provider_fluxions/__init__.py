"""Airflow provider for the Fluxions speech API.

Importing this package loads only the version; see `get_provider_info` for the metadata that Airflow reads.
"""

from __future__ import annotations

from airflow_provider_fluxions.get_provider_info import get_provider_info
from airflow_provider_fluxions.version import __version__

__all__ = ["__version__", "get_provider_info"]
