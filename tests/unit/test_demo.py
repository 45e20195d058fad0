"""What the demo shows, and what it leaves on the disk."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from harness.demo_folders import keep, make_home
from harness.demo_screen import DemoScreen, expectation, progress_line, run_seconds, sentence


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_a_step_is_plain_lines() -> None:
    out = io.StringIO()
    times = iter((0.0, 2.5))
    with DemoScreen(out, lambda: next(times)).step("Starting"):
        pass
    assert out.getvalue() == "* Starting ...\n  done in 2.5 s\n"


def test_on_a_terminal_a_step_leaves_one_line() -> None:
    out = Terminal()
    times = iter((0.0, 2.5))
    with DemoScreen(out, lambda: next(times)).step("Starting"):
        pass
    assert out.getvalue().rpartition("\x1b[K")[2] == "* Starting: 2.5 s\n"


def test_a_line_says_what_runs_for_how_long_and_how_far_it_is() -> None:
    line = progress_line("DAG fluxions", 61.2, "recognized 300 of 1200 s (25%)")
    assert line == "DAG fluxions, 61 s, recognized 300 of 1200 s (25%)"


@pytest.mark.parametrize(
    ("seconds", "said"), [(38.0, ""), (1200.0, "20 min long"), (None, "The length of this recording is unknown")]
)
def test_a_long_recording_is_announced(seconds: float | None, said: str) -> None:
    assert (said in expectation(seconds)) if said else expectation(seconds) == ""


def test_a_recording_of_20_minutes_may_take_longer_than_itself() -> None:
    assert run_seconds(1200.0) > 2 * 1200.0


def test_folders_of_runs_that_have_ended_are_removed(tmp_path: Path) -> None:
    left, running, kept = (tmp_path / f"fluxions-demo-{name}" for name in ("left", "running", "kept"))
    for folder in (left, running, kept):
        folder.mkdir()
    # The largest process id that Linux knows is not in use.
    (left / "owner.pid").write_text("4194304")
    (running / "owner.pid").write_text(str(os.getpid()))
    keep(kept)
    home = make_home(tmp_path)
    assert set(tmp_path.iterdir()) == {home, running, kept}


def test_a_failure_is_one_whole_sentence_and_the_rest_is_in_the_log() -> None:
    reason = "the task transcribe failed: " + "x" * 900
    assert sentence(f"{reason}\n--- log\nmany lines") == reason
