"""One request of a round, made in a thread of the round's own."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from airflow_provider_fluxions.polling.answers import Answer
from airflow_provider_fluxions.polling.sweep import Round, next_answer

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient


async def ask(
    client: FluxionsClient,
    pool: ThreadPoolExecutor,
    requests: Round,
    answer: Answer | None,
    still_wanted: Container[str],
    max_seconds: float,
) -> Answer | None:
    """Make the round's next request in the thread; break it off where it takes longer than ``max_seconds``.

    :raises FluxionsRequestError: no usable answer.
    """
    loop = asyncio.get_running_loop()
    asked = loop.run_in_executor(pool, next_answer, client, requests, answer, still_wanted)
    alarm = loop.call_later(max_seconds, client.abort)
    try:
        return await asked
    finally:
        alarm.cancel()
