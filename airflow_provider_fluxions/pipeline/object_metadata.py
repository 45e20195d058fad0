"""The metadata of a stored result, with its provenance. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

# Metadata of an output, with its provenance. ASCII only. A store writes these names as it can.
META_REFERENCE = "reference"
META_VERSION = "source_version"
META_JOB = "job_id"
# For a transfer's outputs: the recording's URI, percent-encoded. Absent if it would need too much of the 2 KB that
# stores allow for metadata.
META_SOURCE = "source"
META_RUN = "run"
META_SECONDS = "audio_seconds"
# The options digest of an output; absent for the defaults.
META_OPTIONS = "format_options"

MAX_SOURCE_CHARACTERS = 1_000

Metadata = Mapping[str, str]


def source_metadata(uri: str) -> dict[str, str]:
    """Return the metadata with the recording's URI, or none if the URI is too long."""
    encoded = quote(uri, safe="/:", errors="replace")
    return {META_SOURCE: encoded} if len(encoded) <= MAX_SOURCE_CHARACTERS else {}


def is_made_from(metadata: Metadata, ref: str, options_digest: str | None) -> bool:
    """Return whether an output with this metadata belongs to this work and these options of its format."""
    return metadata.get(META_REFERENCE) == ref and metadata.get(META_OPTIONS) == options_digest


def audio_seconds_of(metadata: Metadata) -> float | None:
    """Return the length of a result's audio, or None if the metadata has no valid one."""
    try:
        return float(metadata[META_SECONDS])
    except (KeyError, ValueError):
        return None


def options_of(metadata: Metadata) -> str | None:
    """Return the options digest of an output; None for the defaults."""
    return metadata.get(META_OPTIONS)
