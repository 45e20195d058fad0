"""Environments that scripts make: once, also when two start at once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
# `install` is what takes minutes; here it counts.
SETUP = """
set -eu
root=$1
. {root}/harness/environment.sh
find_uv() {{ :; }}
install() {{
    echo installing >>"$root/count"
    mkdir -p "$1/bin"
    ln -s /bin/true "$1/bin/python"
}}
"""
MAKE = 'make_environment "$root/.venv" "$root/pins.txt" "the tools"\n'


def start(folder: Path, code: str) -> subprocess.Popen[str]:
    (folder / "pins.txt").touch()
    (folder / "pyproject.toml").touch()
    script = SETUP.format(root=ROOT) + code
    return subprocess.Popen(
        ["sh", "-c", script, "sh", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_two_starts_at_once_install_once(tmp_path: Path) -> None:
    runs = [start(tmp_path, MAKE) for _ in range(2)]
    said = [run.communicate(timeout=30) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert (tmp_path / "count").read_text() == "installing\n"
    assert not (tmp_path / ".venv.lock").exists()


def test_a_lock_whose_process_has_ended_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / ".venv.lock").mkdir()
    # The largest process id that Linux knows is not in use.
    (tmp_path / ".venv.lock" / "pid").write_text("4194304")
    run = start(tmp_path, MAKE)
    run.communicate(timeout=30)
    assert run.returncode == 0
    assert (tmp_path / "count").exists()


def test_a_failed_installation_is_one_line_that_names_its_log(tmp_path: Path) -> None:
    run = start(tmp_path, 'install() { echo "no such package"; return 1; }\n' + MAKE)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 1
    assert err == f"The installation failed: no such package The log is {tmp_path}/.venv.log\n"
    assert not (tmp_path / ".venv.lock").exists()
