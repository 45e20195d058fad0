"""A local Redis from the program that this machine has: the broker of Celery."""

from __future__ import annotations

import secrets
import shutil
import socket
from pathlib import Path

from harness.processes import HarnessError, ManagedProcess, free_port, stop_all
from harness.service import Service
from harness.settings import clean_environment

START_SECONDS = 30.0


class LocalRedis(Service):
    """A Redis on a free port of loopback, with a random password and nothing on disk; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Its settings and its log go to `folder`. Nothing starts yet; HarnessError where Redis is not installed."""
        program = shutil.which("redis-server")
        if program is None:
            raise HarnessError("Redis is not installed. On Debian: sudo apt-get install redis-server")
        self.port = free_port()
        self._password = secrets.token_hex(16)
        self._settings = folder / "redis.conf"
        self.process = ManagedProcess(
            "Redis", [program, str(self._settings)], folder / "redis.log", clean_environment()
        )

    def url(self, database: int) -> str:
        """The address of one of its numbered databases."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Write its settings and start it without waiting for it."""
        self._settings.parent.mkdir(parents=True, exist_ok=True)
        # In a file that only we read: other users of the machine see a process's arguments.
        self._settings.touch(mode=0o600)
        self._settings.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self._password}\n"
            f'dir "{self._settings.parent}"\nsave ""\nappendonly no\n'
        )
        self.process.start()

    def wait_ready(self) -> None:
        """Wait until the server answers."""
        self.process.wait_ready(self._answers, START_SECONDS)

    def stop(self) -> None:
        """Stop the server; what it held is gone."""
        stop_all([self.process])

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2.0) as connection:
                connection.sendall(b"PING\r\n")
                # Without the password it only says that it wants one.
                return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False
