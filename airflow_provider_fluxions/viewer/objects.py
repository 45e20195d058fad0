"""Reading objects in S3 for the viewer, with a task's own connection."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_provider_fluxions.s3 import S3Object, S3Store, parse_s3_uri, storage_errors
from airflow_provider_fluxions.viewer.errors import ViewerError, bad_gateway, not_found
from airflow_provider_fluxions.viewer.ranges import Span
from airflow_provider_fluxions.viewer.shelf import Shelf

CHUNK_BYTES = 64 * 1024
# What a transcript or a manifest may measure, to be held in the web server's memory.
MAX_BYTES = 64 * 1024 * 1024
# So long may a changed connection go unnoticed. Making a client takes longer than most requests to S3.
STORE_SECONDS = 60.0


class Stores:
    """S3 as each connection sees it; threads may share it."""

    def __init__(self) -> None:
        self._kept: Shelf[S3Store] = Shelf(16, STORE_SECONDS)

    def open(self, aws_conn_id: str) -> S3Store:
        """Return S3 as a connection sees it.

        :raises ViewerError: Airflow has no such connection. The Amazon provider would go on with the rights of the
            web server itself.
        """
        store = self._kept.get(aws_conn_id)
        if store is None:
            require_connection(aws_conn_id)
            store = S3Store(aws_conn_id)
            self._kept.put(aws_conn_id, store)
        return store


def require_connection(conn_id: str) -> None:
    """Do nothing if the connection exists.

    :raises ViewerError: it does not.
    """
    try:
        BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise bad_gateway(
            f"The web server finds no connection {conn_id!r}, which the task was given. Define it where the web server "
            "reads connections, too."
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
    """Return an object's content, unpacked where it is stored with gzip.

    :raises ViewerError: it is too large to be held in memory, packed or not, or cannot be unpacked.
    :raises FluxionsStorageError: S3 refused, or it has changed meanwhile.
    """
    if found.size_bytes > MAX_BYTES:
        raise _too_large(found)
    with storage_errors(found.uri):
        answer = store.client.get_object(Bucket=found.bucket, Key=found.key, IfMatch=f'"{found.version}"')
        data: bytes = answer["Body"].read()
    return _unpacked(found, data) if answer.get("ContentEncoding") == "gzip" else data


def _unpacked(found: S3Object, data: bytes) -> bytes:
    """Unpack no more than may be held: a small object can be made to grow without end."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = unpacking.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise bad_gateway(f"{found.uri} is stored as gzip and cannot be unpacked: {error}.") from error
    if not unpacking.eof:
        raise _too_large(found)
    return content


def _too_large(found: S3Object) -> ViewerError:
    return not_found(f"{found.uri} is larger than the {MAX_BYTES:,} bytes that the viewer reads.")


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
