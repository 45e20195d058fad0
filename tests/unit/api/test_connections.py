"""The last byte of an upload, on real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakSet

import pytest
from urllib3.connection import HTTPConnection

from airflow_provider_fluxions.api.audio import LastByte, UploadBody, audio_source
from airflow_provider_fluxions.api.connections import pool_classes
from airflow_provider_fluxions.api.limits import Call, limited

BLOCK = bytes(65_536)
STOPPED_SECONDS = 60.0


class Guard:
    """Records what happened when it was called; `error` ends the upload."""

    def __init__(self, happened: list[str], error: Exception | None = None) -> None:
        self.happened = happened
        self.error = error

    def beat(self) -> None:
        """A block was sent."""

    def before_last_byte(self) -> None:
        self.happened.append("checked")
        if self.error:
            raise self.error


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def filled(sock: socket.socket) -> int:
    """Send until the system takes no more; return the bytes."""
    sent = 0
    sock.setblocking(False)
    while True:
        try:
            sent += sock.send(BLOCK)
        except BlockingIOError:
            return sent


def connection_on(sock: socket.socket) -> HTTPConnection:
    connection = pool_classes(WeakSet())["http"].ConnectionCls("127.0.0.1")
    connection.sock = sock
    return connection  # type: ignore[return-value]


def last_byte(guard: Guard) -> LastByte:
    *_, last = UploadBody(audio_source(b"RIFF audio"), guard)
    assert isinstance(last, LastByte)
    guard.happened.clear()
    return last


def send(connection: HTTPConnection, data: bytes) -> None:
    with limited(Call(STOPPED_SECONDS, total_seconds=STOPPED_SECONDS)):
        connection.send(data)


def test_the_guard_is_called_when_the_system_has_room_for_the_last_byte(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    """Until then a process can be stopped for any time, and another try can start."""
    ours, theirs = ends
    happened: list[str] = []
    connection, last = connection_on(ours), last_byte(Guard(happened))
    waits = threading.Event()
    left = filled(ours)

    def upload() -> None:
        waits.set()
        send(connection, last)

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(upload)
        waits.wait(10)
        # The byte cannot have been sent, whatever the thread does first.
        happened.append("read")
        while left:
            left -= len(theirs.recv(min(left, len(BLOCK))))
        sending.result(10)
    assert happened == ["read", "checked"]
    assert theirs.recv(2) == last


def test_a_guard_that_raises_ends_the_upload_before_its_last_byte(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    last = last_byte(guard := Guard([]))
    guard.error = LookupError("there is a job")
    with pytest.raises(LookupError):
        send(connection_on(ours), last)
    ours.close()
    assert theirs.recv(1) == b""
