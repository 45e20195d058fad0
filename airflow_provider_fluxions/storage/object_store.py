"""What the package needs of an object store, and how to open one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from airflow_provider_fluxions.api.audio import AudioSource, Readable
from airflow_provider_fluxions.api.errors import FluxionsInputError, FluxionsStorageError
from airflow_provider_fluxions.storage.address import STORES, ObjectAddress
from airflow_provider_fluxions.storage.bounded_read import MAX_RESULT_BYTES
from airflow_provider_fluxions.storage.objects import KeyPage, StoredObject
from airflow_provider_fluxions.storage.write_options import WriteOptions

DEFAULT_AWS_CONN_ID = "aws_default"
# A part as its store describes it, for `complete_upload`.
UploadedPart = Mapping[str, Any]


class ObjectChangedError(FluxionsStorageError):
    """An object is not the version to replace. Nothing was written."""


@dataclass(frozen=True)
class Capabilities:
    """What a store can do besides what all stores can.

    :param metadata: It returns the metadata that objects were written with. Results are recognized by it.
    :param start_after: `ObjectStore.page` starts behind any key. Otherwise everything below a prefix is listed.
    :param conditional_put: A write with ``expected`` is atomic. Otherwise the store compares right before the write.
    """

    metadata: bool = True
    start_after: bool = True
    conditional_put: bool = True


class ObjectStore(Protocol):
    """One kind of object store, as an Airflow connection opens it. Threads share it.

    Names of metadata are like Python's: ``audio_seconds``. A store writes them as it can, and returns only those that
    this package wrote. Each method raises `FluxionsStorageError` if the store refused a request.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def require_bucket(self, address: ObjectAddress) -> None:
        """Check that the bucket exists.

        :raises FluxionsStorageError: if it does not exist.
        """

    def head(self, address: ObjectAddress) -> StoredObject | None:
        """Return an object's size, version and metadata, or None if it or its bucket does not exist."""

    def list(self, prefix: ObjectAddress) -> Iterator[StoredObject]:
        """Yield the objects below a prefix in key order, without their metadata."""

    def page(self, prefix: ObjectAddress, start_after: str) -> KeyPage:
        """Return the next keys below a prefix that sort after a key, with one request."""

    def folders(self, prefix: ObjectAddress) -> Sequence[str]:
        """Return the names of the folders below a prefix, with their slash."""

    def audio(self, found: StoredObject) -> AudioSource:
        """Return an object as audio. Opening it fails if its content has changed since it was listed."""

    def open(self, found: StoredObject, span: tuple[int, int] | None = None) -> Readable:
        """Return the content of this version as stored, to be read in blocks and closed.

        :param span: First and last byte to read. Default None: all.
        :raises FluxionsStorageError: if the object was changed or deleted; also from a read.
        """

    def get(self, address: ObjectAddress, limit: int = MAX_RESULT_BYTES, *, version: str | None = None) -> bytes:
        """Return an object's whole content, unpacked if it is stored with gzip.

        :param limit: Maximum bytes, as stored and unpacked.
        :param version: Fail if the object has another version. Default None: read any.
        :raises ObjectTooLargeError: if it has more bytes.
        :raises FluxionsStorageError: if the object does not exist, or cannot be unpacked.
        """

    def read_range(self, found: StoredObject, start: int, size: int) -> bytes:
        """Return a part of an object, at most ``size`` bytes from byte ``start`` on.

        :raises FluxionsError: if the object was deleted.
        """

    def put(
        self,
        address: ObjectAddress,
        body: bytes,
        content_type: str,
        metadata: Mapping[str, str],
        *,
        expected: str | None = None,
    ) -> None:
        """Write a whole object. A reader gets the old or the new one, never a part.

        :param expected: The version to replace, or empty if there must be no object. Default None: replace any.
        :raises ObjectChangedError: if the object is not ``expected``. Nothing was written.
        """

    def begin_upload(self, address: ObjectAddress, content_type: str, metadata: Mapping[str, str]) -> str:
        """Begin an object that is written in parts, and return the id of its upload."""

    def upload_part(self, address: ObjectAddress, upload_id: str, number: int, body: bytes) -> UploadedPart:
        """Send one part. All but the last have the same size, at least 5 MiB.

        :param number: Its place in the object, from 1 on.
        """

    def complete_upload(
        self, address: ObjectAddress, upload_id: str, parts: Sequence[UploadedPart], *, expected: str | None = None
    ) -> None:
        """Make one object of the parts, in their order. They are kept if its object changed.

        :param expected: See `put`.
        :raises ObjectChangedError: if the object is not ``expected``, or the parts were removed. Nothing was written.
        """

    def abort_upload(self, address: ObjectAddress, upload_id: str) -> None:
        """Remove the parts of an upload that is not completed."""

    def delete(self, addresses: Iterable[ObjectAddress]) -> None:
        """Delete objects; those that do not exist are ignored.

        :raises FluxionsStorageError: if one cannot be deleted; others are deleted.
        """


def open_store(
    addresses: Iterable[ObjectAddress],
    conn_id: str | None,
    writing: WriteOptions | None = None,
    *,
    requester_pays: bool = False,
) -> ObjectStore:
    """Return the store of these addresses.

    :param addresses: At least one; all places that the task reads and writes.
    :param conn_id: The Airflow connection; None uses the credentials of the machine.
    :param writing: Options of all writes.
    :param requester_pays: Pay for the requests to buckets whose owner does not.
    :raises FluxionsInputError: if the addresses are in stores of different kinds.
    """
    schemes = sorted({address.scheme for address in addresses})
    if len(schemes) != 1:
        raise FluxionsInputError(f"One task uses one kind of object store, not {' and '.join(schemes)}.")
    module, _, name = STORES[schemes[0]].rpartition(".")
    # Imported here, so that a DAG file and the other stores do not pay for it.
    store = getattr(import_module(module), name)(conn_id, writing, requester_pays=requester_pays)
    return cast("ObjectStore", store)
