"""The command line: ``python -m airflow_provider_fluxions --help``."""

from __future__ import annotations

import sys

from airflow_provider_fluxions.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
