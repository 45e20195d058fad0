"""The progress of a transfer in the log: a line every few seconds, never a line for each file."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

from airflow_provider_fluxions.api.humanize import duration
from airflow_provider_fluxions.pipeline.records import State

log = logging.getLogger(__name__)

REPORT_SECONDS = 10.0
_OPEN = (State.TO_DO, State.IN_FLIGHT, State.WRITING)
_SETTLED = (State.COMPLETED, State.ALREADY_DONE, State.FAILED)


class Progress:
    """Logs the progress of a transfer, at most every ``REPORT_SECONDS``.

    :param now: Epoch seconds.
    """

    def __init__(self, counts: Counter[State], now: Callable[[], float]) -> None:
        self._now = now
        self._started = self._reported = now()
        # Inputs that were finished before this start must not count for the rate.
        self._settled_before = count_finished(counts)

    def is_due(self) -> bool:
        """Whether a line is due."""
        return self._now() - self._reported >= REPORT_SECONDS

    def report(self, counts: Counter[State]) -> None:
        """Log a line."""
        self._reported = self._now()
        done_here = count_finished(counts) - self._settled_before
        log.info("%s", describe(counts, done_here, self._reported - self._started))


def count_finished(counts: Counter[State]) -> int:
    """Return the number of finished inputs."""
    return sum(counts[state] for state in _SETTLED)


def describe(counts: Counter[State], done_here: int, seconds: float) -> str:
    """Return the line: ``412 of 1,000 inputs done, 50 in progress, 3 failed; 8.3 inputs/s, about 2 min left.``

    :param done_here: Inputs finished within these seconds.
    """
    done, left = count_finished(counts) - counts[State.FAILED], sum(counts[state] for state in _OPEN)
    text = (
        f"{done:,} of {count_finished(counts) + left:,} inputs done, {counts[State.IN_FLIGHT]:,} in progress, "
        f"{counts[State.FAILED]:,} failed"
    )
    if not done_here or seconds <= 0:
        return f"{text}."
    rate = done_here / seconds
    return f"{text}; {rate:.1f} inputs/s, about {duration(left / rate)} left."
