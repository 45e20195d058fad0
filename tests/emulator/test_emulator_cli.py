"""The command line, as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

# Each test starts a process.
pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Api

COMMAND = [sys.executable, "-m", "airflow_provider_fluxions.emulator", "--port", "0"]


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    processes = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_announces_itself_and_stops_on_a_signal(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path, number: int
) -> None:
    process = start("--profile", "observed", "--port-file", str(tmp_path / "port"))
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line.startswith("Fluxions emulator (observed) listening on http://127.0.0.1:")
    assert "local-key" in process.stdout.readline()
    process.send_signal(number)
    assert process.wait(10) == 0
    assert (tmp_path / "port").read_text() == line.rsplit(" ", 1)[1]


def test_the_command_says_that_its_transcripts_are_invented_and_how_to_get_real_ones(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    process = start()
    assert process.stdout is not None
    shown = "".join(process.stdout.readline() for _ in range(3))
    assert "invented" in shown
    assert "--asr" in shown


def test_a_killed_command_keeps_its_jobs(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path, documented: Api
) -> None:
    ids = []
    for _ in range(2):
        process = start("--database", str(tmp_path / "jobs.db"), "--api-key", "k")
        assert process.stdout is not None
        url = process.stdout.readline().strip().rsplit(" ", 1)[1]
        url += "/submit?cache=false"
        answer = documented.session.post(url, data=b"abc", headers={"Authorization": "k"}, timeout=10)
        ids.append(answer.json()["id"])
        process.kill()
        process.wait(10)
    assert ids == [1, 2]


@pytest.mark.parametrize("module", ["airflow_provider_fluxions.emulator", "airflow_provider_fluxions"])
def test_without_the_extra_the_command_says_in_one_line_what_to_install(module: str) -> None:
    code = f"""
import runpy, sys
sys.modules["uvicorn"] = None  # as where it is not installed
sys.argv = [{module!r}, "emulator"][: 1 if {module!r}.endswith("emulator") else 2]
runpy.run_module({module!r}, run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "The emulator needs uvicorn: pip install 'airflow-provider-fluxions[emulator]'\n"


def test_a_port_that_is_taken_is_one_clear_line(documented: Api) -> None:
    port = documented.url.rpartition(":")[2]
    done = subprocess.run([*COMMAND[:-1], port], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"The emulator cannot listen on 127.0.0.1:{port}: Address already in use\n"
