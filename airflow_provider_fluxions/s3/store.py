"""What this package does with S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC
from typing import Any

from airflow_provider_fluxions.api.audio import Audio, AudioSource, Readable
from airflow_provider_fluxions.api.errors import FluxionsAudioError
from airflow_provider_fluxions.hook_lineage import HookLineage
from airflow_provider_fluxions.s3.addresses import KeyPage, S3Object
from airflow_provider_fluxions.s3.connect import new_hook, with_room
from airflow_provider_fluxions.s3.failures import code_of, storage_errors
from airflow_provider_fluxions.s3.reading import MAX_RESULT_BYTES, read_stored_object
from airflow_provider_fluxions.s3.writing import Writing

DEFAULT_AWS_CONN_ID = "aws_default"


class S3Store:
    """What this package does with S3. One instance per task; threads may share it.

    :param aws_conn_id: the Airflow connection; None uses boto3's own credentials.
    :param writing: how `put` writes.
    """

    def __init__(self, aws_conn_id: str | None = DEFAULT_AWS_CONN_ID, writing: Writing | None = None) -> None:
        self.hook = new_hook(aws_conn_id)
        self.client: Any = self.hook.get_client_type(config=with_room(self.hook.config))
        self.writing = writing or Writing()
        self._lineage = HookLineage(self.hook)

    def head(self, bucket: str, key: str) -> S3Object | None:
        """Return an object's facts, None where it, or its whole bucket, does not exist.

        :raises FluxionsStorageError: S3 refused.
        """
        with storage_errors(f"s3://{bucket}/{key}"):
            try:
                facts = self.client.head_object(Bucket=bucket, Key=key)
            except self.client.exceptions.ClientError as error:
                if code_of(error) not in ("404", "NoSuchKey", "NotFound"):
                    raise
                return None
        found = S3Object(
            bucket, key, facts["ContentLength"], facts["ETag"].strip('"'), facts["LastModified"], facts["Metadata"]
        )
        return replace(found, content_type=facts.get("ContentType"))

    def require_bucket(self, bucket: str) -> None:
        """Do nothing if the bucket exists.

        :raises FluxionsStorageError: it does not, or S3 refused.
        """
        with storage_errors(f"s3://{bucket}"):
            self.client.head_bucket(Bucket=bucket)

    def list(self, bucket: str, prefix: str) -> Iterator[S3Object]:
        """Yield the objects below a prefix in key order, 1,000 a request.

        :raises FluxionsStorageError: the bucket does not exist, or S3 refused.
        """
        with storage_errors(f"s3://{bucket}/{prefix}"):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    # boto3's instants each hold a time zone of their own: some 400 bytes, a quarter of an input.
                    modified = item["LastModified"].astimezone(UTC)
                    yield S3Object(bucket, item["Key"], item["Size"], item["ETag"].strip('"'), modified)

    def page(self, bucket: str, prefix: str, start_after: str) -> KeyPage:
        """Return the next at most 1,000 keys below a prefix, one request.

        :raises FluxionsStorageError: the bucket does not exist, or S3 refused.
        """
        with storage_errors(f"s3://{bucket}/{prefix}"):
            answer = self.client.list_objects_v2(Bucket=bucket, Prefix=prefix, StartAfter=start_after)
        keys = [item["Key"] for item in answer.get("Contents", ())]
        return KeyPage(frozenset(keys), keys[-1] if keys and answer["IsTruncated"] else None)

    def folders(self, bucket: str, prefix: str) -> Sequence[str]:
        """Return the names, with their slash, of the folders whose path begins with a prefix.

        :raises FluxionsStorageError: the bucket does not exist, or S3 refused.
        """
        with storage_errors(f"s3://{bucket}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
            paths = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ())]
        return [f"{path[:-1].rpartition('/')[2]}/" for path in paths]

    def audio(self, found: S3Object) -> AudioSource:
        """Return an object as audio; opening it fails if its content has changed since it was listed."""
        return Audio(found.uri, found.size_bytes, found.version, lambda: self._open(found), found.content_type)

    def _open(self, found: S3Object) -> Readable:
        try:
            answer = self.client.get_object(Bucket=found.bucket, Key=found.key, IfMatch=f'"{found.version}"')
        except self.client.exceptions.ClientError as error:
            gone = {"NoSuchKey": "is gone", "404": "is gone", "PreconditionFailed": "changed", "412": "changed"}
            what = gone.get(code_of(error), f"cannot be read ({code_of(error)})")
            raise FluxionsAudioError(f"{found.uri} {what} since it was listed.", transient=True) from error
        self._lineage.read(found.bucket, found.key)
        return _Body(answer["Body"])

    def get(self, found: S3Object, limit: int = MAX_RESULT_BYTES, *, unchanged: bool = False) -> bytes:
        """Return an object's content whole, unpacked if it is stored with gzip.

        :param limit: maximum bytes, as stored and unpacked.
        :param unchanged: fail if the object is no longer the version that ``found`` names.
        :raises ObjectTooLargeError: it has more bytes.
        :raises FluxionsStorageError: S3 refused, the object does not exist, or it cannot be unpacked.
        """
        condition = {"IfMatch": f'"{found.version}"'} if unchanged and found.version else {}
        with storage_errors(found.uri):
            answer = self.client.get_object(Bucket=found.bucket, Key=found.key, **condition)
            with closing(answer["Body"]) as body:
                data = read_stored_object(found.uri, body, answer.get("ContentEncoding"), limit)
        self._lineage.read(found.bucket, found.key)
        return data

    def read_range(self, found: S3Object, start: int, size: int) -> bytes:
        """Return a part of an object, at most ``size`` bytes from byte ``start`` on.

        :raises FluxionsStorageError: S3 refused, or it is gone.
        """
        with storage_errors(found.uri):
            span = f"bytes={start}-{start + size - 1}"
            data: bytes = self.client.get_object(Bucket=found.bucket, Key=found.key, Range=span)["Body"].read()
        return data

    def put(self, bucket: str, key: str, body: bytes, content_type: str, metadata: Mapping[str, str]) -> None:
        """Write an object whole: a reader sees the old one or the new one, never a part.

        :raises FluxionsStorageError: S3 refused.
        """
        stored, extra = self.writing.packed(body, content_type)
        with storage_errors(f"s3://{bucket}/{key}"):
            self.client.put_object(
                Bucket=bucket, Key=key, Body=stored, ContentType=content_type, Metadata=dict(metadata), **extra
            )
        self._lineage.wrote(bucket, key)


class _Body:
    """An S3 body whose read errors are OSErrors, as of any file."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1, /) -> bytes:
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        try:
            data: bytes = self._body.read(size)
        except (BotoCoreError, HTTPError) as error:
            raise OSError(f"S3 broke off: {error}") from error
        return data

    def close(self) -> None:
        self._body.close()
