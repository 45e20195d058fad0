"""A small S3 for `benchmarks/transfer*.py`, as a process of its own: as much of the protocol as a transfer speaks.

    python benchmarks/transfer_s3.py PORT_FILE

moto's server sorts all keys for every page and takes milliseconds for a GET; it would be measured instead of us. This
one keeps keys sorted, lets the kernel send recordings (``sendfile``) and keeps what is put. It checks no signature.
``POST /_objects`` adds objects with generated content, ``GET /_requests`` returns the number of requests of each kind.
"""

from __future__ import annotations

import bisect
import contextlib
import hashlib
import json
import os
import socket
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

PAGE_KEYS = 1000
# Made-up contents are windows into one pattern of random bytes. Longer objects repeat it.
PATTERN_BYTES = 64 << 20


@dataclass
class Stored:
    """An object; without ``body`` its content is the pattern from ``offset`` on."""

    size: int
    etag: str
    metadata: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def offset(self) -> int:
        return int(self.etag[:8], 16) % PATTERN_BYTES

    def headers(self) -> str:
        when = format_datetime(self.modified, usegmt=True)
        metadata = "".join(f"x-amz-meta-{name}: {value}\r\n" for name, value in self.metadata.items())
        return f'ETag: "{self.etag}"\r\nLast-Modified: {when}\r\n{metadata}'


class Bucket:
    """Objects by key, and the keys in order."""

    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self._keys: list[str] | None = []
        self._lock = threading.Lock()

    def put(self, key: str, stored: Stored) -> None:
        with self._lock:
            if key not in self.objects:
                self._keys = None
            self.objects[key] = stored

    def keys(self) -> list[str]:
        with self._lock:
            if self._keys is None:
                self._keys = sorted(self.objects)
            return self._keys

    def page(self, query: dict[str, str]) -> str:
        """Return a page of ListObjectsV2, without common prefixes."""
        keys, prefix = self.keys(), query.get("prefix", "")
        after = query.get("continuation-token") or query.get("start-after", "")
        begin = max(bisect.bisect_left(keys, prefix), bisect.bisect_right(keys, after) if after else 0)
        end = min(bisect.bisect_left(keys, prefix + chr(0x10FFFF)), len(keys))
        page = keys[begin : min(begin + PAGE_KEYS, end)]
        more = begin + PAGE_KEYS < end
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        return (
            f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<KeyCount>{len(page)}</KeyCount><MaxKeys>{PAGE_KEYS}</MaxKeys><EncodingType>url</EncodingType>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}"
            f"{''.join(self._entry(key) for key in page)}</ListBucketResult>"
        )

    def _entry(self, key: str) -> str:
        one = self.objects[key]
        modified = one.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return (
            f"<Contents><Key>{quote(key)}</Key><LastModified>{modified}</LastModified><ETag>&quot;{one.etag}&quot;"
            f"</ETag><Size>{one.size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )


@dataclass
class Request:
    """One request, its body read."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Server:
    """Every connection has a thread."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {"input": Bucket(), "output": Bucket()}
        self.requests: Counter[str] = Counter()
        self.pattern = os.memfd_create("pattern")
        with open(self.pattern, "wb", closefd=False) as file:
            for _ in range(PATTERN_BYTES >> 20):
                file.write(os.urandom(1 << 20))

    def converse(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb", 1 << 16) as reader, contextlib.suppress(OSError):
            while request := read_request(reader, connection):
                self.answer(request, connection)

    def answer(self, request: Request, connection: socket.socket) -> None:
        if request.path.startswith("/_"):
            send(connection, 200, "", json.dumps(self.control(request)).encode())
            return
        bucket_name, _, key = request.path[1:].partition("/")
        bucket = self.buckets[bucket_name]
        kind = request.method if key else ("HEAD bucket" if request.method == "HEAD" else "LIST")
        self.requests[kind] += 1
        if kind == "LIST":
            send(connection, 200, "Content-Type: application/xml\r\n", bucket.page(request.query).encode())
        elif kind == "PUT":
            send(connection, 200, put(bucket, key, request).headers(), b"")
        elif kind == "HEAD bucket":
            send(connection, 200, "", b"")
        else:
            self.give(bucket.objects.get(key), connection, with_body=kind == "GET")

    def give(self, stored: Stored | None, connection: socket.socket, *, with_body: bool) -> None:
        if stored is None:
            error = b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>" if with_body else b""
            send(connection, 404, "", error)
            return
        size = stored.size
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n{stored.headers()}\r\n".encode()
        if not with_body:
            connection.sendall(head)
        elif stored.body is not None:
            connection.sendall(head + stored.body)
        else:
            connection.sendall(head)
            position = stored.offset
            end = position + size
            while position < end:
                within = position % PATTERN_BYTES
                position += os.sendfile(
                    connection.fileno(), self.pattern, within, min(end - position, PATTERN_BYTES - within)
                )

    def control(self, request: Request) -> Any:
        if request.path == "/_objects":
            for bucket, key, size, metadata in json.loads(request.body):
                etag = hashlib.md5(f"{key} {size}".encode(), usedforsecurity=False).hexdigest()
                self.buckets[bucket].put(key, Stored(size, etag, metadata))
            return {}
        counted, self.requests = dict(self.requests), Counter()
        return counted


def put(bucket: Bucket, key: str, request: Request) -> Stored:
    start = "x-amz-meta-"
    metadata = {name.removeprefix(start): value for name, value in request.headers.items() if name.startswith(start)}
    etag = hashlib.md5(request.body, usedforsecurity=False).hexdigest()
    stored = Stored(len(request.body), etag, metadata, request.body)
    bucket.put(key, stored)
    return stored


def read_request(reader: Any, connection: socket.socket) -> Request | None:
    line = reader.readline()
    if not line:
        return None
    method, target, _ = line.decode().split(" ", 2)
    headers = {}
    while (line := reader.readline().strip()) != b"":
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    assert "transfer-encoding" not in headers, "bodies of announced length only"
    if "100-continue" in headers.get("expect", ""):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = reader.read(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Request(method, unquote(parts.path), query, headers, body)


def send(connection: socket.socket, status: int, headers: str, body: bytes) -> None:
    start = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    connection.sendall(start.encode() + body)


def main() -> None:
    server = Server()
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    Path(sys.argv[1]).write_text(str(listener.getsockname()[1]))
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=server.converse, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
