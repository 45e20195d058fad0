"""A small S3 for `transfer*.py` and `speech.py`, in a process of its own: what the transfers use of the protocol.

    python benchmarks/transfer_s3.py PORT_FILE

moto's server sorts all keys for every page, takes milliseconds for a GET and copies the parts of an upload; it would be
measured instead of us. This one keeps keys sorted, lets the kernel send recordings (``sendfile``) and keeps in memory
what is put; the parts of an upload become its object without a copy. Conditions of writes and reads are checked under
a lock, signatures and checksums are not. An ETag is a random number.

``POST /_objects`` adds objects with generated content. ``GET /_requests`` returns the number of requests of each kind
since the last call. ``GET /_times`` returns kind, key, start and end of each (seconds of the machine's monotonic clock)
and the CPU seconds of this process.
"""

from __future__ import annotations

import bisect
import contextlib
import hashlib
import json
import os
import re
import secrets
import socket
import sys
import threading
import time
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
    """An object; without ``blocks`` its content is the pattern from ``offset`` on."""

    size: int
    etag: str
    metadata: dict[str, str] = field(default_factory=dict)
    blocks: list[bytes] | None = None
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def offset(self) -> int:
        return int(self.etag[:8], 16) % PATTERN_BYTES

    def headers(self) -> str:
        when = format_datetime(self.modified, usegmt=True)
        metadata = "".join(f"x-amz-meta-{name}: {value}\r\n" for name, value in self.metadata.items())
        return f'ETag: "{self.etag}"\r\nLast-Modified: {when}\r\n{metadata}'


@dataclass
class Upload:
    """A multipart upload in progress: its parts by number."""

    metadata: dict[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


class Bucket:
    """Objects by key, and the keys in order."""

    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self.uploads: dict[str, Upload] = {}
        self._keys: list[str] | None = []
        self._lock = threading.Lock()

    def put(self, key: str, stored: Stored, conditions: dict[str, str] | None = None) -> bool:
        """Store an object; return False if the headers of the request have a condition that is not met."""
        with self._lock:
            if not is_met(self.objects.get(key), conditions or {}):
                return False
            if key not in self.objects:
                self._keys = None
            self.objects[key] = stored
            return True

    def delete(self, key: str) -> None:
        with self._lock:
            if self.objects.pop(key, None):
                self._keys = None

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
            f"{''.join(self._entry(key, one) for key in page if (one := self.objects.get(key)))}</ListBucketResult>"
        )

    def _entry(self, key: str, one: Stored) -> str:
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
    began: float


class Server:
    """Every connection has a thread."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {"input": Bucket(), "output": Bucket()}
        self.requests: Counter[str] = Counter()
        self.times: list[tuple[str, str, float, float]] = []
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
            send(connection, 200, json.dumps(self.control(request)).encode())
            return
        bucket_name, _, key = request.path[1:].partition("/")
        bucket, kind = self.buckets[bucket_name], kind_of(request, key)
        self.requests[kind] += 1
        if kind in ("GET", "HEAD"):
            self.give(bucket.objects.get(key), connection, request)
        else:
            send(connection, *answer_of(kind, bucket, key, request))
        self.times.append((kind, key, request.began, time.monotonic()))

    def give(self, stored: Stored | None, connection: socket.socket, request: Request) -> None:
        with_body = request.method == "GET"
        if stored is None or not is_met(stored, request.headers):
            status, code = (404, "NoSuchKey") if stored is None else (412, "PreconditionFailed")
            send(connection, status, error(code) if with_body else b"")
            return
        start, end = span_of(request.headers.get("range"), stored.size)
        status = 206 if "range" in request.headers else 200
        places = f"Content-Range: bytes {start}-{end - 1}/{stored.size}\r\n" if status == 206 else ""
        head = f"HTTP/1.1 {status} OK\r\nContent-Length: {end - start}\r\n{places}{stored.headers()}\r\n"
        connection.sendall(head.encode())
        if with_body and stored.blocks is None:
            self.send_pattern(connection, stored.offset + start, stored.offset + end)
        elif with_body:
            send_blocks(connection, stored.blocks or [], start, end)

    def send_pattern(self, connection: socket.socket, position: int, end: int) -> None:
        while position < end:
            within = position % PATTERN_BYTES
            most = min(end - position, PATTERN_BYTES - within)
            position += os.sendfile(connection.fileno(), self.pattern, within, most)

    def control(self, request: Request) -> Any:
        if request.path == "/_objects":
            for bucket, key, size, metadata in json.loads(request.body):
                etag = hashlib.md5(f"{key} {size}".encode(), usedforsecurity=False).hexdigest()
                self.buckets[bucket].put(key, Stored(size, etag, metadata))
            return {}
        if request.path == "/_times":
            times, self.times = self.times, []
            return {"requests": times, "cpu_seconds": time.process_time()}
        counted, self.requests = dict(self.requests), Counter()
        return counted


def kind_of(request: Request, key: str) -> str:
    """Return a request's method, or a name for what is done with a bucket or an upload."""
    if not key:
        return "HEAD bucket" if request.method == "HEAD" else "LIST"
    if "uploads" in request.query:
        return "CREATE"
    if "uploadId" in request.query:
        return {"PUT": "PART", "POST": "COMPLETE", "DELETE": "ABORT"}[request.method]
    return request.method


def answer_of(kind: str, bucket: Bucket, key: str, request: Request) -> tuple[int, bytes, str]:
    """Do what a request wants; return status, body and headers of the response."""
    upload_id = request.query.get("uploadId", "")
    if kind == "LIST":
        return 200, bucket.page(request.query).encode(), "Content-Type: application/xml\r\n"
    if kind == "PUT":
        stored = Stored(len(request.body), secrets.token_hex(16), metadata_of(request), [request.body])
        is_done = bucket.put(key, stored, request.headers)
        return (200, b"", stored.headers()) if is_done else (412, error("PreconditionFailed"), "")
    if kind == "CREATE":
        upload_id = secrets.token_hex(16)
        bucket.uploads[upload_id] = Upload(metadata_of(request))
        return 200, result("InitiateMultipartUpload", f"<UploadId>{upload_id}</UploadId>"), ""
    if kind == "PART":
        upload, number = bucket.uploads.get(upload_id), int(request.query["partNumber"])
        if upload is None:
            return 404, error("NoSuchUpload"), ""
        upload.parts[number] = request.body
        return 200, b"", f'ETag: "{upload_id}{number}"\r\n'
    if kind == "COMPLETE":
        return completed(bucket, key, request)
    if kind == "ABORT":
        bucket.uploads.pop(upload_id, None)
        return 204, b"", ""
    if kind == "DELETE":
        bucket.delete(key)
        return 204, b"", ""
    return 200, b"", ""


def completed(bucket: Bucket, key: str, request: Request) -> tuple[int, bytes, str]:
    upload_id = request.query["uploadId"]
    upload = bucket.uploads.get(upload_id)
    if upload is None:
        return 404, error("NoSuchUpload"), ""
    numbers = [int(one) for one in re.findall(rb"<PartNumber>(\d+)</PartNumber>", request.body)]
    assert numbers == sorted(upload.parts), "all parts, in order"
    blocks = [upload.parts[number] for number in numbers]
    etag = f"{secrets.token_hex(16)}-{len(blocks)}"
    if not bucket.put(key, Stored(sum(map(len, blocks)), etag, upload.metadata, blocks), request.headers):
        return 412, error("PreconditionFailed"), ""
    del bucket.uploads[upload_id]
    return 200, result("CompleteMultipartUpload", f"<ETag>&quot;{etag}&quot;</ETag>"), ""


def is_met(stored: Stored | None, headers: dict[str, str]) -> bool:
    """Return whether an object is as If-Match and If-None-Match say."""
    wanted = headers.get("if-match", "").strip('"')
    if wanted and (stored is None or stored.etag != wanted):
        return False
    return stored is None or "if-none-match" not in headers


def span_of(header: str | None, size: int) -> tuple[int, int]:
    """Return the first byte of a range and the one after its last."""
    start, _, last = (header or "bytes=0-").removeprefix("bytes=").partition("-")
    return int(start), min(int(last) + 1, size) if last else size


def metadata_of(request: Request) -> dict[str, str]:
    start = "x-amz-meta-"
    return {name.removeprefix(start): value for name, value in request.headers.items() if name.startswith(start)}


def read_request(reader: Any, connection: socket.socket) -> Request | None:
    line = reader.readline()
    if not line:
        return None
    began = time.monotonic()
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
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    return Request(method, unquote(parts.path), query, headers, body, began)


def send(connection: socket.socket, status: int, body: bytes, headers: str = "") -> None:
    start = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    connection.sendall(start.encode() + body)


def send_blocks(connection: socket.socket, blocks: list[bytes], start: int, end: int) -> None:
    """Send the bytes from ``start`` to ``end`` of all blocks together."""
    offset = 0
    for block in blocks:
        connection.sendall(memoryview(block)[max(0, start - offset) : max(0, end - offset)])
        offset += len(block)


def error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>none</Message></Error>".encode()


def result(name: str, fields: str) -> bytes:
    start = f'<?xml version="1.0"?><{name}Result xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    return f"{start}{fields}</{name}Result>".encode()


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
