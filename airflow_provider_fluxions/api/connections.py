"""The connections below `requests`, with the limits of the running call.

The timeouts of `requests` and urllib3 start again with each received byte of the status line, the headers and the body.
These connections limit every read and write of a socket to the rest of the call.
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
from urllib3.util import wait_for_write

from airflow_provider_fluxions.api.audio import LastByte
from airflow_provider_fluxions.api.limits import Call, running_call

# Bytes of a response as sent: status line, headers and chunk sizes, in addition to the limit for its body.
OVERHEAD_BYTES = 1 << 20


class LimitedReader(io.RawIOBase):
    """A socket's bytes. Each read is limited to the rest of the running call."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._socket = sock
        self._read_bytes = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read once.

        :raises OSError: if the response is too large, or (`TimeoutError`) takes too long.
        """
        call = running_call()
        if call is not None:
            self._socket.settimeout(call.left_seconds())
            # Before a retry, urllib3 reads the body of a response of any size to its end.
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
    """A response with limited time and bytes for status line, headers and body. Its errors quote nothing."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(LimitedReader(raw, sock))

    def begin(self) -> None:
        """Read status line and headers.

        :raises http.client.HTTPException: if this is not HTTP. The text contains no data from the server, because
            urllib3 logs it.
        """
        is_http = True
        try:
            super().begin()
        # It is a BadStatusLine, too, but its text is Python's own and says what happened.
        except http.client.RemoteDisconnected:
            raise
        except (http.client.BadStatusLine, http.client.UnknownProtocol):
            is_http = False
        if not is_http:
            # Outside the except clause, so that the original, which quotes the server, is not its context.
            raise http.client.BadStatusLine("(not shown)")
        # urllib3 logs unparsable headers unchanged.
        self.msg.set_payload("")
        self.msg.defects = []


class _Limited:
    """The additions to both kinds of connections."""

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

        urllib3 keeps the connect timeout on the socket during a send, but a gateway can hold an upload until its
        machines have started.
        """
        call = running_call()
        if self.sock is None:
            self.connect()
        if call is None or not isinstance(data, bytes):
            super().send(data)  # type: ignore[misc]
            return
        # Each block has its own maximum: a large upload takes longer than any timeout for the whole body.
        call.start_part()
        if isinstance(data, LastByte):
            self._check_last_byte(data, call)
        self.sock.settimeout(call.left_seconds())
        if not isinstance(self.sock, ssl.SSLSocket):
            self.sock.sendall(data)  # its timeout applies to all bytes
            return
        with memoryview(data) as view:
            sent = 0
            while sent < len(view):  # TLS sends single records, and the timeout applies to one
                self.sock.settimeout(call.left_seconds())
                sent += self.sock.send(view[sent:])

    def _check_last_byte(self, data: LastByte, call: Call) -> None:
        # On a slow network the send buffer is full for seconds. A process that is stopped while it waits for room would
        # send the byte when it continues, without a check. So the guard is called when there is room.
        if not wait_for_write(self.sock, call.left_seconds()):
            raise TimeoutError("the last byte of the upload could not be sent in time")
        data.guard.before_last_byte()
        call.start_part()  # the guard can take as long as a scan of the job list

    def getresponse(self) -> Any:
        """Read a response within the seconds of a part."""
        call = running_call()
        if call is not None:
            call.start_part()
            # urllib3 sets the socket's timeout from this attribute before it reads the status line.
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
