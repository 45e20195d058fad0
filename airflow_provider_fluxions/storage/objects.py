"""Objects in a store as values, from listings. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from airflow_provider_fluxions.storage.address import ObjectAddress

# Shared by all objects of a listing, which contains no metadata, because a dictionary takes 64 bytes.
NO_METADATA: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object from a listing or a HEAD.

    :param version: Changes with its content, such as an ETag; empty if unknown.
    :param metadata: What this package wrote with it; empty in a listing.
    """

    address: ObjectAddress
    size_bytes: int
    version: str
    modified_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    content_type: str | None = None

    @property
    def key(self) -> str:
        """The object's key."""
        return self.address.key

    @property
    def uri(self) -> str:
        """The object's URI."""
        return self.address.uri


@dataclass(frozen=True)
class KeyPage:
    """One page of a listing: its keys, and the last of them if more follow."""

    keys: frozenset[str]
    last_key: str | None
