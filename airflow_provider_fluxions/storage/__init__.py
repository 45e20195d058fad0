"""Object stores and other places of audio. S3 goes through the Amazon provider, imported only when S3 is used.

`s3_store` reads and writes, with a client that `s3_hook` makes; `objects` and `write_options` are values; `s3_errors`
converts S3's errors; `bounded_read` limits memory. `audio_sources` opens the ``audio`` argument of a task, and
`audio_duration` reads its length from its header.
"""

from __future__ import annotations

from airflow_provider_fluxions.storage.bounded_read import MAX_RESULT_BYTES, ObjectTooLargeError
from airflow_provider_fluxions.storage.multipart import ObjectUpload
from airflow_provider_fluxions.storage.objects import KeyPage, S3Object, parse_s3_uri
from airflow_provider_fluxions.storage.s3_errors import ObjectChangedError, storage_errors
from airflow_provider_fluxions.storage.s3_store import DEFAULT_AWS_CONN_ID, S3Store
from airflow_provider_fluxions.storage.write_options import WriteOptions

__all__ = [
    "DEFAULT_AWS_CONN_ID",
    "MAX_RESULT_BYTES",
    "KeyPage",
    "ObjectChangedError",
    "ObjectTooLargeError",
    "ObjectUpload",
    "S3Object",
    "S3Store",
    "WriteOptions",
    "audio_duration",
    "audio_sources",
    "parse_s3_uri",
    "storage_errors",
]
