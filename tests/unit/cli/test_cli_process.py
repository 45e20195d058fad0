"""The command line as a process: what reaches stdout and stderr, and the exit status."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airflow_provider_fluxions.api import errors
from airflow_provider_fluxions.api.settings import READERS
from airflow_provider_fluxions.cli.exits import Exit, exit_status
from airflow_provider_fluxions.cli.options import COMMANDS
from airflow_provider_fluxions.emulator import Transition
from tests.unit.cli.conftest import ROOT, Run
from tests.unit.conftest import Service

Process = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
def test_stdout_holds_json_alone_and_stderr_the_rest(process: Process, recording: Path) -> None:
    done = process("submit", recording, "--wait", "--output", "json", "--verbose")
    assert json.loads(done.stdout)[0]["status"] == "completed"
    assert "Submitted job" in done.stderr


@pytest.mark.slow
def test_no_bar_is_drawn_where_stderr_is_no_terminal(process: Process, recording: Path) -> None:
    assert "\x1b" not in process("submit", recording, "--wait").stderr


@pytest.mark.slow
def test_a_terminal_sees_bars_for_the_upload_and_the_wait(account: Service, recording: Path) -> None:
    account.emulator.set_transition(Transition.after_reads(1))
    ours, theirs = pty.openpty()
    line = [sys.executable, "-m", "airflow_provider_fluxions", "submit", str(recording), "--wait"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    child = subprocess.Popen(
        [*line, "--poll-interval", "1"], stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True
    )
    os.close(theirs)
    seen = b""
    while block := _read(ours):
        seen += block
    assert child.wait(30) == 0
    assert b"interview.mp3" in seen
    assert b"Jobs ended" in seen
    assert child.stdout is not None
    assert "\x1b" not in child.stdout.read()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other side is closed
        return b""


@pytest.mark.slow
def test_errors_are_one_line_and_no_traceback(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXIONS_BASE_URL", "http://127.0.0.1:1")
    done = process("health")
    assert done.returncode == Exit.TRY_AGAIN
    assert done.stderr.startswith("Error: No usable response")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_reader_who_has_had_enough_is_no_error(account: Service) -> None:
    account.emulator.seed_jobs(2000, status="processing")
    line = f"{sys.executable} -m airflow_provider_fluxions list --limit 0 | head -n 1"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, env=environment, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def children_heed_interrupts() -> Iterator[None]:
    """Also where we were told to ignore them, as what runs in the background is: children would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("children_heed_interrupts")
def test_an_interrupt_ends_with_the_shells_status_and_a_word_about_the_jobs(account: Service, recording: Path) -> None:
    account.emulator.set_transition(Transition.after_seconds(3600))
    line = [sys.executable, "-m", "airflow_provider_fluxions", "submit", str(recording), "--wait"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert child.stderr is not None
    assert "Submitted job 1" in child.stderr.readline()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert child.returncode == Exit.INTERRUPTED
    assert "Submitted jobs continue at Fluxions" in err
    assert "Traceback" not in err
    assert "submitted" in out


@pytest.mark.slow
def test_emulator_hands_its_options_over(process: Process) -> None:
    done = process("emulator", "--help")
    assert done.returncode == 0
    assert "--cache-mode" in done.stdout


@pytest.mark.slow
def test_the_version_is_the_packages(process: Process) -> None:
    assert process("--version").stdout.strip() == "0.1.0"


@pytest.mark.slow
def test_starting_loads_neither_airflow_nor_requests_nor_rich() -> None:
    code = (
        "import sys, airflow_provider_fluxions.cli.main; "
        "print([name for name in ('airflow', 'requests', 'rich', 'starlette') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_without_a_key_the_error_says_how_to_give_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLUXIONS_API_KEY")
    done = run("list")
    assert done.status == Exit.USAGE
    assert "FLUXIONS_API_KEY" in done.err


def test_a_connection_needs_airflow(run: Run) -> None:
    done = run("list", "--conn-id", "fluxions_default")
    assert done.status == Exit.USAGE
    assert "needs Airflow" in done.err


@pytest.mark.parametrize("name", ["READ_TIMEOUT", "MAX_RETRIES", "ALLOW_HTTP"])
def test_a_variable_that_cannot_work_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"FLUXIONS_{name}", "soon")
    done = run("list")
    assert done.status == Exit.USAGE
    assert f"FLUXIONS_{name} must be " in done.err
    assert 'not "soon".' in done.err


@pytest.mark.parametrize(
    "arguments",
    [["get", "a b"], ["wait", "1", "--timeout", "-1"], ["wait", "1", "--poll-interval", "0.1"], ["list", "--limit=-1"]],
)
def test_arguments_that_cannot_work_are_refused_by_the_parser(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).status == Exit.USAGE


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.FluxionsConfigError("x"), Exit.USAGE),
        (errors.FluxionsAudioError("x"), Exit.USAGE),
        (errors.FluxionsAudioError("x", transient=True), Exit.TRY_AGAIN),
        (errors.FluxionsAuthenticationError("x"), Exit.REFUSED),
        (errors.FluxionsCreditError("x"), Exit.REFUSED),
        (errors.FluxionsNotFoundError("x"), Exit.NOT_FOUND),
        (errors.FluxionsJobFailedError("x"), Exit.JOB_FAILED),
        (errors.FluxionsDeadlineError("x"), Exit.STILL_RUNNING),
        (errors.FluxionsNotReadyError("x"), Exit.STILL_RUNNING),
        (errors.FluxionsThrottledError("x"), Exit.TRY_AGAIN),
        (errors.FluxionsUnknownOutcomeError("x"), Exit.TRY_AGAIN),
        (errors.FluxionsRejectedError("x"), Exit.ERROR),
    ],
)
def test_the_status_of_an_error(error: errors.FluxionsError, status: Exit) -> None:
    assert exit_status(error) == status


def test_the_numbers_of_the_statuses_never_change() -> None:
    assert [int(status) for status in Exit] == [0, 1, 2, 3, 4, 5, 6, 7, 130]


def test_the_page_lists_every_command_variable_and_status() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    assert re.findall(r"^\| `([a-z]+)", page, re.MULTILINE) == [command.name for command in COMMANDS]
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == [int(one) for one in Exit]
    assert all(f"FLUXIONS_{name.upper()}" in page for name in ("api_key", "base_url", *READERS))
