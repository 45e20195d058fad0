"""Where an Airflow's metadata database is kept: in a SQLite file, or in a database of a local PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from harness.postgres import LocalPostgres


class Storage(Protocol):
    """Where one metadata database is kept, and how it is copied.

    `url` is Airflow's, `reading_url` the harness's own; `suffix` is that of a template's file name.
    """

    suffix: str

    @property
    def url(self) -> str: ...  # noqa: D102 (see the class)

    @property
    def reading_url(self) -> str: ...  # noqa: D102 (see the class)

    def exists(self) -> bool:
        """Whether there is a database."""

    def create(self) -> None:
        """Make an empty database."""

    def load(self, template: Path) -> None:
        """Make the database from a template."""

    def save(self, template: Path) -> None:
        """Write the database, which must be unused, into a template."""


class SqliteFile:
    """A `Storage`: one file, which nothing has to serve."""

    suffix = "db"

    def __init__(self, path: Path) -> None:
        """Nothing is made yet."""
        self._path = path

    @property
    def url(self) -> str:
        """For Airflow, whose processes write by turns: one waits 30 s for another, where SQLite's own 5 s are short."""
        return f"sqlite:///{self._path}?timeout=30"

    @property
    def reading_url(self) -> str:
        """Return a read-only URL, so that reading a missing database creates no file. It waits 30 s for a writer."""
        return f"sqlite:///file:{self._path}?mode=ro&uri=true&timeout=30"

    def exists(self) -> bool:
        """Whether the file is there."""
        return self._path.exists()

    def create(self) -> None:
        """Make an empty file.

        Readers and the one writer of a WAL file do not block each other; 2.11 would leave the rollback journal.
        """
        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute("pragma journal_mode=wal")

    def load(self, template: Path) -> None:
        """Copy the template."""
        shutil.copyfile(template, self._path)

    def save(self, template: Path) -> None:
        """Copy the file with all that its write-ahead log holds."""
        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute("pragma wal_checkpoint(truncate)")
        shutil.copyfile(self._path, template)


class PostgresDatabase:
    """A `Storage`: one database of a `LocalPostgres` that runs. Its template is what `pg_dump` writes."""

    suffix = "sql"

    def __init__(self, server: LocalPostgres, name: str = "airflow") -> None:
        """Nothing is made yet."""
        self._server = server
        self._name = name

    @property
    def url(self) -> str:
        """For Airflow."""
        return self._server.url(self._name)

    reading_url = url

    def exists(self) -> bool:
        """Whether the server has the database."""
        query = f"select 1 from pg_database where datname = '{self._name}'"  # noqa: S608 (our own name)
        return bool(self._server.run("psql", "-d", "postgres", "-Atc", query).strip())

    def create(self) -> None:
        """Make an empty database."""
        self._server.run("createdb", self._name)

    def load(self, template: Path) -> None:
        """Make the database and run the template's SQL in it."""
        self.create()
        self._server.run("psql", "-d", self._name, "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", str(template))

    def save(self, template: Path) -> None:
        """Write the database as SQL."""
        self._server.run("pg_dump", "--no-owner", "--file", str(template), self._name)
