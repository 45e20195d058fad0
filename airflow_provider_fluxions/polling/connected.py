"""What a loop on one connection has for as long as it runs: a task, a client, and a thread for its requests."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from airflow_provider_fluxions.polling.calls import Calls
from airflow_provider_fluxions.polling.clock import LoopClock

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

Connect = Callable[[], Awaitable["FluxionsClient"]]


def start_alone(run: Callable[[], Coroutine[None, None, None]], name: str) -> asyncio.Task[None]:
    """Start a task in an empty context: else it would log into the trigger that happened to start it."""
    create = asyncio.get_running_loop().create_task
    return contextvars.Context().run(lambda: create(run(), name=name))


@asynccontextmanager
async def connected(connect: Connect, name: str, clock: LoopClock) -> AsyncIterator[tuple[FluxionsClient, Calls]]:
    """Give the client and its calls; at the end break off the request that runs and let the thread end."""
    calls = Calls(name, clock)
    client: FluxionsClient | None = None
    try:
        client = await connect()
        yield client, calls
    finally:
        calls.close()
        if client is not None:
            client.abort()
            client.close()
