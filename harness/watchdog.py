"""Ends the sessions of processes whose owner has died, however it died.

Run as a script with the owner's pipe on standard input. Lines `+<sid>` and `-<sid>` say which sessions to
watch; the end of the pipe says that the owner is gone. Standard library only: it starts in some 20 ms.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path


def session_members(sid: int) -> list[int]:
    """Process ids that belong to session `sid` and still run.

    Airflow gives its tasks and parsers process groups of their own, so a group would miss them; they stay
    in the session. Where there is no /proc, the group of the leader is all that can be named.
    """
    proc = Path("/proc")
    if not proc.is_dir():
        return [sid]
    members = []
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # "pid (name) state ppid pgrp session ...": the name may hold anything, so read after its bracket.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if int(fields[3]) == sid and fields[0] not in "ZX":
            members.append(int(entry.name))
    return members


def signal_session(sid: int, number: signal.Signals) -> None:
    """Send a signal to every process of the session; ignore those that have already ended."""
    for pid in session_members(sid):
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def end_sessions(sids: Iterable[int], grace_seconds: float) -> None:
    """SIGTERM to every member of the sessions, SIGKILL to those left after the grace."""
    remaining = [sid for sid in sids if session_members(sid)]
    for sid in remaining:
        signal_session(sid, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(session_members(sid) for sid in remaining):
        time.sleep(0.1)
    for sid in remaining:
        signal_session(sid, signal.SIGKILL)


def main() -> None:
    """Follow the owner's pipe until it ends, then end what is still watched."""
    watched: set[int] = set()
    for line in sys.stdin:
        sid = int(line[1:])
        if line.startswith("+"):
            watched.add(sid)
        else:
            watched.discard(sid)
    end_sessions(watched, grace_seconds=3.0)


if __name__ == "__main__":
    main()
