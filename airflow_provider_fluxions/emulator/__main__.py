"""Start a local Fluxions API: ``python -m airflow_provider_fluxions.emulator --help``."""

from __future__ import annotations

import sys

try:
    from airflow_provider_fluxions.emulator.cli import main
except ModuleNotFoundError as missing:
    if missing.name not in ("starlette", "uvicorn"):
        raise
    sys.exit(f"The emulator needs {missing.name}: install airflow-provider-fluxions[emulator]")

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
