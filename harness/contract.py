"""Schemathesis on the emulator of each profile: every answer is one that its OpenAPI description promises."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from harness.emulator import LocalEmulator
from harness.settings import clean_environment

PROFILES = ("documented", "observed")


def check(emulator: LocalEmulator, folder: Path, arguments: list[str]) -> bool:
    """Whether all answers keep the description; schemathesis prints what does not, and keeps its files in `folder`."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{emulator.url}/_emulator/openapi.json",
        "--url", emulator.url,
        "--header", f"Authorization: {emulator.api_key}",
        "--checks", "all",
        # A slow response shows a busy machine, not a fault of the emulator.
        "--suppress-health-check", "all",
        *arguments,
    ]  # fmt: skip
    return subprocess.run(command, cwd=folder, env=clean_environment()).returncode == 0


def main() -> int:
    """Check every profile, also after one has failed."""
    kept = []
    with tempfile.TemporaryDirectory(prefix="fluxions-contract-") as folder:
        for profile in PROFILES:
            with LocalEmulator(Path(folder) / profile, profile=profile) as emulator:
                kept.append(check(emulator, Path(folder), sys.argv[1:]))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
