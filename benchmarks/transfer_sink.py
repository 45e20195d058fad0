"""The far end of `benchmarks/transfer_object.py`, a process that costs next to nothing.

    python benchmarks/transfer_sink.py PORT_FILE

It swallows a request's body, of announced length or chunked, and answers with a job as Fluxions does, and with how many
bytes came. Our emulator hashes what it gets, and would be measured instead of the client.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
from pathlib import Path

DISCARD_BYTES = 1 << 20
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


def sink(connection: socket.socket) -> None:
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


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    Path(sys.argv[1]).write_text(str(listener.getsockname()[1]))
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=sink, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
