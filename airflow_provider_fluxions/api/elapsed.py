"""Elapsed time that includes pauses of this process."""

from __future__ import annotations

import time

# CLOCK_MONOTONIC counts while a process is stopped (SIGSTOP), but not while the machine is suspended; CLOCK_BOOTTIME
# counts both. Only Linux has it.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def elapsed_seconds() -> float:
    """Return seconds since a past instant, including pauses of the process and the machine.

    This clock cannot be set. On systems other than Linux, it does not count while the machine is suspended.
    """
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
