"""Objects in S3 as listings and addresses show them. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from airflow_provider_fluxions.api.errors import FluxionsInputError

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
    content_type: str | None = None

    @property
    def uri(self) -> str:
        """The object's address."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class KeyPage:
    """One page of a listing: its keys, and the last of them if more follow."""

    keys: frozenset[str]
    last_key: str | None


def parse_s3_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key. The key is taken literally: ``%``, ``?``, ``#`` and spaces are part of it.

    :raises FluxionsInputError: not ``s3://bucket/...``.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or any(char.isspace() for char in bucket):
        raise FluxionsInputError(f"An S3 address must look like s3://bucket/key, not {uri!r}.")
    return bucket, key
