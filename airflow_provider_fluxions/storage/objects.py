"""Objects in S3 as values, from listings and URIs. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.api.printable import printable

# AWS writes a colon or a slash before the name.
_ACCESS_POINT = re.compile(r"arn:[^/]+:accesspoint[/:][^/]+(?=/|\Z)")

# Shared by all objects of a listing, which contains no metadata, because a dictionary takes 64 bytes.
_NO_METADATA: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object from a listing or a HEAD.

    :param version: See `version_of`; empty if unknown.
    :param metadata: User metadata, with names in lower case.
    """

    bucket: str
    key: str
    size_bytes: int
    version: str
    modified_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: _NO_METADATA)
    content_type: str | None = None

    @property
    def uri(self) -> str:
        """The object's URI."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class KeyPage:
    """One page of a listing: its keys, and the last of them if more follow."""

    keys: frozenset[str]
    last_key: str | None


def version_of(etag: str | None, size_bytes: int, modified_at: datetime | None) -> str:
    """Return an object's version: its ETag without quotes, or size and last change in a store without ETags.

    A weak ETag (``W/"x"``), which proxies create when they compress, is the same version as the strong one.
    """
    if etag:
        return etag.removeprefix("W/").strip('"')
    # A HEAD has whole seconds, a listing milliseconds.
    return f"{size_bytes}-{int(modified_at.timestamp())}" if modified_at else str(size_bytes)


def lower_names(metadata: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return metadata with names in lower case, as in S3. Proxies and some stores capitalize them."""
    return {name.lower(): value for name, value in metadata.items()} if metadata else _NO_METADATA


def parse_s3_uri(uri: object) -> tuple[str, str]:
    """Return bucket and key. The key is literal: ``%``, ``?``, ``#`` and spaces are part of it.

    The bucket can be the ARN of an access point: ``s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/name/key``.

    :raises FluxionsInputError: if it is not ``s3://bucket/...``, or has a lone surrogate.
    """
    scheme, _, rest = uri.partition("://") if isinstance(uri, str) else ("", "", "")
    # An ARN contains a slash, so the first one does not end the bucket.
    arn = _ACCESS_POINT.match(rest)
    bucket, _, key = (arn[0], "/", rest[arn.end() + 1 :]) if arn else rest.partition("/")
    if scheme.lower() != "s3" or not bucket or any(char.isspace() for char in bucket) or not _is_utf8(rest):
        given = printable(repr(uri) if isinstance(uri, str) else shown(uri), 200)
        raise FluxionsInputError(f"An S3 URI must look like s3://bucket/key, not {given}.")
    return bucket, key


def _is_utf8(text: str) -> bool:
    """Return whether text has no lone surrogates, which cannot be sent to S3."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
