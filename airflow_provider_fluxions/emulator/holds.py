"""Requests that are held at a stage until they are released."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import TypedDict

import requests

_CALLBACK_TIMEOUT_SECONDS = 10.0


class _Told(TypedDict):
    name: str
    stage: str
    request: int
    job_id: int | None


@dataclass(frozen=True)
class Hold:
    """A held request.

    `request` is its number in the record of requests, `job_id` the job it created, if any.
    """

    name: str
    stage: str
    request: int
    job_id: int | None = None
    _loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False, compare=False)
    _event: asyncio.Event | None = field(default=None, repr=False, compare=False)

    def _release(self) -> None:
        if self._loop is not None and self._event is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)


class HoldBoard:
    """All held requests.

    `hold` runs in the server's event loop, the rest in any thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._holds: list[Hold] = []

    def current(self) -> list[Hold]:
        """The held requests."""
        with self._changed:
            return list(self._holds)

    def wait_for(self, name: str, timeout_seconds: float) -> bool:
        """Block until a request is held under `name`; return False if none arrives in time."""
        with self._changed:
            return self._changed.wait_for(lambda: any(h.name == name for h in self._holds), timeout_seconds)

    def release(self, name: str | None = None) -> int:
        """Release the requests held under `name` (None: all) and return their number."""
        with self._changed:
            chosen = [hold for hold in self._holds if name is None or hold.name == name]
            self._holds = [hold for hold in self._holds if hold not in chosen]
        for hold in chosen:
            hold._release()
        return len(chosen)

    async def hold(self, name: str, stage: str, request: int, job_id: int | None, callback_url: str | None) -> None:
        """Wait until released.

        The callback is sent when the hold is listed, so its receiver can release it.
        """
        event = asyncio.Event()
        hold = Hold(name, stage, request, job_id, asyncio.get_running_loop(), event)
        with self._changed:
            self._holds.append(hold)
            self._changed.notify_all()
        if callback_url is not None:
            told = _Told(name=name, stage=stage, request=request, job_id=job_id)
            await asyncio.to_thread(_call_back, callback_url, told)
        await event.wait()


def _call_back(url: str, told: _Told) -> None:
    with requests.Session() as session:
        session.trust_env = False
        try:
            session.post(url, json=told, timeout=_CALLBACK_TIMEOUT_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            # The request stays held, because a failed callback must not release it. The control API can.
            print(f"callback to {url} failed: {type(error).__name__}", flush=True)
