"""Airflow provider for the Fluxions speech API: transcripts in your lake, on schedule, paid for once.

Importing this package loads nothing but the version; see `get_provider_info` for what Airflow reads.
"""

from __future__ import annotations

from airflow_provider_fluxions.get_provider_info import get_provider_info
from airflow_provider_fluxions.version import __version__

__all__ = ["__version__", "get_provider_info"]
