"""Which objects a transfer takes, where their results go, and what makes each a piece of work. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.reference import reference
from airflow_provider_fluxions.formats import Choice
from airflow_provider_fluxions.s3 import S3Object, parse_s3_uri

AUDIO_SUFFIXES = (
    ".aac", ".aif", ".aiff", ".amr", ".flac", ".m4a", ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".wav", ".webm", ".wma",
)  # fmt: skip

# S3 metadata of an output: what it was made from. ASCII only.
META_REFERENCE = "fluxions-reference"
META_VERSION = "fluxions-source-version"
META_JOB = "fluxions-job-id"
META_RUN = "fluxions-run"
# Which options of its format an output was written with; absent for the defaults.
META_OPTIONS = "fluxions-format-options"


@dataclass(frozen=True)
class Source:
    """Where recordings come from.

    :param prefix: what to list below; the whole key of a single object.
    :param pattern: matches whole keys; None takes every key below the prefix.
    :param root: the folder that outputs' relative paths start from.
    """

    bucket: str
    prefix: str
    pattern: re.Pattern[str] | None
    root: str

    @property
    def may_be_one_object(self) -> bool:
        """Whether the address can be an object's own: no wildcard, and not a folder."""
        return self.pattern is None and bool(self.prefix) and not self.prefix.endswith("/")

    def takes(self, found: S3Object, suffixes: Sequence[str]) -> bool:
        """Whether a listed object is an input: it matches, and its name ends as audio does."""
        if self.pattern is not None and not self.pattern.fullmatch(found.key):
            return False
        return found.key.lower().endswith(tuple(suffixes))

    def relative(self, key: str) -> str:
        """Return the key's path below the root."""
        return key.removeprefix(self.root)


def parse_source(uri: str) -> Source:
    """Return what ``s3://bucket/...`` asks for: a key, a prefix, or a glob.

    In a glob ``*`` and ``?`` stay within one folder, ``**/`` crosses folders, ``[abc]`` is one of them.

    :raises FluxionsInputError: not an S3 address.
    """
    bucket, key = parse_s3_uri(uri)
    wild = re.search(r"[*?\[]", key)
    prefix = key[: wild.start()] if wild else key
    root = prefix[: prefix.rfind("/") + 1]
    return Source(bucket, prefix, re.compile(glob_to_regex(key), re.DOTALL) if wild else None, root)


def glob_to_regex(pattern: str) -> str:
    """Return the regular expression for a glob over whole keys."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\])", pattern)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(known.get(part) or _literal_or_class(part) for part in parts)


def _literal_or_class(part: str) -> str:
    if part.startswith("[") and part.endswith("]") and len(part) > 2:
        inside = part[1:-1].replace("\\", r"\\")
        return f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]".replace("[^", r"[\^")
    return re.escape(part)


@dataclass(frozen=True)
class Item:
    """One recording and its results: the piece of work of a transfer.

    :param ref: over source, version, options and destination, not the run: tomorrow's run takes up what a dead
        run left.
    :param outputs: key by extension.
    :param marks: by extension, what tells options apart that are not a format's defaults (`META_OPTIONS`).
    :param earlier: other keys where all results may stand already, by extension: an earlier date's partition.
    """

    source: S3Object
    ref: str
    bucket: str
    outputs: dict[str, str]
    marks: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, str] = field(default_factory=dict)

    @property
    def output_uris(self) -> list[str]:
        """The results' addresses."""
        return [f"s3://{self.bucket}/{key}" for key in self.outputs.values()]


def parse_destination(uri: str) -> tuple[str, str]:
    """Return bucket and key prefix, which is empty or ends in a slash.

    :raises FluxionsInputError: not an S3 address.
    """
    bucket, prefix = parse_s3_uri(uri)
    return bucket, prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


def plan_item(
    found: S3Object,
    source: Source,
    destination: tuple[str, str],
    choices: Sequence[Choice],
    options: dict[str, Any],
    partition: str = "",
    known: Mapping[str, str] | None = None,
) -> Item:
    """Return the work for one recording; its results are ``{prefix}{partition}{path below the source}.{extension}``.

    The partition is no part of the reference, so a later date's run takes up what an earlier one left.

    :param partition: empty, or a folder with its slash, such as ``ingest_date=2026-01-31/``.
    :param known: by path below the source and extension, the keys of results in other partitions.
    """
    bucket, prefix = destination
    path = source.relative(found.key)
    extensions = [extension for choice in choices for extension in choice.extensions]
    earlier = {extension: key for extension in extensions if (key := (known or {}).get(f"{path}{extension}"))}
    return Item(
        found,
        reference("s3", found.uri, found.version, *sorted(map(str, options.items())), f"s3://{bucket}/{prefix}{path}"),
        bucket,
        {extension: f"{prefix}{partition}{path}{extension}" for extension in extensions},
        marks_of(choices),
        earlier if len(earlier) == len(extensions) else {},
    )


def marks_of(choices: Sequence[Choice]) -> dict[str, str]:
    """Return the value of `META_OPTIONS` by extension, for options that are not the defaults."""
    return {one: reference(choice.mark) for choice in choices if choice.mark for one in choice.extensions}


def is_made_from(metadata: Mapping[str, str], ref: str, mark: str | None) -> bool:
    """Whether an output with this metadata was written by this piece of work, with these options of its format."""
    return metadata.get(META_REFERENCE) == ref and metadata.get(META_OPTIONS) == mark


def check_collisions(items: Iterable[Item]) -> None:
    """Refuse two inputs that would write the same output, and an output that would replace an input.

    :raises FluxionsInputError: naming both.
    """
    inputs = {item.source.uri for item in items}
    owners: dict[str, str] = {}
    for item in items:
        for uri in item.output_uris:
            owner = owners.setdefault(uri, item.source.uri)
            if owner != item.source.uri or uri in inputs:
                raise FluxionsInputError(
                    f"The result of {item.source.uri} would be written to {uri}, which is also that of {owner} or an "
                    "input itself. Choose another destination."
                )
