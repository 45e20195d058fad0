"""One poll loop per event loop and connection: the first waiter starts it, the last one stops it."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Hashable

from airflow_provider_fluxions.polling.access import Connect
from airflow_provider_fluxions.polling.clock import LoopClock
from airflow_provider_fluxions.polling.loop import PollLoop
from airflow_provider_fluxions.polling.observer import Nobody, Observer
from airflow_provider_fluxions.polling.verdict import Outcome, Watched

# Loops by event loop and connection; an event loop that ends takes its entry along.
_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, PollLoop]] = weakref.WeakKeyDictionary()


async def wait_for_jobs(
    watched: Watched,
    *,
    connection: Hashable,
    connect: Connect,
    poll_interval: float,
    deadline: float,
    clock: LoopClock | None = None,
    observer: Observer | None = None,
) -> Outcome:
    """Wait on the event loop until the jobs end, or the deadline passes, and note which have ended.

    :param connection: waiters with an equal one share requests.
    :param connect: returns a client for it; awaited before the shared loop's first request, and again after a refused
        key. The loop closes it.
    :param poll_interval: the most seconds between two looks, jittered. A young wait is looked at sooner: every
        quarter of its age, though at least 2 s apart, and never so often that it takes more than 2 requests a second.
    :param deadline: epoch seconds. There is a last look after it, even where the service asked for a pause.
    :param observer: hears what the shared loop does; the one of the first waiter does.
    :raises FluxionsError: the connection cannot work, or the service has refused the key for 10 minutes.
    """
    if watched.is_done:
        return Outcome.DONE
    loops = _loops.setdefault(asyncio.get_running_loop(), {})
    poll_loop = loops.get(connection)
    if poll_loop is None or poll_loop.ended:
        poll_loop = loops[connection] = PollLoop(connection, connect, clock or LoopClock(), observer or Nobody())
    try:
        return await poll_loop.wait(watched, poll_interval, deadline)
    finally:
        if not poll_loop.crowd.waiters and loops.get(connection) is poll_loop:
            del loops[connection]
            poll_loop.stop()
