"""Finds Pythons by their version: in PATH, among pyenv's, or among uv's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

_PROBE = "import sys, venv; print('%d.%d' % sys.version_info[:2])"


def find_python(version: str) -> str | None:
    """The path of a Python of this version, such as 3.12; None where there is none. Nothing is downloaded."""
    return next((path for path in _candidates(version) if _version_of(path) == version), None)


def _candidates(version: str) -> Iterator[str]:
    if named := os.environ.get("PYTHON"):
        yield named
    if in_path := shutil.which(f"python{version}"):
        yield in_path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True))
    if uv := shutil.which("uv"):
        found = subprocess.run([uv, "python", "find", "--no-python-downloads", version], capture_output=True, text=True)
        yield from found.stdout.split("\n")[:1] if found.returncode == 0 else ()


def _version_of(path: str) -> str | None:
    """Each is run: version managers leave commands around that only print an error."""
    try:
        done = subprocess.run([path, "-c", _PROBE], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
