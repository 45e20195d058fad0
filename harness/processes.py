"""Child processes with a log file, a session of their own, bounded waits and a certain end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar

from harness import watchdog

T = TypeVar("T")

_POLL_SECONDS = 0.2
_TAIL_LINES = 25


class HarnessError(RuntimeError):
    """Something that the harness started did not do what it was started for."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(probe: Callable[[], T | None], what: str, timeout_seconds: float) -> T:
    """The first true value of `probe()`; HarnessError when `timeout_seconds` pass without one."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise HarnessError(f"{what}: not within {timeout_seconds:.0f} s")
        time.sleep(_POLL_SECONDS)


def http_answers(url: str, timeout_seconds: float = 5.0) -> bool:
    """Whether a GET of `url` answers 2xx or 3xx now. Proxies of the environment are not used."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout_seconds):
            return True
    except (urllib.error.URLError, OSError):
        return False


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log file, or a word on why there are none."""
    if not log.exists():
        return "(no log was written)"
    text = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(text) or "(the log is empty)"


class ManagedProcess:
    """One child: its output in `log`, in a session of its own, ended at the latest when this process ends."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str],
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        """Nothing starts before `start()`. `env` is the whole environment of the child."""
        self.name = name
        self.command = list(command)
        self.log = log
        self.env = dict(env)
        self._stop_signal = stop_signal
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id, which is the id of the session as well."""
        if self._popen is None:
            raise HarnessError(f"{self.name} was never started")
        return self._popen.pid

    def running(self) -> bool:
        """Whether the child itself (not merely a child of it) is there."""
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        """Start the child; its output is appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self._popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self.env,
                start_new_session=True,
            )
        _owner_pipe().watch(self._popen.pid)

    def wait_ready(self, probe: Callable[[], T | None], timeout_seconds: float) -> T:
        """Wait for a true `probe()`; HarnessError with the log's tail when it ends or time is up."""

        def alive() -> T | None:
            if not self.running():
                raise HarnessError("it ended")
            return probe()

        try:
            return wait_until(alive, f"{self.name} ready", timeout_seconds)
        except HarnessError as error:
            raise HarnessError(f"{self.name} did not start: {error}\n{self.tail()}") from None

    def tail(self) -> str:
        """The log's name and last lines, for messages."""
        return f"--- {self.log}\n{tail(self.log)}\n---"

    def ask_to_stop(self) -> None:
        """The stop signal to the child alone, which ends its own children in its own order."""
        if self.running():
            os.kill(self.pid, self._stop_signal)

    def kill(self) -> None:
        """SIGKILL to the child and all that it started: a power cut."""
        self.end(grace_seconds=0.0)

    def end(self, grace_seconds: float) -> None:
        """Wait for the child to end, then end what is left of its session."""
        if self._popen is None:
            return
        try:
            self._popen.wait(max(grace_seconds, 0.0))
        except subprocess.TimeoutExpired:
            watchdog.signal_session(self.pid, signal.SIGKILL)
            self._popen.wait()
        watchdog.end_sessions([self.pid], min(grace_seconds, 2.0))
        _owner_pipe().forget(self.pid)


def stop_all(processes: Iterable[ManagedProcess], grace_seconds: float = 4.0) -> None:
    """Stop several at once: all are asked, then each has what is left of the common grace."""
    deadline = time.monotonic() + grace_seconds
    started = list(processes)
    for process in started:
        process.ask_to_stop()
    for process in started:
        process.end(max(0.0, deadline - time.monotonic()))


class _OwnerPipe:
    """The pipe to the watchdog; it closes when this process ends for any reason."""

    def __init__(self) -> None:
        script = Path(watchdog.__file__)
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _send(self, line: str) -> None:
        pipe: IO[str] | None = self._watchdog.stdin
        if pipe is not None and self._watchdog.poll() is None:
            pipe.write(line)
            pipe.flush()

    def watch(self, sid: int) -> None:
        self._send(f"+{sid}\n")

    def forget(self, sid: int) -> None:
        self._send(f"-{sid}\n")


_pipe: _OwnerPipe | None = None
_pipe_lock = threading.Lock()


def _owner_pipe() -> _OwnerPipe:
    """The one pipe of this process, made at first use."""
    global _pipe
    with _pipe_lock:
        if _pipe is None:
            _pipe = _OwnerPipe()
        return _pipe
