"""Send responses, complete or broken."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from airflow_provider_fluxions.emulator.record import RecordedRequest
from airflow_provider_fluxions.emulator.replies import Reply

TRANSPORT_EXTENSION = "fluxions.transport"
_SLOW_PIECES = 10
# l_onoff=1, l_linger=0: closing then sends RST instead of FIN (man 7 socket).
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Wire:
    """Sends a response to one client.

    The request is recorded before the bytes are sent, so a client never receives a response without its record.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        record: RecordedRequest,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._record = record
        self._sleep = sleep

    async def send(self, answer: Reply, spread_over_seconds: float = 0.0) -> None:
        """Send a complete response, with its body at once or in ten pieces over some seconds."""
        self._record.status, self._record.ending = answer.status, "answered"
        await self._head(answer)
        if spread_over_seconds:
            step = max(1, -(-len(answer.body) // _SLOW_PIECES))
            for start in range(0, len(answer.body), step):
                await self._body(answer.body[start : start + step], more=True)
                await self._sleep(spread_over_seconds / _SLOW_PIECES)
            await self._body(b"", more=False)
        elif answer.chunk_bytes:
            for start in range(0, len(answer.body), answer.chunk_bytes):
                await self._body(answer.body[start : start + answer.chunk_bytes], more=True)
            await self._body(b"", more=False)
        else:
            await self._body(answer.body, more=False)

    async def send_cut(self, answer: Reply, size_bytes: int) -> None:
        """Announce the whole body, or a stream, send its first `size_bytes` and close the connection (FIN)."""
        self._record.status, self._record.ending = answer.status, "cut"
        await self._head(answer)
        await self._body(answer.body[: min(size_bytes, len(answer.body) - 1)], more=True)
        self._transport().close()
        await self._until_gone()

    async def send_drip(self, answer: Reply, head_seconds: float, body_seconds: float) -> None:
        """Send a complete response byte by byte, with a pause after each; then close, or stop if the client has left.

        A pause of 0 sends the head, or the body, at once.
        """
        self._record.status, self._record.ending = answer.status, "answered"
        # uvicorn sends a head at once, so these bytes bypass it.
        lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}".encode()]
        lines += [name + b": " + value for name, value in (*_headers(answer), (b"connection", b"close"))]
        transport = self._transport()
        await self._drip(transport, b"\r\n".join(lines) + b"\r\n\r\n", head_seconds)
        await self._drip(transport, answer.body, body_seconds)
        transport.close()
        await self._until_gone()

    async def _drip(self, transport: asyncio.Transport, data: bytes, seconds: float) -> None:
        if not seconds:
            transport.write(data)
            return
        for position in range(len(data)):
            if transport.is_closing():
                return
            transport.write(data[position : position + 1])
            await self._sleep(seconds)

    async def reset(self) -> None:
        """Cut the connection: the client's next read or write fails with "connection reset by peer"."""
        self._record.ending = "reset"
        transport = self._transport()
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        transport.abort()
        await self._until_gone()

    async def _head(self, answer: Reply) -> None:
        await self._send({"type": "http.response.start", "status": answer.status, "headers": _headers(answer)})

    async def _body(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _until_gone(self) -> None:
        # uvicorn logs an unfinished response unless it has noticed the end of the connection.
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _transport(self) -> asyncio.Transport:
        transport = self._scope.get("extensions", {}).get(TRANSPORT_EXTENSION)
        if not isinstance(transport, asyncio.Transport):
            raise RuntimeError("Cutting a connection needs EmulatorServer: this server does not show its transport")
        return transport


def _headers(answer: Reply) -> list[tuple[bytes, bytes]]:
    headers = [] if answer.chunk_bytes else [(b"content-length", str(len(answer.body)).encode())]
    if answer.content_type is not None:
        headers.append((b"content-type", answer.content_type.encode()))
    return headers + [(name.lower().encode(), value.encode()) for name, value in answer.headers]


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
