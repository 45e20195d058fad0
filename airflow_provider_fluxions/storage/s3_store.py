"""Read and write objects in S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC
from typing import Any

from airflow_provider_fluxions.api.audio import Audio, AudioSource, Readable
from airflow_provider_fluxions.api.errors import FluxionsStorageError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.storage.bounded_read import MAX_RESULT_BYTES, read_stored_object
from airflow_provider_fluxions.storage.objects import KeyPage, S3Object, lower_names, version_of
from airflow_provider_fluxions.storage.s3_errors import (
    CHANGED_CODES,
    ObjectChangedError,
    code_of,
    is_changed,
    is_unknown_condition,
    recording_error,
    s3_exceptions,
    storage_errors,
)
from airflow_provider_fluxions.storage.s3_hook import HookLineage, new_hook, with_limits
from airflow_provider_fluxions.storage.write_options import WriteOptions

DEFAULT_AWS_CONN_ID = "aws_default"
DELETES_IN_FLIGHT = 8


class S3Store:
    """Reads and writes objects in S3. Use one instance per task; threads can share it.

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
        self._lineage = HookLineage(self.hook)
        # Calls with a condition that the store, or botocore, does not support.
        self._unconditional: set[str] = set()

    def head(self, bucket: str, key: str) -> S3Object | None:
        """Return an object's size, version and metadata, or None if it or its bucket does not exist.

        :raises FluxionsStorageError: if S3 refused the request.
        """
        with storage_errors(f"s3://{bucket}/{key}"):
            try:
                facts = self.client.head_object(Bucket=bucket, Key=key, **self.reading)
            except self.client.exceptions.ClientError as error:
                # A HEAD has no body, so botocore uses the status as code. Some stores send a code in a header.
                if code_of(error) not in ("404", "NoSuchKey", "NotFound"):
                    raise
                return None
        return _shown(bucket, key, facts, facts.get("ContentLength", 0))

    def require_bucket(self, bucket: str) -> None:
        """Check that the bucket exists.

        :raises FluxionsStorageError: if it does not exist, or S3 refused the request.
        """
        with storage_errors(f"s3://{bucket}"):
            if self.reading:  # a HEAD of a bucket has no option for requester-pays
                self.client.list_objects_v2(Bucket=bucket, MaxKeys=1, **self.reading)
            else:
                self.client.head_bucket(Bucket=bucket)

    def list(self, bucket: str, prefix: str) -> Iterator[S3Object]:
        """Yield the objects below a prefix in key order, 1,000 for each request.

        :raises FluxionsStorageError: if the bucket does not exist, or S3 refused the request.
        """
        with storage_errors(f"s3://{bucket}/{prefix}"):
            for page in self._pages(bucket, prefix):
                for item in page.get("Contents", ()):
                    yield _shown(bucket, item["Key"], item, item.get("Size", 0))

    def _pages(self, bucket: str, prefix: str, **options: str) -> Iterator[Mapping[str, Any]]:
        """Yield the responses of a listing.

        :raises FluxionsStorageError: if a page repeats the one before, so that the listing would never end.
        """
        paginator, last = self.client.get_paginator("list_objects_v2"), ""
        for page in paginator.paginate(Bucket=bucket, Prefix=prefix, **options, **self.reading):
            keys = [one["Key"] for one in page.get("Contents", ())]
            keys += [one["Prefix"] for one in page.get("CommonPrefixes", ())]
            if keys and last and max(keys) <= last:
                raise FluxionsStorageError(
                    f"The listing of s3://{bucket}/{prefix} does not continue after {last}: the store repeats the "
                    "same page. Use a store that supports ListObjectsV2.",
                    transient=False,
                )
            last = max(keys, default=last)
            yield page

    def page(self, bucket: str, prefix: str, start_after: str) -> KeyPage:
        """Return the next keys below a prefix, at most 1,000, with one request.

        :raises FluxionsStorageError: if the bucket does not exist, or S3 refused the request.
        """
        with storage_errors(f"s3://{bucket}/{prefix}"):
            answer = self.client.list_objects_v2(Bucket=bucket, Prefix=prefix, StartAfter=start_after, **self.reading)
        keys = [item["Key"] for item in answer.get("Contents", ())]
        # Stores that ignore the argument return the first page for ever.
        if keys and keys[0] <= start_after:
            raise FluxionsStorageError(
                f"The store at s3://{bucket} ignores start-after: asked for keys after {start_after}, it returned "
                f"{keys[0]}. Listing there would never end. Use a store that supports ListObjectsV2.",
                transient=False,
            )
        return KeyPage(frozenset(keys), keys[-1] if keys and answer.get("IsTruncated") else None)

    def folders(self, bucket: str, prefix: str) -> Sequence[str]:
        """Return the names of the folders below a prefix, with their slash.

        :raises FluxionsStorageError: if the bucket does not exist, or S3 refused the request.
        """
        with storage_errors(f"s3://{bucket}/{prefix}"):
            pages = self._pages(bucket, prefix, Delimiter="/")
            paths = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ())]
        return [f"{path[:-1].rpartition('/')[2]}/" for path in paths]

    def audio(self, found: S3Object) -> AudioSource:
        """Return an object as audio. Opening it fails if its content has changed since it was listed."""
        return Audio(found.uri, found.size_bytes, found.version, lambda: self._open(found), found.content_type)

    def _open(self, found: S3Object) -> Readable:
        try:
            answer = self._get_version(found)
        except s3_exceptions() as error:
            raise recording_error(found.uri, error) from error
        self._lineage.read(found.bucket, found.key)
        return _Body(answer["Body"])

    def _get_version(self, found: S3Object) -> Any:
        """Return the response to a GET of this version only."""
        address = {"Bucket": found.bucket, "Key": found.key, **self.reading}
        try:
            return self.client.get_object(**address, IfMatch=f'"{found.version}"')
        except self.client.exceptions.ClientError as error:
            if code_of(error) not in CHANGED_CODES:
                raise
            # A store with weak or without ETags refuses each condition, so the response without a condition is
            # compared.
            answer = self.client.get_object(**address)
            if _shown(found.bucket, found.key, answer, answer["ContentLength"]).version != found.version:
                # An unread body would keep the connection out of the pool.
                answer["Body"].close()
                raise
            return answer

    def get(self, found: S3Object, limit: int = MAX_RESULT_BYTES, *, unchanged: bool = False) -> bytes:
        """Return an object's whole content, unpacked if it is stored with gzip.

        :param limit: Maximum bytes, as stored and unpacked.
        :param unchanged: Fail if the object has another version than ``found``.
        :raises ObjectTooLargeError: if it has more bytes.
        :raises FluxionsStorageError: if S3 refused the request, the object does not exist, or it cannot be unpacked.
        """
        with storage_errors(found.uri):
            if unchanged:
                answer = self._get_version(found)
            else:
                answer = self.client.get_object(Bucket=found.bucket, Key=found.key, **self.reading)
            with closing(answer["Body"]) as body:
                data = read_stored_object(found.uri, body, answer.get("ContentEncoding"), limit)
        self._lineage.read(found.bucket, found.key)
        return data

    def read_range(self, found: S3Object, start: int, size: int) -> bytes:
        """Return a part of an object, at most ``size`` bytes from byte ``start`` on.

        :raises FluxionsStorageError: if S3 refused the request, or the object was deleted.
        """
        span = f"bytes={start}-{start + size - 1}"
        try:
            answer = self.client.get_object(Bucket=found.bucket, Key=found.key, Range=span, **self.reading)
            data: bytes = answer["Body"].read()
        except s3_exceptions() as error:
            raise recording_error(found.uri, error) from error
        return data

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        content_type: str,
        metadata: Mapping[str, str],
        *,
        expected: str | None = None,
    ) -> None:
        """Write a whole object. A reader gets the old or the new one, never a part.

        :param expected: The version to replace, or empty if there must be no object. Default None: replace any.
        :raises ObjectChangedError: if the object is not ``expected``. Nothing was written.
        :raises FluxionsStorageError: if S3 refused the request.
        """
        stored, extra = self.writing.packed(body, content_type)
        arguments = {"Bucket": bucket, "Key": key, "Body": stored, "ContentType": content_type}
        with storage_errors(f"s3://{bucket}/{key}"):
            self._write("put_object", {**arguments, **self.reading, "Metadata": dict(metadata), **extra}, expected)
        self._lineage.wrote(bucket, key)

    def complete_upload(
        self, bucket: str, key: str, upload_id: str, parts: Sequence[Mapping[str, Any]], *, expected: str | None = None
    ) -> None:
        """Make one object of the parts of a multipart upload. The parts are kept if its object changed.

        :param expected: See `put`.
        :raises ObjectChangedError: if the object is not ``expected``, or the parts were removed. Nothing was written.
        :raises FluxionsStorageError: if S3 refused the request.
        """
        arguments = {"Bucket": bucket, "Key": key, "UploadId": upload_id, "MultipartUpload": {"Parts": parts}}
        with storage_errors(f"s3://{bucket}/{key}"):
            self._write("complete_multipart_upload", {**arguments, **self.reading}, expected)
        self._lineage.wrote(bucket, key)

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Delete objects, one request each and several at a time: stores differ in what they take of many at once.

        :raises FluxionsStorageError: S3 refused; others are deleted.
        """

        def delete(key: str) -> None:
            with storage_errors(f"s3://{bucket}/{key}"):
                self.client.delete_object(Bucket=bucket, Key=key, **self.reading)

        with ThreadPoolExecutor(DELETES_IN_FLIGHT, thread_name_prefix="fluxions-delete") as pool:
            list(pool.map(delete, keys))

    def _write(self, call: str, arguments: Mapping[str, Any], expected: str | None) -> None:
        """Call the client, with the condition that the object is ``expected`` where the store supports it."""
        write: Callable[..., Any] = getattr(self.client, call)
        if expected is None:
            write(**arguments)
            return
        if call in self._unconditional:  # second best: send a HEAD right before
            found = self.head(arguments["Bucket"], arguments["Key"])
            if (found.version if found else "") != expected:
                raise ObjectChangedError(f"s3://{arguments['Bucket']}/{arguments['Key']} changed.")
            write(**arguments)
            return
        condition = {"IfMatch": f'"{expected}"'} if expected else {"IfNoneMatch": "*"}
        try:
            write(**arguments, **condition)
        except s3_exceptions() as error:
            if is_changed(error):
                raise ObjectChangedError(f"s3://{arguments['Bucket']}/{arguments['Key']} changed.") from error
            if not is_unknown_condition(error):
                raise
            # Once for the whole task: the store responds to every condition of this call in the same way.
            self._unconditional.add(call)
            self._write(call, arguments, expected)


def _shown(bucket: str, key: str, facts: Mapping[str, Any], size_bytes: int) -> S3Object:
    """Return an object from an entry of a listing or the response to a HEAD or GET."""
    modified = facts.get("LastModified")
    if modified is not None:
        # boto3's instants each have their own time zone object: about 400 bytes, a quarter of an input.
        modified = modified.astimezone(UTC)
    version = version_of(facts.get("ETag"), size_bytes, modified)
    metadata = lower_names(facts.get("Metadata"))
    return S3Object(bucket, key, size_bytes, version, modified, metadata, facts.get("ContentType"))


class _Body:
    """An S3 body with read errors as OSErrors, like any file."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1, /) -> bytes:
        try:
            data: bytes = self._body.read(size)
        except s3_exceptions() as error:
            raise OSError(f"S3 closed the connection: {printable(error)}") from error
        return data

    def close(self) -> None:
        self._body.close()
