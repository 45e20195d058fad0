"""Start a local Fluxions API: ``python -m airflow_provider_fluxions.emulator --help``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from airflow_provider_fluxions.emulator.recognition import MissingExtraError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status, which is 2 if an extra is missing."""
    try:
        from airflow_provider_fluxions.emulator import cli
    except MissingExtraError as error:
        print(error, file=sys.stderr)
        return 2
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
