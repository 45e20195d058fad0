"""Write one result, so that it replaces only a result of the same recording, also if other tasks write meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import unquote

from airflow_provider_fluxions.api.errors import FluxionsStorageError, FluxionsTransferError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.pipeline.object_metadata import (
    META_REFERENCE,
    META_SOURCE,
    Metadata,
    is_made_from,
    options_of,
)
from airflow_provider_fluxions.storage import ObjectAddress, ObjectChangedError, ObjectStore, StoredObject

MAX_ATTEMPTS = 3


def put_result(
    store: ObjectStore, address: ObjectAddress, body: bytes, content_type: str, metadata: Metadata, replaces: str | None
) -> None:
    """Write one result, unless the same result or one of another recording exists by now.

    :raises FluxionsTransferError: see `write_result`.
    :raises FluxionsStorageError: likewise.
    """

    def write(expected: str | None) -> None:
        store.put(address, body, content_type, metadata, expected=expected)

    write_result(store, address, metadata, replaces, write)


def write_result(
    store: ObjectStore,
    address: ObjectAddress,
    metadata: Metadata,
    replaces: str | None,
    write: Callable[[str | None], None],
) -> None:
    """Write one result, unless the same result or one of another recording exists by now.

    This takes one request if the object is unchanged since the listing.

    :param metadata: Of the result.
    :param replaces: The version in the listing; None if there was no object.
    :param write: Writes it if the object is the given version, with `ObjectChangedError` if it is not; empty: if there
        is no object; None: without a condition.
    :raises FluxionsTransferError: if a result of another recording exists.
    :raises FluxionsStorageError: if the store refused the request, or other tasks keep replacing the object.
    """
    expected: str | None = replaces or ""
    for _ in range(MAX_ATTEMPTS):
        try:
            write(expected)
        except ObjectChangedError:
            there = store.head(address)
            # The object was deleted after the listing, so the next attempt must find none.
            if there is None:
                expected = ""
                continue
            if is_made_from(there.metadata, metadata[META_REFERENCE], options_of(metadata)):
                return  # written by another run, or by this request before its response was lost
            _require_same_recording(there, metadata)
            # A store that refuses the version that it returned, such as a weak ETag, does not support conditions.
            expected = None if there.version == expected else there.version
        else:
            return
    raise FluxionsStorageError(
        f"Could not write {address.uri}: other tasks replaced it, or removed its parts, {MAX_ATTEMPTS} times. "
        "Retry the task."
    )


def _require_same_recording(there: StoredObject, metadata: Metadata) -> None:
    other = there.metadata.get(META_SOURCE)
    if other is not None and other != metadata.get(META_SOURCE):
        raise FluxionsTransferError(occupied_message(unquote(other), there.uri))


def occupied_message(other: str, uri: str) -> str:
    """Return the error of an input if its result would replace that of another recording."""
    return (
        f"Its results would replace those of {printable(other)}. Choose another destination or key_template, or "
        f"delete the object {printable(uri)}."
    )


class MetadataCheck:
    """Checks once per run that the store returns metadata, because results are recognized by them. Threads share it.

    :param is_proven: Whether results with metadata were found in the destination, so that no request is needed.
    """

    def __init__(self, *, is_proven: bool) -> None:
        self._is_done = is_proven
        self._lock = threading.Lock()

    def check(self, store: ObjectStore, address: ObjectAddress) -> None:
        """Check the metadata of this result, with one HEAD for each run.

        :raises FluxionsStorageError: if the store, or a proxy before it, drops metadata.
        """
        with self._lock:
            if self._is_done:
                return
            # Before the request, so that the other threads continue meanwhile.
            self._is_done = True
        there = store.head(address)
        # Another task might have deleted it meanwhile, which proves nothing about the store.
        if there is None or META_REFERENCE in there.metadata:
            return
        error = FluxionsStorageError(
            f"{address.uri} was written with metadata, and a HEAD does not return them: the "
            "store, or a proxy before it, drops metadata (x-amz-meta-*). Each run would transcribe all recordings "
            "again. Configure the proxy to pass these headers, or use another store.",
            transient=False,
        )
        error.concerns_all = True
        raise error
