"""Objects and metadata as S3 describes them. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow_provider_fluxions.storage.address import ObjectAddress
from airflow_provider_fluxions.storage.objects import NO_METADATA, StoredObject

# Names of metadata in S3: `audio_seconds` is ``fluxions-audio-seconds``.
_START = "fluxions-"


def object_of(address: ObjectAddress, facts: Mapping[str, Any], size_bytes: int) -> StoredObject:
    """Return an object from an entry of a listing or the response to a HEAD or GET."""
    modified = facts.get("LastModified")
    if modified is not None:
        # boto3's instants each have their own time zone object: about 400 bytes, a quarter of an input.
        modified = modified.astimezone(UTC)
    version = version_of(facts.get("ETag"), size_bytes, modified)
    metadata = metadata_from_s3(facts.get("Metadata"))
    return StoredObject(address, size_bytes, version, modified, metadata, facts.get("ContentType"))


def version_of(etag: str | None, size_bytes: int, modified_at: datetime | None) -> str:
    """Return an object's version: its ETag without quotes, or size and last change in a store without ETags.

    A weak ETag (``W/"x"``), which proxies create when they compress, is the same version as the strong one.
    """
    if etag:
        return etag.removeprefix("W/").strip('"')
    # A HEAD has whole seconds, a listing milliseconds.
    return f"{size_bytes}-{int(modified_at.timestamp())}" if modified_at else str(size_bytes)


def metadata_to_s3(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return metadata with the names that S3 gets."""
    return {f"{_START}{name.replace('_', '-')}": value for name, value in metadata.items()}


def metadata_from_s3(metadata: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the metadata of this package by the package's names. Proxies and some stores capitalize those in S3."""
    ours = {
        name.lower().removeprefix(_START).replace("-", "_"): value
        for name, value in (metadata or {}).items()
        if name.lower().startswith(_START)
    }
    return ours or NO_METADATA
