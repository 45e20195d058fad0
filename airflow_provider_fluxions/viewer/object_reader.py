"""Read stored objects for the viewer, with a task's own connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_provider_fluxions.api.audio import Readable
from airflow_provider_fluxions.storage import ObjectAddress, ObjectStore, ObjectTooLargeError, StoredObject, open_store
from airflow_provider_fluxions.viewer.cache import LruTtlCache
from airflow_provider_fluxions.viewer.errors import ViewerError, bad_gateway, not_found
from airflow_provider_fluxions.viewer.ranges import Span
from airflow_provider_fluxions.viewer.single_flight import SingleFlight

CHUNK_BYTES = 64 * 1024
# Maximum size of a transcript or a manifest, which are in the web server's memory.
MAX_BYTES = 64 * 1024 * 1024
# Maximum for a stored transcript. A day of speech has about 230,000 segments and words, with four values each.
MAX_JSON_OBJECTS = 300_000
MAX_JSON_VALUES = 2_000_000
# Maximum parallel reads of such objects. Further ones wait for this many seconds.
MAX_HELD = 2
HELD_SECONDS = 30.0
# Maximum seconds until a changed connection is noticed. Creating a client takes longer than most requests.
STORE_SECONDS = 60.0


class Stores:
    """Object stores by connection. Threads can share it."""

    def __init__(self) -> None:
        self._kept: LruTtlCache[ObjectStore] = LruTtlCache(16, STORE_SECONDS)
        self._flight: SingleFlight[ObjectStore] = SingleFlight()
        self._held = threading.BoundedSemaphore(MAX_HELD)

    def open(self, conn_id: str, uri: str) -> ObjectStore:
        """Return the store of a URI, with a connection.

        :raises ViewerError: if the connection does not exist, because the Amazon provider would use the permissions of
            the web server itself.
        """
        address = ObjectAddress.parse(uri)
        key = (conn_id, address.scheme)
        store = self._kept.get(key)
        # A page sends several requests at once, and each would create a client.
        return store or self._flight.run(key, lambda: self._new(conn_id, address))

    def _new(self, conn_id: str, address: ObjectAddress) -> ObjectStore:
        # The Amazon provider ignores a missing connection and uses the rights of the web server itself.
        require_connection(conn_id)
        store = open_store([address], conn_id)
        self._kept.put((conn_id, address.scheme), store)
        return store

    @contextmanager
    def room(self) -> Iterator[None]:
        """Hold one of the `MAX_HELD` places for reading a whole object, which limit the memory.

        :raises ViewerError: if no place became free within `HELD_SECONDS`.
        """
        if not self._held.acquire(timeout=HELD_SECONDS):
            raise ViewerError("The viewer is busy with other requests. Load the page again.", status_code=503)
        try:
            yield
        finally:
            self._held.release()


def require_connection(conn_id: str) -> None:
    """Check that the connection exists.

    :raises ViewerError: if it does not exist, or cannot be read.
    """
    try:
        BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise bad_gateway(
            f"The web server cannot find the task's connection {conn_id!r}. Create it where the web server reads "
            "connections."
        ) from error
    except Exception as error:  # a secrets backend is foreign code
        raise bad_gateway(
            f"The web server cannot read the connection {conn_id!r}: {type(error).__name__}. Check the secrets "
            "backend, then load the page again."
        ) from error


def find(store: ObjectStore, uri: str) -> StoredObject:
    """Return an object's size, version and metadata.

    :raises ViewerError: if there is no such object.
    :raises FluxionsStorageError: if the store refused the request.
    """
    address = ObjectAddress.parse(uri)
    # For the store such a key is a normal name, but a proxy before another store could treat it as a path.
    found = None if {".", ".."} & set(address.key.split("/")) else store.head(address)
    if found is None:
        raise not_found(f"The object {uri} no longer exists.")
    return found


def read_whole(store: ObjectStore, found: StoredObject) -> bytes:
    """Return an object's content, unpacked if it is stored with gzip.

    :raises ViewerError: if it has more than `MAX_BYTES`, as stored or unpacked.
    :raises FluxionsStorageError: if the store refused the request, it cannot be unpacked, or it changed meanwhile.
    """
    try:
        if found.size_bytes > MAX_BYTES:
            raise ObjectTooLargeError(f"{found.uri} has {found.size_bytes:,} bytes.")
        return store.get(found.address, MAX_BYTES, version=found.version)
    except ObjectTooLargeError as error:
        raise not_found(f"{found.uri} is larger than the {MAX_BYTES:,} bytes that the viewer reads.") from error


def require_few_values(uri: str, data: bytes) -> None:
    """Check the number of values in JSON, because a small text can become large objects in memory.

    :raises ViewerError: if it has too many.
    """
    if data.count(b"{") > MAX_JSON_OBJECTS or data.count(b",") > MAX_JSON_VALUES:
        raise not_found(f"{uri} has more words and segments than the viewer shows. Read it in the bucket.")


def stream(store: ObjectStore, found: StoredObject, span: Span | None) -> Iterator[bytes]:
    """Start to read an object, and return its bytes in blocks of `CHUNK_BYTES`.

    :raises FluxionsStorageError: if the store refused the request, or the object has changed meanwhile.
    """
    # Of this version only, because a recording that is replaced between two ranges would be played mixed.
    return _pieces(store.open(found, None if span is None else (span.first, span.last)))


def _pieces(body: Readable) -> Iterator[bytes]:
    try:
        while piece := body.read(CHUNK_BYTES):
            yield piece
    finally:
        body.close()
