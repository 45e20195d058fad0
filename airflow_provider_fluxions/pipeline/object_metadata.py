"""The metadata of a result in S3: what it was made from. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

# S3 metadata of an output: what it was made from. ASCII only.
META_REFERENCE = "fluxions-reference"
META_VERSION = "fluxions-source-version"
META_JOB = "fluxions-job-id"
# Of a transfer's outputs: the recording's address, percent-encoded; absent where it would take too much of the 2 KB
# that S3 has for metadata.
META_SOURCE = "fluxions-source"
META_RUN = "fluxions-run"
META_SECONDS = "fluxions-audio-seconds"
# Which options of its format an output was written with; absent for the defaults.
META_OPTIONS = "fluxions-format-options"

MAX_SOURCE_CHARACTERS = 1_000

Metadata = Mapping[str, str]


def source_metadata(uri: str) -> dict[str, str]:
    """Return the metadata that name a recording, none for one whose address is too long for them."""
    encoded = quote(uri, safe="/:", errors="replace")
    return {META_SOURCE: encoded} if len(encoded) <= MAX_SOURCE_CHARACTERS else {}


def is_made_from(metadata: Metadata, ref: str, options_digest: str | None) -> bool:
    """Whether an output with this metadata was written by this piece of work, with these options of its format."""
    return metadata.get(META_REFERENCE) == ref and metadata.get(META_OPTIONS) == options_digest


def options_of(metadata: Metadata) -> str | None:
    """Return which options of its format an output was written with; None for the defaults."""
    return metadata.get(META_OPTIONS)
