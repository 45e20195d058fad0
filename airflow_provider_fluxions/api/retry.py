"""Clock, pauses between two attempts, and the deadline for attempts."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from airflow_provider_fluxions.api.errors import FluxionsRequestError, FluxionsUnknownOutcomeError
from airflow_provider_fluxions.api.stall import StallWatch

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_PAUSE_SECONDS = 60.0
# Maximum time to read a list again that cannot show whether a job exists. Service errors are retried until the
# deadline.
UNKNOWN_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Clock:
    """Time as an argument: ``sleep`` in seconds, ``jitter`` between 0 and 1.

    ``now`` is for deadlines: epoch seconds, because a deadline must survive a restart of the process. ``monotonic`` is
    for pauses and ages: seconds that do not jump when the machine's clock is set.
    """

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = field(default=random.random)
    monotonic: Callable[[], float] = time.monotonic


def pause_seconds(attempt: int, retry_after: float | None, jitter: float) -> float:
    """Return the pause in seconds after an attempt (1-based): doubled from 1 s up to 60 s, with a jitter of half of it.

    It is at least the pause that the service asked for.
    """
    # The exponent has a maximum: after 1,024 failures, which is 17 hours, the power would raise an OverflowError.
    # The jitter spreads triggerers that failed in the same second.
    backoff = min(MAX_PAUSE_SECONDS, 2.0 ** min(attempt - 1, 10)) * (0.5 + jitter / 2)
    return max(backoff, retry_after or 0.0)


class RetryBudget:
    """Pauses until a deadline, after which the error of the last attempt is raised.

    :param deadline: Epoch seconds.
    :param on_pause: Called with the seconds of each pause that a service error causes.
    :param watch: Notes the pauses as expected.
    """

    def __init__(
        self, deadline: float, clock: Clock, on_pause: Callable[[float], object] | None, watch: StallWatch
    ) -> None:
        self.deadline = deadline
        self.clock = clock
        self.on_pause = on_pause
        self.watch = watch

    @property
    def left_seconds(self) -> float:
        """The time until the deadline."""
        return self.deadline - self.clock.now()

    def sleep(self, seconds: float) -> None:
        """Sleep without counting as a stall."""
        self.watch.beat()
        self.clock.sleep(seconds)
        self.watch.beat(seconds)

    def pause(self, error: FluxionsRequestError | FluxionsUnknownOutcomeError, attempt: int) -> None:
        """Sleep before the next attempt, or raise the error if a retry cannot succeed or would be too late."""
        seconds = pause_seconds(attempt, getattr(error, "retry_after_seconds", None), self.clock.jitter())
        left = self.left_seconds
        # A pause past the deadline would only delay the same error.
        if not error.transient or seconds > left:
            raise error
        log.warning("%s Retrying in %.1f s (attempt=%d, left=%.0f s).", error, seconds, attempt, left)
        if self.on_pause:
            self.on_pause(seconds)
        self.sleep(seconds)

    def repeat(self, read: Callable[[], T]) -> T:
        """Return the result of a read, and repeat it until the deadline, or for five minutes if the outcome is unknown.

        :raises FluxionsRequestError: if the last attempt failed.
        :raises FluxionsUnknownOutcomeError: if the list could not show in the last attempt whether the job exists.
        """
        attempt, unknown_until = 0, self.clock.monotonic() + UNKNOWN_PATIENCE_SECONDS
        while True:
            attempt += 1
            try:
                return read()
            # A list without names may never become readable, so it does not use up the whole deadline.
            except FluxionsUnknownOutcomeError as error:
                if self.clock.monotonic() >= unknown_until:
                    raise
                self.pause(error, attempt)
            except FluxionsRequestError as error:
                self.pause(error, attempt)
