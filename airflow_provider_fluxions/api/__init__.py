"""The Fluxions API for any Python program: client, models, errors. Nothing here imports Airflow."""

from __future__ import annotations
