"""What the demo shows while it works: a line that moves on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_TICK_SECONDS = 0.25
# Without a terminal each line stays, so there are few.
_PLAIN_SECONDS = 15.0
_FRAMES = "|/-\\"
_ERASE = "\r\x1b[K"


class DemoScreen:
    """Writes the steps of the demo; one at a time.

    :param out: where to; a terminal gets a moving line.
    :param clock: seconds, monotonic.
    """

    def __init__(self, out: TextIO = sys.stdout, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._moves = out.isatty()
        self._clock = clock
        self._lock = threading.Lock()
        self._moving = ""

    def say(self, line: str = "") -> None:
        """Write a line that stays."""
        with self._lock:
            self._out.write(f"{_ERASE if self._moves else ''}{line}\n{self._moving}")
            self._out.flush()

    @contextmanager
    def step(self, what: str, detail: Callable[[], str] = lambda: "") -> Iterator[None]:
        """Show that something is under way, for how long, and at its end how many seconds it took.

        :param detail: further information, such as "30 of 60 s of audio"; read again for each line.
        """
        if not self._moves:
            self.say(f"* {what} ...")
        begun, done = self._clock(), threading.Event()
        ticker = threading.Thread(target=self._tick, args=(what, detail, begun, done), daemon=True)
        ticker.start()
        try:
            yield
        finally:
            done.set()
            ticker.join()
            self._moving = ""
        took = f"{self._clock() - begun:.1f} s"
        self.say(f"* {what}: {took}" if self._moves else f"  done in {took}")

    def _tick(self, what: str, detail: Callable[[], str], begun: float, done: threading.Event) -> None:
        frame = 0
        while not done.wait(_TICK_SECONDS if self._moves else _PLAIN_SECONDS):
            line = progress_line(what if self._moves else "", self._clock() - begun, detail())
            if self._moves:
                frame += 1
                with self._lock:
                    self._moving = f"{_ERASE}{_FRAMES[frame % len(_FRAMES)]} {line}"
                    self._out.write(self._moving)
                    self._out.flush()
            else:
                self.say(f"  {line}")


def progress_line(what: str, seconds: float, detail: str) -> str:
    """Return what a step shows after so many seconds."""
    return ", ".join(part for part in (what, f"{seconds:.0f} s", detail) if part)


def expectation(audio_seconds: float | None) -> str:
    """Return how long recognition is going to take on this machine, as a sentence; empty for a short recording.

    :param audio_seconds: None: unknown.
    """
    if audio_seconds is None:
        return "The length of this recording is unknown. Local recognition takes about as long as the recording."
    if audio_seconds < 90:
        return ""
    return f"This recording is {audio_seconds / 60:.0f} min long, and local recognition takes about as long."


def run_seconds(audio_seconds: float | None) -> float:
    """Return how long the demo waits for its DAG run: four times the recording and ten minutes."""
    return 600.0 + 4 * (3600.0 if audio_seconds is None else audio_seconds)


def sentence(message: str) -> str:
    """Return the first line of an error, whole: what follows it are logs."""
    return message.strip().partition("\n")[0].rstrip(":;")
