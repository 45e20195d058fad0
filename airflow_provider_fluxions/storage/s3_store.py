"""What this package does with S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


class S3Store:
    """What this package does with S3. One instance per task; threads may share it.

    :param aws_conn_id: the Airflow connection; None uses boto3's own credentials.
    :param writing: how `put` writes.
    :param requester_pays: read buckets whose requests the requester pays for.
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
        # Whether the store, and botocore, know a PUT with a condition.
        self._takes_conditions = True

    def head(self, bucket: str, key: str) -> S3Object | None:
        """Return an object's facts, None where it, or its whole bucket, does not exist.

        :raises FluxionsStorageError: S3 refused.
        """
        with storage_errors(f"s3://{bucket}/{key}"):
            try:
                facts = self.client.head_object(Bucket=bucket, Key=key, **self.reading)
            except self.client.exceptions.ClientError as error:
                if code_of(error) not in ("404", "NoSuchKey", "NotFound"):
                    raise
                return None
        return _shown(bucket, key, facts, facts.get("ContentLength", 0))

    def require_bucket(self, bucket: str) -> None:
        """Do nothing if the bucket exists.

        :raises FluxionsStorageError: it does not, or S3 refused.
        """
        with storage_errors(f"s3://{bucket}"):
            if self.reading:  # a HEAD of a bucket cannot offer to pay
                self.client.list_objects_v2(Bucket=bucket, MaxKeys=1, **self.reading)
            else:
                self.client.head_bucket(Bucket=bucket)

    def list(self, bucket: str, prefix: str) -> Iterator[S3Object]:
        """Yield the objects below a prefix in key order, 1,000 a request.

        :raises FluxionsStorageError: the bucket does not exist, or S3 refused.
        """
        with storage_errors(f"s3://{bucket}/{prefix}"):
            for page in self._pages(bucket, prefix):
                for item in page.get("Contents", ()):
                    yield _shown(bucket, item["Key"], item, item.get("Size", 0))

    def _pages(self, bucket: str, prefix: str, **options: str) -> Iterator[Mapping[str, Any]]:
        """Yield the responses of a listing.

        :raises FluxionsStorageError: a page does not get past the one before, so the listing would never end.
        """
        paginator, last = self.client.get_paginator("list_objects_v2"), ""
        for page in paginator.paginate(Bucket=bucket, Prefix=prefix, **options, **self.reading):
            keys = [one["Key"] for one in page.get("Contents", ())]
            keys += [one["Prefix"] for one in page.get("CommonPrefixes", ())]
            if keys and last and max(keys) <= last:
                raise FluxionsStorageError(
                    f"The listing of s3://{bucket}/{prefix} does not get past {last}: the store returns the same page "
                    "again. Use a store that supports ListObjectsV2.",
                    transient=False,
                )
            last = max(keys, default=last)
            yield page

    def page(self, bucket: str, prefix: str, start_after: str) -> KeyPage:
        """Return the next at most 1,000 keys below a prefix, one request.

        :raises FluxionsStorageError: the bucket does not exist, or S3 refused.
        """
        with storage_errors(f"s3://{bucket}/{prefix}"):
            answer = self.client.list_objects_v2(Bucket=bucket, Prefix=prefix, StartAfter=start_after, **self.reading)
        keys = [item["Key"] for item in answer.get("Contents", ())]
        if keys and keys[0] <= start_after:
            raise FluxionsStorageError(
                f"The store at s3://{bucket} ignores start-after: asked for keys after {start_after}, it returned "
                f"{keys[0]}. Listing there would never end. Use a store that supports ListObjectsV2.",
                transient=False,
            )
        return KeyPage(frozenset(keys), keys[-1] if keys and answer.get("IsTruncated") else None)

    def folders(self, bucket: str, prefix: str) -> Sequence[str]:
        """Return the names, with their slash, of the folders whose path begins with a prefix.

        :raises FluxionsStorageError: the bucket does not exist, or S3 refused.
        """
        with storage_errors(f"s3://{bucket}/{prefix}"):
            pages = self._pages(bucket, prefix, Delimiter="/")
            paths = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ())]
        return [f"{path[:-1].rpartition('/')[2]}/" for path in paths]

    def audio(self, found: S3Object) -> AudioSource:
        """Return an object as audio; opening it fails if its content has changed since it was listed."""
        return Audio(found.uri, found.size_bytes, found.version, lambda: self._open(found), found.content_type)

    def _open(self, found: S3Object) -> Readable:
        try:
            answer = self._get_version(found)
        except s3_exceptions() as error:
            raise recording_error(found.uri, error) from error
        self._lineage.read(found.bucket, found.key)
        return _Body(answer["Body"])

    def _get_version(self, found: S3Object) -> Any:
        """Return the response to a GET of just this version."""
        address = {"Bucket": found.bucket, "Key": found.key, **self.reading}
        try:
            return self.client.get_object(**address, IfMatch=f'"{found.version}"')
        except self.client.exceptions.ClientError as error:
            if code_of(error) not in CHANGED_CODES:
                raise
            # A store with weak ETags or none refuses each condition; what it returns without one can be compared.
            answer = self.client.get_object(**address)
            if _shown(found.bucket, found.key, answer, answer["ContentLength"]).version != found.version:
                answer["Body"].close()
                raise
            return answer

    def get(self, found: S3Object, limit: int = MAX_RESULT_BYTES, *, unchanged: bool = False) -> bytes:
        """Return an object's content whole, unpacked if it is stored with gzip.

        :param limit: maximum bytes, as stored and unpacked.
        :param unchanged: fail if the object is no longer the version that ``found`` names.
        :raises ObjectTooLargeError: it has more bytes.
        :raises FluxionsStorageError: S3 refused, the object does not exist, or it cannot be unpacked.
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

        :raises FluxionsStorageError: S3 refused, or it is gone.
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
        """Write an object whole: a reader sees the old one or the new one, never a part.

        :param expected: the version that this replaces, empty if there must be no object. Default None: replace any.
        :raises ObjectChangedError: ``expected`` is given, and something else is there. Nothing was written.
        :raises FluxionsStorageError: S3 refused.
        """
        stored, extra = self.writing.packed(body, content_type)
        arguments = {"Bucket": bucket, "Key": key, "Body": stored, "ContentType": content_type}
        with storage_errors(f"s3://{bucket}/{key}"):
            self._put({**arguments, **self.reading, "Metadata": dict(metadata), **extra}, expected)
        self._lineage.wrote(bucket, key)

    def report_written(self, bucket: str, key: str) -> None:
        """Report an object that was written by other means than `put`, for lineage."""
        self._lineage.wrote(bucket, key)

    def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Delete objects, one request each: stores differ in what they take of many at once.

        :raises FluxionsStorageError: S3 refused; earlier ones are deleted.
        """
        for key in keys:
            with storage_errors(f"s3://{bucket}/{key}"):
                self.client.delete_object(Bucket=bucket, Key=key, **self.reading)

    def _put(self, arguments: Mapping[str, Any], expected: str | None) -> None:
        if expected is None:
            self.client.put_object(**arguments)
            return
        if not self._takes_conditions:  # next best: ask right before
            found = self.head(arguments["Bucket"], arguments["Key"])
            if (found.version if found else "") != expected:
                raise ObjectChangedError(f"s3://{arguments['Bucket']}/{arguments['Key']} changed.")
            self.client.put_object(**arguments)
            return
        condition = {"IfMatch": f'"{expected}"'} if expected else {"IfNoneMatch": "*"}
        try:
            self.client.put_object(**arguments, **condition)
        except s3_exceptions() as error:
            if is_changed(error):
                raise ObjectChangedError(f"s3://{arguments['Bucket']}/{arguments['Key']} changed.") from error
            if not is_unknown_condition(error):
                raise
            self._takes_conditions = False
            self._put(arguments, expected)


def _shown(bucket: str, key: str, facts: Mapping[str, Any], size_bytes: int) -> S3Object:
    """Return an object from an entry of a listing or the response to a HEAD or GET."""
    modified = facts.get("LastModified")
    if modified is not None:
        # boto3's instants each hold a time zone of their own: some 400 bytes, a quarter of an input.
        modified = modified.astimezone(UTC)
    version = version_of(facts.get("ETag"), size_bytes, modified)
    metadata = lower_names(facts.get("Metadata"))
    return S3Object(bucket, key, size_bytes, version, modified, metadata, facts.get("ContentType"))


class _Body:
    """An S3 body whose read errors are OSErrors, as of any file."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1, /) -> bytes:
        try:
            data: bytes = self._body.read(size)
        except s3_exceptions() as error:
            raise OSError(f"S3 broke off: {printable(error)}") from error
        return data

    def close(self) -> None:
        self._body.close()
