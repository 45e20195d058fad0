"""Where a text turns up in what an Airflow left behind: files, tables, and objects in S3."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from harness.database import MetadataDatabase
from harness.s3 import LocalS3


def in_files(folder: Path, text: str) -> list[str]:
    """The files below the folder whose bytes hold the text, the database's own files included."""
    wanted = text.encode()
    return [str(file) for file in sorted(folder.rglob("*")) if file.is_file() and wanted in file.read_bytes()]


def in_tables(database: MetadataDatabase, text: str) -> list[str]:
    """The columns, as `table.column`, of which any value holds the text, as it is or escaped as in JSON."""
    spellings = {text, json.dumps(text)[1:-1]}
    found = set()
    for table in database.tables():
        for row in database.rows(f'select * from "{table}"'):  # noqa: S608 (the names are the database's own)
            for column, value in row.items():
                shown = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                if any(spelling in shown for spelling in spellings):
                    found.add(f"{table}.{column}")
    return sorted(found)


def in_objects(storage: LocalS3, buckets: Iterable[str], text: str) -> list[str]:
    """The objects, as s3:// URIs, of which the key, the content or the metadata hold the text."""
    wanted = text.encode()
    return [
        f"s3://{bucket}/{key}"
        for bucket in buckets
        for key in storage.keys(bucket)
        if text in f"{key}{storage.metadata(bucket, key)}" or wanted in storage.get(bucket, key)
    ]
