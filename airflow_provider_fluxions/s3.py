"""S3 through the Amazon provider, which is imported only when something in S3 is touched."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

from airflow_provider_fluxions.api.audio import Audio, AudioSource, Readable
from airflow_provider_fluxions.api.errors import FluxionsAudioError, FluxionsInputError, FluxionsStorageError
from airflow_provider_fluxions.hook_lineage import HookLineage

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from botocore.config import Config

DEFAULT_AWS_CONN_ID = "aws_default"
# More than a transfer has threads that ask S3 at a time.
POOL_CONNECTIONS = 32

_COMPRESSIBLE = ("text/", "application/json", "application/x-ndjson", "application/x-subrip")


# Shared by all objects of a listing, which shows no metadata: a dictionary each takes 64 bytes.
_NO_METADATA: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object as a listing or a HEAD shows it. ``version`` is its ETag without quotes."""

    bucket: str
    key: str
    size_bytes: int
    version: str
    modified_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: _NO_METADATA)

    @property
    def uri(self) -> str:
        """The object's address."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class KeyPage:
    """One page of a listing: its keys, and the last of them if more follow."""

    keys: frozenset[str]
    last_key: str | None


@dataclass(frozen=True)
class Writing:
    """How objects are written.

    :param extra_args: what boto3's ``put_object`` takes beside them, such as ``ServerSideEncryption``,
        ``SSEKMSKeyId``, ``StorageClass``, ``ACL`` or ``Tagging``.
    :param gzip: compress text, and say so in ``Content-Encoding``.
    """

    extra_args: Mapping[str, Any] = field(default_factory=dict)
    gzip: bool = False

    def __post_init__(self) -> None:
        """Check the arguments.

        :raises FluxionsInputError: one is not the user's to set.
        """
        if not isinstance(self.extra_args, Mapping):
            raise FluxionsInputError(f"extra_args must be like {{'StorageClass': ...}}, not {self.extra_args!r}.")
        ours = sorted({"Bucket", "Key", "Body", "Metadata", "ContentType", "ContentEncoding"} & set(self.extra_args))
        if ours:
            raise FluxionsInputError(f"extra_args may not set {', '.join(ours)}: the transfer does.")


def parse_s3_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key. The key is taken literally: ``%``, ``?``, ``#`` and spaces are part of it.

    :raises FluxionsInputError: not ``s3://bucket/...``.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or any(char.isspace() for char in bucket):
        raise FluxionsInputError(f"An S3 address must look like s3://bucket/key, not {uri!r}.")
    return bucket, key


class S3Store:
    """What this package does with S3. One instance per task; threads may share it.

    :param aws_conn_id: the Airflow connection; None uses boto3's own credentials.
    :param writing: how `put` writes.
    """

    def __init__(self, aws_conn_id: str | None = DEFAULT_AWS_CONN_ID, writing: Writing | None = None) -> None:
        self.hook = _new_hook(aws_conn_id)
        self.client: Any = self.hook.get_client_type(config=_with_room(self.hook.config))
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
                if _code(error) not in ("404", "NoSuchKey", "NotFound"):
                    raise
                return None
        return S3Object(
            bucket, key, facts["ContentLength"], facts["ETag"].strip('"'), facts["LastModified"], facts["Metadata"]
        )

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
        return Audio(found.uri, found.size_bytes, found.version, lambda: self._open(found))

    def _open(self, found: S3Object) -> Readable:
        try:
            answer = self.client.get_object(Bucket=found.bucket, Key=found.key, IfMatch=f'"{found.version}"')
        except self.client.exceptions.ClientError as error:
            gone = {"NoSuchKey": "is gone", "404": "is gone", "PreconditionFailed": "changed", "412": "changed"}
            what = gone.get(_code(error), f"cannot be read ({_code(error)})")
            raise FluxionsAudioError(f"{found.uri} {what} since it was listed.", transient=True) from error
        self._lineage.read(found.bucket, found.key)
        return _Body(answer["Body"])

    def get(self, found: S3Object) -> bytes:
        """Return an object's content whole, as it is now, unpacked where it is stored with gzip.

        :raises FluxionsStorageError: S3 refused, or it is gone.
        """
        with storage_errors(found.uri):
            answer = self.client.get_object(Bucket=found.bucket, Key=found.key)
            data: bytes = answer["Body"].read()
        self._lineage.read(found.bucket, found.key)
        if answer.get("ContentEncoding") != "gzip":
            return data
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise FluxionsStorageError(f"{found.uri} is stored as gzip and cannot be unpacked: {error}.") from error

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
        extra = dict(self.writing.extra_args)
        if self.writing.gzip and content_type.startswith(_COMPRESSIBLE):
            # Without a time in its header the same text stays the same object.
            body, extra["ContentEncoding"] = gzip.compress(body, mtime=0), "gzip"
        with storage_errors(f"s3://{bucket}/{key}"):
            self.client.put_object(
                Bucket=bucket, Key=key, Body=body, ContentType=content_type, Metadata=dict(metadata), **extra
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


@contextmanager
def storage_errors(uri: str) -> Iterator[None]:
    """Turn botocore's errors into ours, naming the address.

    :raises FluxionsStorageError: for any of them.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        hints = {
            "NoSuchBucket": "The bucket does not exist.",
            "404": "The bucket does not exist.",
            "403": "The AWS connection may not do this.",
            "AccessDenied": "The AWS connection may not do this.",
        }
        code = _code(error)
        raise FluxionsStorageError(
            f"S3 refused {uri}: {code}. {hints.get(code, error.response.get('Error', {}).get('Message', ''))}"
        ) from error
    except BotoCoreError as error:
        raise FluxionsStorageError(f"S3 cannot be used for {uri}: {error}") from error


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _with_room(config: Config) -> Config:
    """Return the connection's botocore settings, with a connection to S3 for each thread unless they say otherwise.

    botocore keeps ten; what more threads open is thrown away after each request, with a warning in the task's log.
    """
    from botocore.config import Config

    return Config(max_pool_connections=POOL_CONNECTIONS).merge(config)


def _new_hook(aws_conn_id: str | None) -> S3Hook:
    try:
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    except ImportError as error:
        raise AirflowOptionalProviderFeatureException(
            "S3 needs the Amazon provider: pip install 'airflow-provider-fluxions[amazon]'."
        ) from error
    return S3Hook(aws_conn_id=aws_conn_id)
