"""The two ends of `benchmarks/transfer_object.py`, each a process that costs next to nothing.

    python benchmarks/transfer_wire.py source|sink PORT_FILE

`source` answers S3's HEAD and GET; a key such as ``1048576.wav`` has so many bytes, which the kernel sends
(``sendfile``) from memory. `sink` swallows a request's body, of announced length or chunked, and answers with a job as
Fluxions does, and with how many bytes came. moto's server and our emulator are Python through and through, and would
be measured instead of the client.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

PATTERN_BYTES = 64 << 20
DISCARD_BYTES = 1 << 20
FACTS = 'ETag: "benchmark"\r\nLast-Modified: Wed, 01 Oct 2025 00:00:00 GMT\r\nContent-Type: audio/wav\r\n'
# The end of a chunked body. Random bytes end a read like this once in 2 ** 56 times.
LAST_CHUNK = b"\r\n0\r\n\r\n"


def read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return a request's head and what came of its body; an empty head at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65_536)
        if not more:
            return b"", b""
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def source(connection: socket.socket, pattern: int) -> None:
    while head := read_head(connection)[0]:
        found = re.match(rb"(HEAD|GET) /\S*?(\d+)\.wav", head)
        size = int(found[2]) if found else 0
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n{FACTS}\r\n".encode())
        left = size if head.startswith(b"GET") else 0
        while left:
            offset = (size - left) % PATTERN_BYTES
            left -= os.sendfile(connection.fileno(), pattern, offset, min(left, PATTERN_BYTES - offset))


def sink(connection: socket.socket, _: int) -> None:
    buffer = bytearray(DISCARD_BYTES)
    view = memoryview(buffer)
    while True:
        head, rest = read_head(connection)
        if not head:
            return
        if b"100-continue" in head:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        received, tail = len(rest), rest[-len(LAST_CHUNK) :]
        while received < int(length[1]) if length else tail != LAST_CHUNK:
            count = connection.recv_into(buffer)
            if not count:
                return
            received += count
            tail = (tail + bytes(view[max(0, count - len(LAST_CHUNK)) : count]))[-len(LAST_CHUNK) :]
        job = {"id": 1, "status": "submitted", "created_at": "2025-10-24T10:35:00.000Z", "cached": False}
        body = json.dumps({**job, "received": received, "is_chunked": length is None}).encode()
        answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(answer.encode() + body)


def serve(answer: Callable[[socket.socket, int], None], port_file: Path) -> None:
    pattern = os.memfd_create("pattern")
    with open(pattern, "wb", closefd=False) as file:
        for _ in range(PATTERN_BYTES >> 20):
            file.write(os.urandom(1 << 20))
    listener = socket.create_server(("127.0.0.1", 0))
    port_file.write_text(str(listener.getsockname()[1]))
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=answer, args=(connection, pattern), daemon=True).start()


if __name__ == "__main__":
    serve({"source": source, "sink": sink}[sys.argv[1]], Path(sys.argv[2]))
