"""What docs/testing.md tells users to paste is run as they would run it: by pytest, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from harness.airflow import LocalAirflow

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "testing.md").read_text(), re.DOTALL)


def test_the_tests_that_users_paste_pass(tmp_path: Path) -> None:
    airflow = LocalAirflow(sys.executable, tmp_path / "home", tmp_path, template_cache=Path(sys.prefix) / "airflow-db")
    airflow.prepare()
    for number, block in enumerate(BLOCKS):
        (tmp_path / f"test_pasted_{number}.py").write_text(block)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        env=airflow.env,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert f"{len(re.findall(r'^def test_', ''.join(BLOCKS), re.MULTILINE))} passed" in done.stdout
