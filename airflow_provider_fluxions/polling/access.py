"""What a loop on one connection needs for as long as it runs: a task, a client, and a thread for its requests."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, TypeVar

from airflow_provider_fluxions.api.errors import FluxionsConnectionError
from airflow_provider_fluxions.polling.calls import Calls
from airflow_provider_fluxions.polling.clock import LoopClock

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

T = TypeVar("T")

Connect = Callable[[], Awaitable["FluxionsClient"]]


def start_alone(run: Callable[[], Coroutine[None, None, T]], name: str) -> asyncio.Task[T]:
    """Start a task in an empty context: otherwise it would log into the trigger that happened to start it."""
    create = asyncio.get_running_loop().create_task
    return contextvars.Context().run(lambda: create(run(), name=name))


class Access:
    """The client of a loop, and the thread in which it makes requests.

    The connection is read before the first request, and again before the next one after `drop`.
    """

    def __init__(self, connect: Connect, name: str, clock: LoopClock) -> None:
        self._connect = connect
        self._name = name
        self._clock = clock
        self._calls = Calls(name, clock)
        self._client: FluxionsClient | None = None
        self._connecting: asyncio.Task[FluxionsClient] | None = None

    async def make(self, call: Callable[[FluxionsClient], T]) -> T:
        """Return what ``call`` returns for the client; it runs in the thread.

        :raises FluxionsError: the connection could not be read, or the request failed.
        """
        if self._client is None:
            self._client = await self._connected()
        client = self._client
        return await self._calls.make(lambda: call(client), client.abort)

    def drop(self) -> None:
        """Close the client, so that the next request reads the connection again."""
        client, self._client = self._client, None
        if client is not None:
            client.abort()
            client.close()

    def close(self) -> None:
        """Abort the request that runs, close the client, and let the thread end."""
        self._calls.close()
        self.drop()
        if self._connecting is not None:
            self._connecting.add_done_callback(_close_client)

    async def _connected(self) -> FluxionsClient:
        """Read the connection in bounded time.

        A read that takes longer continues, and the next request waits for it: Airflow's own channel to the
        connection does not bear a cancellation in the middle of an exchange on every supported version.
        """
        if self._connecting is None:

            async def connect() -> FluxionsClient:
                return await self._connect()

            self._connecting = start_alone(connect, f"{self._name}-connect")
        await asyncio.wait([self._connecting], timeout=self._clock.max_request_seconds)
        if not self._connecting.done():
            raise FluxionsConnectionError(
                f"The connection could not be read within {self._clock.max_request_seconds:.0f} s: the secrets backend "
                "or Airflow's API server does not respond."
            )
        done, self._connecting = self._connecting, None
        return done.result()


def _close_client(connecting: asyncio.Task[FluxionsClient]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()
