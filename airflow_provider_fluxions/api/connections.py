"""The connections below `requests`, with the limits of the running call.

The timeouts of `requests` and urllib3 start again with each byte that arrives, in the status line, the headers and the
body. Here they end: every read and write of a socket takes at most what is left of the call.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from typing import Any
from weakref import WeakSet

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from airflow_provider_fluxions.api.limits import running_call

# Bytes of a response as sent: its status line, headers and chunk sizes come on top of the limit for its body.
OVERHEAD_BYTES = 1 << 20


class LimitedReader(io.RawIOBase):
    """A socket's bytes, each read within what is left of the running call."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._socket = sock
        self._read_bytes = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read once.

        :raises OSError: the response is too large, or (`TimeoutError`) takes too long.
        """
        call = running_call()
        if call is not None:
            self._socket.settimeout(call.left_seconds())
            # urllib3 reads the body of a response before a retry to its end, whatever its size.
            if self._read_bytes > call.max_bytes + OVERHEAD_BYTES:
                raise OSError(f"the response is larger than {call.max_bytes >> 20} MiB")
        count: int | None = self._raw.readinto(buffer)
        self._read_bytes += count or 0
        return count

    def close(self) -> None:
        """Close the socket's file."""
        super().close()
        self._raw.close()


class LimitedResponse(http.client.HTTPResponse):
    """A response whose status line, headers and body take limited time and bytes, and that quotes nothing."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(LimitedReader(raw, sock))

    def begin(self) -> None:
        """Read status line and headers.

        :raises http.client.HTTPException: this is not HTTP. The text does not contain what the server sent, because
            urllib3 logs it.
        """
        is_http = True
        try:
            super().begin()
        except http.client.RemoteDisconnected:
            raise
        except (http.client.BadStatusLine, http.client.UnknownProtocol):
            is_http = False
        if not is_http:
            raise http.client.BadStatusLine("(not shown)")
        # urllib3 logs headers that cannot be parsed, as they came.
        self.msg.set_payload("")
        self.msg.defects = []


class _Limited:
    """What both kinds of connections have in addition."""

    response_class: Any = LimitedResponse
    sock: Any
    timeout: float | None

    def connect(self) -> None:
        call = running_call()
        if call is not None:
            call.start_part()
            left = call.left_seconds()
            self.timeout = min(self.timeout, left) if isinstance(self.timeout, int | float) else left
        super().connect()  # type: ignore[misc]

    def send(self, data: Any) -> None:
        """Send a block within the seconds of a part.

        urllib3 leaves the connect timeout on the socket while it sends, but a gateway can hold an upload until its
        machines are awake.
        """
        call = running_call()
        if self.sock is None:
            self.connect()
        if call is None or not isinstance(data, bytes):
            super().send(data)  # type: ignore[misc]
            return
        call.start_part()
        self.sock.settimeout(call.left_seconds())
        if not isinstance(self.sock, ssl.SSLSocket):
            self.sock.sendall(data)  # its timeout is that of all bytes
            return
        with memoryview(data) as view:
            sent = 0
            while sent < len(view):  # TLS sends a record at a time, and the timeout is that of one
                self.sock.settimeout(call.left_seconds())
                sent += self.sock.send(view[sent:])

    def getresponse(self) -> Any:
        """Read a response within the seconds of a part."""
        call = running_call()
        if call is not None:
            call.start_part()
            self.timeout = call.left_seconds()
        return super().getresponse()  # type: ignore[misc]


def pool_classes(connections: WeakSet[HTTPConnection]) -> dict[str, type[HTTPConnectionPool]]:
    """Return the pools of limited connections by scheme; each connection is added to ``connections`` when it opens."""

    class LimitedHTTPConnection(_Limited, HTTPConnection):
        def connect(self) -> None:
            connections.add(self)
            super().connect()

    class LimitedHTTPSConnection(_Limited, HTTPSConnection):
        def connect(self) -> None:
            connections.add(self)
            super().connect()

    class HTTPPool(HTTPConnectionPool):
        ConnectionCls = LimitedHTTPConnection

    class HTTPSPool(HTTPSConnectionPool):
        ConnectionCls = LimitedHTTPSConnection

    return {"http": HTTPPool, "https": HTTPSPool}
