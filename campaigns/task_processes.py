"""Finding the process that runs a task, and killing it. Linux: it reads /proc."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from harness.processes import wait_until

_ESTABLISHED = "01"
_GONE_SECONDS = 10.0


def holds_connection(pid: int, server_port: int, client_port: int | None = None) -> bool:
    """Whether the process has a TCP connection open to a local server, from a certain port if one is given."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(server_port, client_port)}
    try:
        return any(str(entry.readlink()) in sockets for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # It ended, or closed the file, during the read.
        return False


def _inodes(server_port: int, client_port: int | None) -> Iterable[str]:
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            local, remote, state, inode = fields[1], fields[2], fields[3], fields[9]
            if state == _ESTABLISHED and _port(remote) == server_port and client_port in (None, _port(local)):
                yield inode


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def parent(pid: int) -> int:
    """The process id of a process's parent: the one that supervises a task."""
    return int(_stat(pid)[1])


def kill(pid: int, *, with_supervisor: bool = False) -> None:
    """SIGKILL a task's process, with `with_supervisor` its parent first: a lost machine. Returns when it is gone."""
    victims = [parent(pid), pid] if with_supervisor else [pid]
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    for victim in victims:
        wait_until(lambda victim=victim: is_gone(victim), f"process {victim} gone", _GONE_SECONDS)
    # The kernel closes its sockets with it; the server notices that a moment later.
    time.sleep(0.1)


def is_gone(pid: int) -> bool:
    """Whether the process has ended; its parent may not have noticed yet."""
    try:
        return _stat(pid)[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _stat(pid: int) -> list[str]:
    """State, parent and so on: what follows the name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
