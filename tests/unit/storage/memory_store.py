"""An object store in memory, as strict as the strictest real one. It shows what a new store has to implement."""

from __future__ import annotations

import io
import itertools
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from airflow_provider_fluxions.api.audio import Audio, AudioSource, Readable
from airflow_provider_fluxions.api.errors import FluxionsAudioError, FluxionsStorageError
from airflow_provider_fluxions.storage import (
    MAX_RESULT_BYTES,
    KeyPage,
    ObjectAddress,
    ObjectChangedError,
    ObjectStore,
    StoredObject,
    WriteOptions,
)
from airflow_provider_fluxions.storage.bounded_read import read_stored_object
from airflow_provider_fluxions.storage.object_store import Capabilities, UploadedPart

PAGE = 3


@dataclass(frozen=True)
class Content:
    """One version of an object."""

    body: bytes
    content_type: str
    metadata: Mapping[str, str]
    encoding: str | None
    version: str
    modified_at: datetime


class MemoryStore(ObjectStore):
    """Holds objects of ``memory://`` addresses. Names of metadata must be identifiers, as on Azure."""

    def __init__(
        self,
        conn_id: str | None = None,
        writing: WriteOptions | None = None,
        *,
        requester_pays: bool = False,
        capabilities: Capabilities | None = None,
    ) -> None:
        self.can = capabilities or Capabilities()
        self.writing = writing or WriteOptions()
        self.buckets: set[str] = set()
        self.contents: dict[ObjectAddress, Content] = {}
        self.parts: dict[str, dict[int, bytes]] = defaultdict(dict)
        self.begun: dict[str, tuple[str, Mapping[str, str]]] = {}
        self._numbers, self._lock = itertools.count(1), threading.Lock()

    @property
    def capabilities(self) -> Capabilities:
        return self.can

    def require_bucket(self, address: ObjectAddress) -> None:
        if address.bucket not in self.buckets:
            raise FluxionsStorageError(f"There is no bucket {address.bucket}.")

    def head(self, address: ObjectAddress) -> StoredObject | None:
        held = self.contents.get(address)
        if held is None:
            return None
        metadata = held.metadata if self.can.metadata else {}
        size = len(held.body)
        return StoredObject(address, size, held.version, held.modified_at, metadata, held.content_type)

    def list(self, prefix: ObjectAddress) -> Iterator[StoredObject]:
        self.require_bucket(prefix)
        for address in sorted(filter(prefix.contains, self.contents), key=lambda one: one.key):
            if found := self.head(address):
                yield replace(found, metadata={})

    def page(self, prefix: ObjectAddress, start_after: str) -> KeyPage:
        assert self.can.start_after
        after = [one.key for one in self.list(prefix) if one.key > start_after]
        return KeyPage(frozenset(after[:PAGE]), after[PAGE - 1] if len(after) > PAGE else None)

    def folders(self, prefix: ObjectAddress) -> Sequence[str]:
        rests = [one.key[prefix.key.rfind("/") + 1 :] for one in self.list(prefix)]
        return sorted({rest[: rest.index("/") + 1] for rest in rests if "/" in rest})

    def audio(self, found: StoredObject) -> AudioSource:
        def opened() -> Readable:
            held = self.contents.get(found.address)
            if held is None or held.version != found.version:
                raise FluxionsAudioError(f"{found.uri} changed since it was listed.", transient=True)
            return io.BytesIO(held.body)

        return Audio(found.uri, found.size_bytes, found.version, opened, found.content_type)

    def open(self, found: StoredObject, span: tuple[int, int] | None = None) -> Readable:
        body = self._content(found.address, found.version).body
        return io.BytesIO(body if span is None else body[span[0] : span[1] + 1])

    def get(self, address: ObjectAddress, limit: int = MAX_RESULT_BYTES, *, version: str | None = None) -> bytes:
        held = self._content(address, version)
        return read_stored_object(address.uri, io.BytesIO(held.body), held.encoding, limit)

    def read_range(self, found: StoredObject, start: int, size: int) -> bytes:
        return self._content(found.address, None).body[start : start + size]

    def put(
        self,
        address: ObjectAddress,
        body: bytes,
        content_type: str,
        metadata: Mapping[str, str],
        *,
        expected: str | None = None,
    ) -> None:
        assert all(name.isidentifier() for name in metadata)
        stored, extra = self.writing.packed(body, content_type)
        with self._lock:
            self.require_bucket(address)
            held = self.contents.get(address)
            if expected is not None and (held.version if held else "") != expected:
                raise ObjectChangedError(f"{address.uri} changed.")
            version = f"v{next(self._numbers)}"
            encoding, now = extra.get("ContentEncoding"), datetime.now(UTC)
            self.contents[address] = Content(stored, content_type, dict(metadata), encoding, version, now)

    def begin_upload(self, address: ObjectAddress, content_type: str, metadata: Mapping[str, str]) -> str:
        self.require_bucket(address)
        upload_id = f"u{next(self._numbers)}"
        self.begun[upload_id] = (content_type, metadata)
        return upload_id

    def upload_part(self, address: ObjectAddress, upload_id: str, number: int, body: bytes) -> UploadedPart:
        self.parts[upload_id][number] = bytes(body)
        return {"number": number}

    def complete_upload(
        self, address: ObjectAddress, upload_id: str, parts: Sequence[UploadedPart], *, expected: str | None = None
    ) -> None:
        if upload_id not in self.begun:
            raise ObjectChangedError(f"The parts of {address.uri} were removed.")
        content_type, metadata = self.begun[upload_id]
        body = b"".join(self.parts[upload_id][part["number"]] for part in parts)
        self.put(address, body, content_type, metadata, expected=expected)
        self.abort_upload(address, upload_id)

    def abort_upload(self, address: ObjectAddress, upload_id: str) -> None:
        self.parts.pop(upload_id, None)
        self.begun.pop(upload_id, None)

    def delete(self, addresses: Iterable[ObjectAddress]) -> None:
        for address in addresses:
            self.contents.pop(address, None)

    def _content(self, address: ObjectAddress, version: str | None) -> Content:
        held = self.contents.get(address)
        if held is None or version not in (None, held.version):
            raise FluxionsStorageError(f"{address.uri} does not exist, or changed.")
        return held
