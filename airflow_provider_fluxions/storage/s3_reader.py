"""Read objects in S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from airflow_provider_fluxions.api.audio import Audio, AudioSource, Readable
from airflow_provider_fluxions.api.errors import FluxionsStorageError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.storage.address import ObjectAddress
from airflow_provider_fluxions.storage.bounded_read import MAX_RESULT_BYTES, read_stored_object
from airflow_provider_fluxions.storage.object_store import DEFAULT_AWS_CONN_ID
from airflow_provider_fluxions.storage.objects import KeyPage, StoredObject
from airflow_provider_fluxions.storage.s3_errors import (
    CHANGED_CODES,
    code_of,
    recording_error,
    s3_exceptions,
    storage_error,
    storage_errors,
)
from airflow_provider_fluxions.storage.s3_hook import HookLineage, new_hook, with_limits
from airflow_provider_fluxions.storage.s3_objects import object_of
from airflow_provider_fluxions.storage.write_options import WriteOptions


class S3Reader:
    """Reads objects in S3. Use one instance per task; threads can share it.

    :param aws_conn_id: The Airflow connection; None uses boto3's own credentials.
    :param writing: Options of `put`.
    :param requester_pays: Pay for the requests to requester-pays buckets. Default False.
    """

    def __init__(
        self,
        aws_conn_id: str | None = DEFAULT_AWS_CONN_ID,
        writing: WriteOptions | None = None,
        *,
        requester_pays: bool = False,
    ) -> None:
        self.hook = new_hook(aws_conn_id)
        self.client: Any = self.hook.get_client_type(config=with_limits(self.hook.config))
        self.writing = writing or WriteOptions()
        self.reading: Mapping[str, str] = {"RequestPayer": "requester"} if requester_pays else {}
        self.lineage = HookLineage(self.hook)
        # Calls with a condition that this store, or botocore, does not support.
        self.unconditional: set[str] = set()

    def head(self, address: ObjectAddress) -> StoredObject | None:
        """See `ObjectStore`."""
        with storage_errors(address.uri):
            try:
                facts = self.client.head_object(**self.named(address))
            except self.client.exceptions.ClientError as error:
                # A HEAD has no body, so botocore uses the status as code. Some stores send a code in a header.
                if code_of(error) not in ("404", "NoSuchKey", "NotFound"):
                    raise
                return None
        return object_of(address, facts, facts.get("ContentLength", 0))

    def require_bucket(self, address: ObjectAddress) -> None:
        """See `ObjectStore`."""
        with storage_errors(address.at("").uri.rstrip("/")):
            if self.reading:  # a HEAD of a bucket has no option for requester-pays
                self.client.list_objects_v2(Bucket=address.bucket, MaxKeys=1, **self.reading)
            else:
                self.client.head_bucket(Bucket=address.bucket)

    def list(self, prefix: ObjectAddress) -> Iterator[StoredObject]:
        """See `ObjectStore`. One request lists 1,000 objects."""
        with storage_errors(prefix.uri):
            for page in self._pages(prefix):
                for item in page.get("Contents", ()):
                    yield object_of(prefix.at(item["Key"]), item, item.get("Size", 0))

    def _pages(self, prefix: ObjectAddress, **options: str) -> Iterator[Mapping[str, Any]]:
        """Yield the responses of a listing.

        :raises FluxionsStorageError: if a page repeats the one before, so that the listing would never end.
        """
        paginator, last = self.client.get_paginator("list_objects_v2"), ""
        for page in paginator.paginate(Bucket=prefix.bucket, Prefix=prefix.key, **options, **self.reading):
            keys = [one["Key"] for one in page.get("Contents", ())]
            keys += [one["Prefix"] for one in page.get("CommonPrefixes", ())]
            if keys and last and max(keys) <= last:
                raise FluxionsStorageError(
                    f"The listing of {prefix.uri} does not continue after {last}: the store repeats the "
                    "same page. Use a store that supports ListObjectsV2.",
                    transient=False,
                )
            last = max(keys, default=last)
            yield page

    def page(self, prefix: ObjectAddress, start_after: str) -> KeyPage:
        """See `ObjectStore`. It has at most 1,000 keys."""
        with storage_errors(prefix.uri):
            answer = self.client.list_objects_v2(
                Bucket=prefix.bucket, Prefix=prefix.key, StartAfter=start_after, **self.reading
            )
        keys = [item["Key"] for item in answer.get("Contents", ())]
        # Stores that ignore the argument return the first page for ever.
        if keys and keys[0] <= start_after:
            raise FluxionsStorageError(
                f"The store of {prefix.uri} ignores start-after: asked for keys after {start_after}, it returned "
                f"{keys[0]}. Listing there would never end. Use a store that supports ListObjectsV2.",
                transient=False,
            )
        return KeyPage(frozenset(keys), keys[-1] if keys and answer.get("IsTruncated") else None)

    def folders(self, prefix: ObjectAddress) -> Sequence[str]:
        """See `ObjectStore`."""
        with storage_errors(prefix.uri):
            pages = self._pages(prefix, Delimiter="/")
            paths = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ())]
        return [f"{path[:-1].rpartition('/')[2]}/" for path in paths]

    def audio(self, found: StoredObject) -> AudioSource:
        """See `ObjectStore`."""
        return Audio(found.uri, found.size_bytes, found.version, lambda: self._open(found), found.content_type)

    def _open(self, found: StoredObject) -> Readable:
        try:
            answer = self._get_version(found.address, found.version)
        except s3_exceptions() as error:
            raise recording_error(found.uri, error) from error
        self.lineage.read(found.address)
        return _Body(answer["Body"], _connection_error)

    def open(self, found: StoredObject, span: tuple[int, int] | None = None) -> Readable:
        """See `ObjectStore`."""
        wanted = {} if span is None else {"Range": f"bytes={span[0]}-{span[1]}"}
        with storage_errors(found.uri):
            answer = self._get_version(found.address, found.version, **wanted)
        self.lineage.read(found.address)
        return _Body(answer["Body"], partial(storage_error, found.uri))

    def _get_version(self, address: ObjectAddress, version: str, **wanted: str) -> Any:
        """Return the response to a GET of this version only."""
        named = {**self.named(address), **wanted}
        try:
            return self.client.get_object(**named, IfMatch=f'"{version}"')
        except self.client.exceptions.ClientError as error:
            if code_of(error) not in CHANGED_CODES:
                raise
            # A store with weak or without ETags refuses each condition, so the response without a condition is
            # compared.
            answer = self.client.get_object(**named)
            size = answer.get("ContentRange", "").rpartition("/")[2] or answer["ContentLength"]
            if object_of(address, answer, int(size)).version != version:
                # An unread body would keep the connection out of the pool.
                answer["Body"].close()
                raise
            return answer

    def get(self, address: ObjectAddress, limit: int = MAX_RESULT_BYTES, *, version: str | None = None) -> bytes:
        """See `ObjectStore`."""
        with storage_errors(address.uri):
            if version is None:
                answer = self.client.get_object(**self.named(address))
            else:
                answer = self._get_version(address, version)
            with closing(answer["Body"]) as body:
                data = read_stored_object(address.uri, body, answer.get("ContentEncoding"), limit)
        self.lineage.read(address)
        return data

    def read_range(self, found: StoredObject, start: int, size: int) -> bytes:
        """See `ObjectStore`."""
        span = f"bytes={start}-{start + size - 1}"
        try:
            answer = self.client.get_object(**self.named(found.address), Range=span)
            data: bytes = answer["Body"].read()
        except s3_exceptions() as error:
            raise recording_error(found.uri, error) from error
        return data

    def named(self, address: ObjectAddress) -> dict[str, str]:
        """Return the arguments that every call for one object has."""
        return {"Bucket": address.bucket, "Key": address.key, **self.reading}


def _connection_error(error: Exception) -> Exception:
    """Return the error of a read like that of any file, because a recording is sent by code that knows no store."""
    return OSError(f"S3 closed the connection: {printable(error)}")


class _Body:
    """A body of S3 whose read errors are converted."""

    def __init__(self, body: Any, convert: Callable[[Exception], Exception]) -> None:
        self._body, self._convert = body, convert

    def read(self, size: int = -1, /) -> bytes:
        try:
            data: bytes = self._body.read(size)
        except s3_exceptions() as error:
            raise self._convert(error) from error
        return data

    def close(self) -> None:
        self._body.close()
