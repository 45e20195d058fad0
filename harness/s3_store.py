"""What kinds of S3 there are besides the real one: how they refuse requests and change answers. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal, get_args
from urllib.parse import unquote

from harness.holding_s3 import Answer

MetadataNames = Literal["capitalized", "upper", "dropped"]
ETags = Literal["weak", "missing"]
ConditionalPuts = Literal["refused", "ignored"]

_METADATA = "x-amz-meta-"
_CONDITIONS = ("if-match", "if-none-match")
_WRITES = ("PUT", "POST")
_ENTRY = re.compile(r"<Contents>.*?</Contents>", re.DOTALL)
_KEY = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)
_ETAG, _LAST_MODIFIED, _CLASS = (
    re.compile(f"<{name}>(.*?)</{name}>", re.DOTALL) for name in ("ETag", "LastModified", "StorageClass")
)


@dataclass(frozen=True)
class Store:
    """A kind of S3. The default is the server behind, unchanged.

    `archived`: objects whose `/bucket/key` matches this pattern are in Glacier: they cannot be read, and listings and
    HEAD say so. `denied`: these objects can be listed, and not read. `requester_pays`: requests that do not offer to
    pay (`x-amz-request-payer`) are refused.
    `metadata_names`: how the names of an object's metadata come back (`X-Amz-Meta-Name` as behind a Go proxy, all
    upper, or dropped with their values). `etags`: weak ones (`W/"..."`) or none, `last_modified=False`: no time of the
    last change, both in listings and in headers. `start_after=False`: listings ignore `start-after`.
    `conditional_puts`: `If-Match` and `If-None-Match` of a PUT, or of the completion of an upload, are refused (501) or
    ignored.
    """

    archived: str | None = None
    denied: str | None = None
    requester_pays: bool = False
    metadata_names: MetadataNames | None = None
    etags: ETags | None = None
    last_modified: bool = True
    start_after: bool = True
    conditional_puts: ConditionalPuts | None = None

    def __post_init__(self) -> None:
        """Refuse unknown kinds."""
        kinds = (("metadata_names", MetadataNames), ("etags", ETags), ("conditional_puts", ConditionalPuts))
        for name, allowed in kinds:
            if getattr(self, name) not in (None, *get_args(allowed)):
                raise ValueError(f"{name} must be one of {get_args(allowed)}, not {getattr(self, name)!r}")

    def refused_by(self, method: str, target: str, headers: Mapping[str, str]) -> Answer | None:
        """The refusal of a request for an unquoted `/bucket/key?query`, or None."""
        names = {name.lower() for name in headers}
        if self.requester_pays and "x-amz-request-payer" not in names:
            return refusal(method, 403, "AccessDenied")
        address = target.partition("?")[0]
        if self.denied is not None and method in ("GET", "HEAD") and fnmatchcase(address, self.denied):
            return refusal(method, 403, "AccessDenied")
        if method == "GET" and self._is_archived(address):
            return refusal(method, 403, "InvalidObjectState")
        if self.conditional_puts == "refused" and method in _WRITES and names & {*_CONDITIONS}:
            return refusal(method, 501, "NotImplemented")
        return None

    def passed_on(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """The path and the headers that reach the server behind."""
        if not self.start_after:
            path = re.sub(r"(?<=[?&])start-after=[^&]*&?", "", path)
        is_plain = self.conditional_puts == "ignored" and method in _WRITES
        return path, {name: value for name, value in headers.items() if not (is_plain and name.lower() in _CONDITIONS)}

    def changed(self, method: str, target: str, answer: Answer) -> Answer:
        """The answer of the server behind as this kind of S3 gives it."""
        address, _, query = target.partition("?")
        headers = [changed for header in answer.headers for changed in self._headers(*header)]
        if method == "HEAD" and answer.status == 200 and self._is_archived(address):
            headers.append(("x-amz-storage-class", "GLACIER"))
        is_listing = method == "GET" and b"<Contents>" in answer.body and address.strip("/").count("/") == 0
        if not is_listing:
            return replace(answer, headers=headers)
        bucket, is_quoted = address.strip("/"), "encoding-type=url" in query
        body = _ENTRY.sub(lambda entry: self._entry(bucket, entry[0], is_quoted), answer.body.decode()).encode()
        length = ("Content-Length", str(len(body)))
        headers = [length if name.lower() == "content-length" else (name, value) for name, value in headers]
        return replace(answer, body=body, headers=headers)

    def _headers(self, name: str, value: str) -> list[tuple[str, str]]:
        lower = name.lower()
        if lower.startswith(_METADATA) and self.metadata_names is not None:
            capitalized = "-".join(word.capitalize() for word in lower.split("-"))
            return {"dropped": [], "upper": [(lower.upper(), value)], "capitalized": [(capitalized, value)]}[
                self.metadata_names
            ]
        if lower == "etag" and self.etags is not None:
            return [] if self.etags == "missing" else [(name, f"W/{value}")]
        if lower == "last-modified" and not self.last_modified:
            return []
        return [(name, value)]

    def _entry(self, bucket: str, entry: str, is_quoted: bool) -> str:
        found = _KEY.search(entry)
        key = found[1] if found else ""
        if self._is_archived(f"/{bucket}/{unquote(key) if is_quoted else key}"):
            entry = _CLASS.sub("<StorageClass>GLACIER</StorageClass>", entry)
        if self.etags is not None:
            weak = "" if self.etags == "missing" else r"<ETag>W/\1</ETag>"
            entry = _ETAG.sub(weak, entry)
        return entry if self.last_modified else _LAST_MODIFIED.sub("", entry)

    def _is_archived(self, address: str) -> bool:
        return self.archived is not None and fnmatchcase(address, self.archived)


def is_met(headers: Mapping[str, str], etag: str | None) -> bool:
    """Whether the condition of a write is met by an object with this ETag; None: there is no object."""
    given = {name.lower(): value for name, value in headers.items()}
    if "if-none-match" in given and etag is not None:
        return False
    return "if-match" not in given or given["if-match"].strip('"') == (etag or "").strip('"')


def refusal(method: str, status: int, code: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An error of S3; a HEAD has no body."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>Injected fault</Message></Error>".encode()
    return Answer(
        status, [("Content-Type", "application/xml"), *(headers or {}).items()], b"" if method == "HEAD" else body
    )
