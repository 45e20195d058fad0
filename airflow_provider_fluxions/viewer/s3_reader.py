"""Reading objects in S3 for the viewer, with a task's own connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_provider_fluxions.storage import ObjectTooLargeError, S3Object, S3Store, parse_s3_uri, storage_errors
from airflow_provider_fluxions.viewer.cache import LruTtlCache
from airflow_provider_fluxions.viewer.errors import ViewerError, bad_gateway, not_found
from airflow_provider_fluxions.viewer.ranges import Span
from airflow_provider_fluxions.viewer.single_flight import SingleFlight

CHUNK_BYTES = 64 * 1024
# The maximum for a transcript or a manifest, which are held in the web server's memory.
MAX_BYTES = 64 * 1024 * 1024
# Of a stored transcript. A day of speech has some 230,000 segments and words, with four values each.
MAX_JSON_OBJECTS = 300_000
MAX_JSON_VALUES = 2_000_000
# So many readers hold such an object at a time; more than that wait for this many seconds.
MAX_HELD = 2
HELD_SECONDS = 30.0
# So long may a changed connection go unnoticed. Making a client takes longer than most requests to S3.
STORE_SECONDS = 60.0


class Stores:
    """S3 as each connection sees it; threads may share it."""

    def __init__(self) -> None:
        self._kept: LruTtlCache[S3Store] = LruTtlCache(16, STORE_SECONDS)
        self._flight: SingleFlight[S3Store] = SingleFlight()
        self._held = threading.BoundedSemaphore(MAX_HELD)

    def open(self, aws_conn_id: str) -> S3Store:
        """Return S3 as a connection sees it.

        :raises ViewerError: Airflow has no such connection. The Amazon provider would go on with the rights of the
            web server itself.
        """
        store = self._kept.get(aws_conn_id)
        return store or self._flight.run(aws_conn_id, lambda: self._new(aws_conn_id))

    def _new(self, aws_conn_id: str) -> S3Store:
        require_connection(aws_conn_id)
        store = S3Store(aws_conn_id)
        self._kept.put(aws_conn_id, store)
        return store

    @contextmanager
    def room(self) -> Iterator[None]:
        """Hold one of the `MAX_HELD` places for reading a whole object: memory is bounded by places times size.

        :raises ViewerError: no place became free within `HELD_SECONDS`.
        """
        if not self._held.acquire(timeout=HELD_SECONDS):
            raise ViewerError("The viewer is busy with other requests. Load the page again.", status_code=503)
        try:
            yield
        finally:
            self._held.release()


def require_connection(conn_id: str) -> None:
    """Do nothing if the connection exists.

    :raises ViewerError: it does not, or it cannot be read.
    """
    try:
        BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise bad_gateway(
            f"The web server finds no connection {conn_id!r}, which the task was given. Define it where the web server "
            "reads connections, too."
        ) from error
    except Exception as error:  # a secrets backend is foreign code
        raise bad_gateway(
            f"The web server cannot read the connection {conn_id!r}: {type(error).__name__}. Check the secrets "
            "backend, then load the page again."
        ) from error


def find(store: S3Store, uri: str) -> S3Object:
    """Return an object's facts.

    :raises ViewerError: there is none.
    :raises FluxionsStorageError: S3 refused.
    """
    bucket, key = parse_s3_uri(uri)
    # To S3 such a key is a name like any other, but what stands before another store may take it for a path.
    found = None if {".", ".."} & set(key.split("/")) else store.head(bucket, key)
    if found is None:
        raise not_found(f"There is no object {uri} any more.")
    return found


def read_whole(store: S3Store, found: S3Object) -> bytes:
    """Return an object's content, unpacked if it is stored with gzip.

    :raises ViewerError: it has more than `MAX_BYTES`, as stored or unpacked.
    :raises FluxionsStorageError: S3 refused, it cannot be unpacked, or it has changed since ``found``.
    """
    try:
        if found.size_bytes > MAX_BYTES:
            raise ObjectTooLargeError(f"{found.uri} has {found.size_bytes:,} bytes.")
        return store.get(found, MAX_BYTES, unchanged=True)
    except ObjectTooLargeError as error:
        raise not_found(f"{found.uri} is larger than the {MAX_BYTES:,} bytes that the viewer reads.") from error


def require_few_values(uri: str, data: bytes) -> None:
    """Do nothing if JSON has few enough values to be held in memory: a small text can become large objects.

    :raises ViewerError: it has more.
    """
    if data.count(b"{") > MAX_JSON_OBJECTS or data.count(b",") > MAX_JSON_VALUES:
        raise not_found(f"{uri} has more words and segments than the viewer shows. Read it in S3.")


def stream(store: S3Store, found: S3Object, span: Span | None) -> Iterator[bytes]:
    """Begin to read an object, and return its bytes piece by piece, `CHUNK_BYTES` of memory each.

    :raises FluxionsStorageError: S3 refused, or it has changed meanwhile.
    """
    wanted = {} if span is None else {"Range": f"bytes={span.first}-{span.last}"}
    with storage_errors(found.uri):
        body = store.client.get_object(Bucket=found.bucket, Key=found.key, IfMatch=f'"{found.version}"', **wanted)[
            "Body"
        ]
    return _pieces(body)


def _pieces(body: Any) -> Iterator[bytes]:
    try:
        while piece := body.read(CHUNK_BYTES):
            yield piece
    finally:
        body.close()
