"""Help, completion, JSON and colors."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from airflow_provider_fluxions.cli.main import main
from airflow_provider_fluxions.cli.options import COMMANDS
from airflow_provider_fluxions.cli.screen import Screen
from tests.unit.cli.conftest import Run

ROOT = Path(__file__).parents[3]


def test_the_package_installs_a_command_of_its_own() -> None:
    target = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["fluxions"]
    module, _, name = target.partition(":")
    assert getattr(import_module(module), name) is main


def test_the_help_names_the_command_as_it_was_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/fluxions", "submit", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert "\n  fluxions submit interview.mp3 --format srt > interview.srt\n" in capsys.readouterr().out


def test_each_command_has_examples_that_begin_with_its_name() -> None:
    without = [command.name for command in COMMANDS if not command.examples]
    assert without == []
    for command in COMMANDS:
        assert all(example.split()[0] == command.name for example in command.examples)


def test_json_is_short_for_the_output_option(run: Run, recording: Path) -> None:
    assert run("submit", recording, "--json").json[0]["id"] == run("list", "--json").json[0]["id"]


def test_the_completion_of_a_shell_names_the_command(run: Run) -> None:
    assert "fluxions" in run("completion", "bash").out


@pytest.mark.slow
def test_a_shell_is_given_the_commands_that_begin_as_the_line_does() -> None:
    line = "fluxions em"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": "/dev/stdout",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    code = "from airflow_provider_fluxions.cli.main import main; main([])"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "emulator"


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def _table(out: io.StringIO) -> str:
    Screen(out, io.StringIO(), as_json=False).rows(("id", "status"), [{"id": 1, "status": "failed"}])
    return out.getvalue()


def test_states_have_colors_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31mfailed" in _table(_Terminal())
    assert "\x1b" not in _table(io.StringIO())


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in _table(_Terminal())
