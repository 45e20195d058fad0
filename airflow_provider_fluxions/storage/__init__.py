"""Object stores and other places of audio.

`object_store` is the protocol of all stores, and opens one; `address` and `objects` are its values. `multipart` writes
a large object, and `bounded_read` limits memory. The modules `s3_*` implement it for S3, with the Amazon provider; they
are imported when S3 is used. `audio_sources` opens the ``audio`` argument of a task; `audio_duration` reads lengths.
"""

from __future__ import annotations

from airflow_provider_fluxions.storage.address import ObjectAddress, find_address
from airflow_provider_fluxions.storage.bounded_read import MAX_RESULT_BYTES, ObjectTooLargeError
from airflow_provider_fluxions.storage.multipart import ObjectUpload
from airflow_provider_fluxions.storage.object_store import (
    DEFAULT_AWS_CONN_ID,
    ObjectChangedError,
    ObjectStore,
    open_store,
)
from airflow_provider_fluxions.storage.objects import KeyPage, StoredObject
from airflow_provider_fluxions.storage.write_options import WriteOptions

__all__ = [
    "DEFAULT_AWS_CONN_ID",
    "MAX_RESULT_BYTES",
    "KeyPage",
    "ObjectAddress",
    "ObjectChangedError",
    "ObjectStore",
    "ObjectTooLargeError",
    "ObjectUpload",
    "StoredObject",
    "WriteOptions",
    "audio_duration",
    "audio_sources",
    "find_address",
    "open_store",
]
