"""What docs/testing.md tells users to paste and to type is run as they would do it, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.airflow import LocalAirflow
from harness.settings import clean_environment
from tests.airflow.dags import TESTS_DAGS_TOO_SOON

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
(COMMANDS,) = (
    block
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    if block.rstrip().endswith("pytest test_my_dag.py")
)
# The one test of the page that runs a DAG; where Airflow runs it too soon the page says so, and it proves nothing.
DAG_TEST = "test_my_dag.py::test_the_interview_is_transcribed_once_and_stored"
LEFT_OUT = [f"--deselect={DAG_TEST}"] if TESTS_DAGS_TOO_SOON else []


def test_the_tests_that_users_paste_pass_with_the_commands_of_the_page(tmp_path: Path) -> None:
    home, cache = tmp_path / ".airflow-for-tests", Path(sys.prefix) / "airflow-db"
    # Only so that the page's own migration has nothing left to do, which would take most of the time.
    LocalAirflow(sys.executable, home, tmp_path, template_cache=cache).prepare()
    files = ["test_my_dag.py", *(f"test_pasted_{number}.py" for number in range(1, len(BLOCKS)))]
    for name, block in zip(files, BLOCKS, strict=True):
        (tmp_path / name).write_text(block)
    env = clean_environment()
    env["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), env["PATH"]))
    line = ["sh", "-e", "-c", " ".join((COMMANDS.rstrip(), *files[1:], *LEFT_OUT))]
    done = subprocess.run(line, capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    passed = sum(map(int, re.findall(r"(\d+) passed", done.stdout)))
    assert passed == len(re.findall(r"^def test_", "".join(BLOCKS), re.MULTILINE)) - len(LEFT_OUT)
