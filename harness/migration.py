"""A migrated metadata database, made once a version and copied from then on."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

from harness.settings import AIRFLOW_2, LOGIN, PASSWORD
from harness.storage import Storage


def make_database(
    storage: Storage, version: str, command: Callable[..., str], template_cache: Path | None = None
) -> None:
    """Make the metadata database of an Airflow version, from a template in the folder `template_cache`.

    The template is made as well where it is missing. `command` runs an `airflow` command on the database.
    """
    template = template_cache and template_cache / f"airflow-{version}.{storage.suffix}"
    if template and template.exists():
        storage.load(template)
        return
    storage.create()
    command("db", "migrate")
    if int(version.partition(".")[0]) == AIRFLOW_2:
        _add_user(command)
    if template:
        template.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when it is complete, because another run might read it.
        part = template.with_suffix(f".{uuid.uuid4().hex}")
        storage.save(part)
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
