"""Notice that an upload paused so long that another try might have started."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_fluxions.api.elapsed import elapsed_seconds

# Airflow's tasks send a heartbeat every 5 s. After `task_instance_heartbeat_timeout` (default 300 s) without one, the
# task gets its next try, even if its process is only paused. Three missing heartbeats justify one request.
STALL_SECONDS = 15.0


class StallWatch:
    """The longest time without progress, without intended pauses.

    :param now: The wall clock in seconds. It continues while a virtual machine is paused. If the clock is set, this
        costs at most one request.
    :param elapsed: Seconds of a clock that cannot be set.
    """

    def __init__(self, now: Callable[[], float], elapsed: Callable[[], float] = elapsed_seconds) -> None:
        self._clocks = (now, elapsed)
        self.reset()

    def reset(self) -> None:
        """Reset the measurement, because the state until now is known."""
        self.longest_seconds = 0.0
        self._last = [clock() for clock in self._clocks]

    def beat(self, expected_seconds: float = 0.0) -> None:
        """Record progress that was expected to take ``expected_seconds``."""
        times = [clock() for clock in self._clocks]
        # The larger of both: the wall clock can be set back, and the other might not count while a virtual machine is
        # paused.
        gap = max(time - last for time, last in zip(times, self._last, strict=True))
        self.longest_seconds = max(self.longest_seconds, gap - expected_seconds)
        self._last = times

    @property
    def is_stalled(self) -> bool:
        """Whether another try might have started since the last reset."""
        return self.longest_seconds > STALL_SECONDS
