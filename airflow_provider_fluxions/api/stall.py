"""Noticing that an upload stood still for so long that another try may have begun."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_fluxions.api.elapsed import elapsed_seconds

# Airflow's tasks send a heartbeat every 5 s, and a task that sends none for `task_instance_heartbeat_timeout` (300 s
# by default) gets its next try, although its process may only be stopped. Three heartbeats that are missing are
# reason enough for one request.
STALL_SECONDS = 15.0


class StallWatch:
    """The longest time in which a piece of work made no progress, pauses on purpose excluded.

    :param now: The wall clock, in seconds. It counts on where a virtual machine was paused. Setting it costs one
        request at most.
    :param elapsed: Seconds of a clock that nobody sets.
    """

    def __init__(self, now: Callable[[], float], elapsed: Callable[[], float] = elapsed_seconds) -> None:
        self._clocks = (now, elapsed)
        self.reset()

    def reset(self) -> None:
        """Forget what was: all that happened until now is known."""
        self.longest_seconds = 0.0
        self._last = [clock() for clock in self._clocks]

    def beat(self, expected_seconds: float = 0.0) -> None:
        """Note progress, which was to take ``expected_seconds``."""
        times = [clock() for clock in self._clocks]
        gap = max(time - last for time, last in zip(times, self._last, strict=True))
        self.longest_seconds = max(self.longest_seconds, gap - expected_seconds)
        self._last = times

    @property
    def is_stalled(self) -> bool:
        """Whether another try may have begun since the last reset."""
        return self.longest_seconds > STALL_SECONDS
