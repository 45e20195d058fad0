"""Jobs in SQLite."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator.settings import ListOrder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL, status TEXT NOT NULL, sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL, non_speech INTEGER NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT
    NULL, cached INTEGER NOT NULL, pinned INTEGER NOT NULL, foreign_job INTEGER NOT NULL, reads INTEGER NOT
    NULL, error_message TEXT, recognition_error TEXT, audio_path TEXT, recognition TEXT,
    clock_offset_seconds REAL NOT NULL);
"""
_INDEXES = """
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (created_at + clock_offset_seconds, id);
CREATE INDEX IF NOT EXISTS jobs_by_content ON jobs (sha256);
"""
_ORDERS = {
    "newest": "created_at + clock_offset_seconds DESC, id DESC",
    "oldest": "created_at + clock_offset_seconds, id",
    "shuffled": "shuffle_key(:seed, id)",
    "reshuffled": "shuffle_key(:seed, id)",
}


@dataclass(frozen=True)
class EmulatedJob:
    """One job. Times are seconds since the epoch, to which responses add `clock_offset_seconds`. `reads` counts the
    responses that contained it.

    `pinned`: its status is fixed, and rules do not change it. `foreign_job`: it was seeded, never submitted here, and
    the cache ignores it. `recognition` is the transcript as JSON; `audio_path` is the upload while it waits for
    recognition.
    """

    id: int
    filename: str
    status: str
    sha256: str
    size_bytes: int
    non_speech: bool
    created_at: float
    updated_at: float
    cached: bool = False
    pinned: bool = False
    foreign_job: bool = False
    reads: int = 0
    error_message: str | None = None
    recognition_error: str | None = None
    audio_path: str | None = None
    recognition: str | None = field(default=None, repr=False)
    clock_offset_seconds: float = 0.0


_COLUMNS = [column.name for column in fields(EmulatedJob)]
_FLAGS = ("non_speech", "cached", "pinned", "foreign_job")
_INSERT = f"INSERT INTO jobs ({', '.join(_COLUMNS[1:])}) VALUES ({', '.join(':' + c for c in _COLUMNS[1:])})"  # noqa: S608 - our own column names
_UPDATE = f"UPDATE jobs SET {', '.join(f'{c}=:{c}' for c in _COLUMNS[1:])} WHERE id=:id"  # noqa: S608 - as above


class JobStore:
    """The table of jobs, in a file that survives a restart or in memory. Safe to use from several threads."""

    def __init__(self, database: str | Path | None = None) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(database or ":memory:", check_same_thread=False)
        self._connection.create_function("shuffle_key", 2, _shuffle_key, deterministic=True)
        self._connection.execute("PRAGMA journal_mode=WAL")
        # A killed process keeps all committed data; only a power failure could lose some.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self._connection.executescript(_INDEXES)
        self.closed = False

    @property
    def lock(self) -> threading.RLock:
        """A lock for a read and the write that depends on it."""
        return self._lock

    def close(self) -> None:
        """Close the database; committed data stays."""
        with self._lock:
            self.closed = True
            self._connection.close()

    def insert(self, job: EmulatedJob) -> int:
        """Add a job, ignore its `id`, and return the new id."""
        with self._lock, self._connection:
            job_id = self._connection.execute(_INSERT, vars(job)).lastrowid
        if job_id is None:
            raise RuntimeError("SQLite gave no id for the new job")
        return job_id

    def insert_many(self, jobs: Iterable[EmulatedJob]) -> None:
        """Add many jobs in one transaction."""
        with self._lock, self._connection:
            self._connection.executemany(_INSERT, (vars(job) for job in jobs))

    def update(self, jobs: Iterable[EmulatedJob]) -> None:
        """Write all columns of `jobs` in one transaction."""
        with self._lock, self._connection:
            self._connection.executemany(_UPDATE, (vars(job) for job in jobs))

    def delete(self, job_id: int) -> bool:
        """Remove a job and return whether it existed; its id is not used again."""
        with self._lock, self._connection:
            return self._connection.execute("DELETE FROM jobs WHERE id=?", (job_id,)).rowcount == 1

    def get(self, job_id: int) -> EmulatedJob | None:
        """Return one job, or None."""
        found = self._select("WHERE id=:id", {"id": job_id})
        return found[0] if found else None

    def page(
        self, order: ListOrder, seed: int | str, limit: int, offset: int, hidden: Collection[int] = ()
    ) -> list[EmulatedJob]:
        """Return a page of the list without the `hidden` ids; `limit` -1 returns the rest."""
        shown = "WHERE id NOT IN (SELECT value FROM json_each(:hidden))"
        clause = f"{shown} ORDER BY {_ORDERS[order]} LIMIT :limit OFFSET :offset"
        return self._select(clause, {"seed": seed, "limit": limit, "offset": offset, "hidden": json.dumps([*hidden])})

    def count(self) -> int:
        """Return the number of jobs."""
        with self._lock:
            return int(self._connection.execute("SELECT COUNT(*) FROM jobs").fetchone()[0])

    def created_after(self, epoch_seconds: float) -> list[int]:
        """Return the ids of jobs submitted here after an instant."""
        query = "SELECT id FROM jobs WHERE created_at > ? AND NOT foreign_job"
        with self._lock:
            return [int(row[0]) for row in self._connection.execute(query, (epoch_seconds,))]

    def same_content(self, sha256: str) -> list[EmulatedJob]:
        """Return jobs submitted here with these bytes, newest first."""
        clause = "WHERE sha256=:sha256 AND NOT foreign_job ORDER BY id DESC"
        return self._select(clause, {"sha256": sha256})

    def unrecognised(self) -> list[EmulatedJob]:
        """Return jobs that wait for recognition, oldest first."""
        clause = "WHERE audio_path IS NOT NULL AND recognition IS NULL AND recognition_error IS NULL ORDER BY id"
        return self._select(clause, {})

    def _select(self, clause: str, values: dict[str, str | int]) -> list[EmulatedJob]:
        with self._lock:
            rows = self._connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM jobs {clause}", values).fetchall()  # noqa: S608 - literals
        return [_job(row) for row in rows]


def _job(row: tuple[Any, ...]) -> EmulatedJob:
    values = dict(zip(_COLUMNS, row, strict=True))
    for flag in _FLAGS:
        values[flag] = bool(values[flag])
    return EmulatedJob(**values)


def _shuffle_key(seed: int | str, job_id: int) -> str:
    return hashlib.blake2b(f"{seed}:{job_id}".encode(), digest_size=8).hexdigest()
