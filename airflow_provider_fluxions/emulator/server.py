"""The emulator on a socket: uvicorn in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from airflow_provider_fluxions.emulator.app import build_app
from airflow_provider_fluxions.emulator.delivery import TRANSPORT_EXTENSION
from airflow_provider_fluxions.emulator.emulator import Emulator

_START_TIMEOUT_SECONDS = 10.0
_STOP_TIMEOUT_SECONDS = 10.0
# Longer than clients keep a connection in their pool, so that no test gets an unexpected close.
_KEEP_ALIVE_SECONDS = 120
_BACKLOG = 512


class EmulatorServer:
    """Serves an emulator from `start` to `stop`, or as a context manager. Port 0 selects a free port.

    It serves requests for loopback hosts and for the emulator's `allowed_hosts`. A server that listens on more than
    loopback also serves requests for any IP address.
    Stopping releases all holds. The emulator stays usable, and another server can serve it.
    """

    def __init__(self, emulator: Emulator, host: str = "127.0.0.1", port: int = 0) -> None:
        self.emulator = emulator
        self._host = host
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port in use after the start."""
        return self._port

    @property
    def base_url(self) -> str:
        """The base URL for clients; for a server on all interfaces, with the loopback address."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    def start(self) -> EmulatorServer:
        """Listen, and return when the server accepts requests.

        :raises OSError: if the address cannot be bound.
        :raises RuntimeError: if the server did not start.
        """
        listener = _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            build_app(self.emulator, self._host),
            # uvloop, which Airflow 3 installs, has other transports that cannot be cut here.
            loop="asyncio",
            http=_TransportProtocol,
            ws="none",
            lifespan="off",
            # Only uvicorn's errors are logged, through the handlers of the process: uvicorn's own configuration would
            # close those of other libraries, and takes half of the time of a start.
            log_config=None,
            log_level="error",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        name = f"fluxions-emulator-{self._port}"
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name=name, daemon=True)
        self._thread.start()
        if not self._server.ready.wait(_START_TIMEOUT_SECONDS):
            raise RuntimeError("The emulator's server did not start")
        return self

    def stop(self) -> None:
        """Stop listening and wait for the server's thread. Without a running server this has no effect."""
        if self._server is None or self._thread is None:
            return
        self.emulator.release()
        self._server.should_exit = True
        self._thread.join(_STOP_TIMEOUT_SECONDS)
        self._server = self._thread = None

    def __enter__(self) -> EmulatorServer:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio disables Nagle's algorithm only for a named protocol; otherwise every response waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # A restarted emulator must get its port again, although old connections linger.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """Signals when it is ready, so that callers need not poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class _TransportProtocol(H11Protocol):
    """Gives each request its transport, because ASGI cannot cut a connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self.app: Any = _with_transport(self.app, transport)


def _with_transport(app: Any, transport: asyncio.Transport) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {**scope.get("extensions", {}), TRANSPORT_EXTENSION: transport}
        await app({**scope, "extensions": extensions}, receive, send)

    return wrapped
