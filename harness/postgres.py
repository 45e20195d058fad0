"""A local PostgreSQL from the programs that this machine has."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.processes import HarnessError, ManagedProcess, free_port, stop_all
from harness.service import Service
from harness.settings import clean_environment

START_SECONDS = 60.0
_COMMAND_SECONDS = 120.0
_DEBIAN = Path("/usr/lib/postgresql")
_USER = "harness"
# Nothing here outlives the server, so nothing has to reach the disk. Airflow's instants are read as UTC.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Shared memory in its own folder: what a killed server leaves is found in one place.
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
}


class LocalPostgres(Service):
    """A PostgreSQL server on a free port of loopback, with a random password; a context manager.

    Its data are gone when it stops. It does not touch any cluster that the machine has. PostgreSQL refuses to
    run as root: for root it runs as `postgres`, or as `nobody` where there is no such user.
    """

    def __init__(self, log: Path) -> None:
        """Nothing starts yet; HarnessError where PostgreSQL is not installed."""
        self.port = free_port()
        self._password = secrets.token_hex(16)
        self._programs = _programs()
        self._prefix, self._owner = _unprivileged()
        self._folder: Path | None = None
        # SIGTERM would wait for clients to go by themselves. The command needs the data's folder: see `start()`.
        self.process = ManagedProcess("PostgreSQL", [], log, clean_environment(), stop_signal=signal.SIGINT)

    def url(self, database: str, driver: str = "psycopg2") -> str:
        """SQLAlchemy's address of a database."""
        return f"postgresql+{driver}://{_USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Make the data folder and start the server without waiting for it."""
        # Not below the log: another user must get there, and the folders of tests are closed to others.
        self._folder = Path(tempfile.mkdtemp(prefix="fluxions-postgres-"))
        data = self._make_data(self._folder)
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(self.port)}.items()]
        self.process.command = [*self._prefix, str(self._programs / "postgres"), "-D", str(data), *settings]
        self.process.start()

    def wait_ready(self) -> None:
        """Wait until the server answers."""
        self.process.wait_ready(self._answers, START_SECONDS)

    def stop(self) -> None:
        """Stop the server and remove its data."""
        stop_all([self.process])
        if self._folder:
            shutil.rmtree(self._folder)
            self._folder = None

    def run(self, program: str, *arguments: str) -> str:
        """The output of one of PostgreSQL's programs, run on this server as its administrator."""
        address = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": _USER, "PGPASSWORD": self._password}
        return _output([str(self._programs / program), *arguments], address)

    def _make_data(self, folder: Path) -> Path:
        password = folder / "password"
        password.write_text(self._password)
        if self._owner is not None:
            for path in (folder, password):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        _output(
            [
                *self._prefix, str(self._programs / "initdb"), "-D", str(folder / "data"), "-U", _USER,
                "--pwfile", str(password), "--auth", "scram-sha-256",
                "--encoding", "UTF8", "--locale", "C", "--no-sync",
            ],
            {},
        )  # fmt: skip
        password.unlink()
        return folder / "data"

    def _answers(self) -> bool:
        ask = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ask, timeout=_COMMAND_SECONDS).returncode == 0


def _programs() -> Path:
    """The folder with PostgreSQL's programs, the newest version of Debian's before what PATH has."""
    installed = [folder for folder in _DEBIAN.glob("*/bin") if (folder / "initdb").exists()]
    if installed:
        return max(installed, key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    if found is None:
        raise HarnessError("PostgreSQL is not installed. On Debian: sudo apt-get install postgresql")
    return Path(found).resolve().parent


def _unprivileged() -> tuple[list[str], pwd.struct_passwd | None]:
    """What to put before a command so that it does not run as root, and the user that it then runs as."""
    if os.geteuid() != 0:
        return [], None
    known = {user.pw_name: user for user in pwd.getpwall()}
    owner = known.get("postgres") or known["nobody"]
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"], owner


def _output(command: Sequence[str], variables: dict[str, str]) -> str:
    # In the root folder: the user of the command may not read the one that we are in.
    done = subprocess.run(
        command,
        env=clean_environment() | variables,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
    )
    if done.returncode:
        raise HarnessError(f"{' '.join(command)} failed\n{done.stderr[-2000:]}")
    return done.stdout
