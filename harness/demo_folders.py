"""The folders of the demo's runs: one a run, and none that an earlier run left."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "fluxions-demo-"
_OWNER, _KEPT = "owner.pid", "kept"


def make_home(parent: Path | None = None) -> Path:
    """Return a new folder for this process, after removing those of runs that have ended.

    A folder stays if its process is running, or if it was kept (`keep`).
    """
    parent = parent or Path(tempfile.gettempdir())
    for folder in parent.glob(f"{PREFIX}*"):
        if folder.is_dir() and not (folder / _KEPT).exists() and not _is_owned(folder):
            shutil.rmtree(folder, ignore_errors=True)
    home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    (home / _OWNER).write_text(str(os.getpid()))
    return home


def keep(home: Path) -> None:
    """Let later runs leave this folder alone."""
    (home / _KEPT).touch()


def _is_owned(folder: Path) -> bool:
    try:
        os.kill(int((folder / _OWNER).read_text()), 0)
    except (OSError, ValueError) as error:
        # Another user's process is running, too.
        return isinstance(error, PermissionError)
    return True
