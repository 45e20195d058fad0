"""A migrated metadata database, made once a version and copied from then on."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from harness.settings import AIRFLOW_2, LOGIN, PASSWORD


def make_database(path: Path, major: int, command: Callable[..., str], template: Path | None) -> None:
    """Make the SQLite database at `path`: a copy of `template`, which is made as well where it is missing.

    `command` runs an `airflow` command on the database at `path`.
    """
    if template and template.exists():
        shutil.copyfile(template, path)
        return
    command("db", "migrate")
    if major == AIRFLOW_2:
        _add_user(command)
    _prefer_readers(path)
    if template:
        template.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when it is whole: another run may be looking for it.
        part = template.with_suffix(f".{uuid.uuid4().hex}")
        shutil.copyfile(path, part)
        part.replace(template)


def _add_user(command: Callable[..., str]) -> None:
    """Airflow 2's web server keeps its users and permissions in the database."""
    command("sync-perm")
    user = {
        "username": LOGIN,
        "password": PASSWORD,
        "firstname": "Local",
        "lastname": "Admin",
        "role": "Admin",
        "email": "admin@example.com",
    }
    command("users", "create", *(part for name, value in user.items() for part in (f"--{name}", value)))


def _prefer_readers(path: Path) -> None:
    """Airflow 2.11 leaves the rollback journal, with which readers and the one writer block each other."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma wal_checkpoint(truncate)")
