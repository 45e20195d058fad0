"""What the harness puts into a DAG folder is the file that was meant, or an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.dag_files import put_dag
from harness.processes import HarnessError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "example.py"
    path.write_text("every = 10\nat_most = 100\n")
    return path


def test_a_dag_file_goes_in_as_it_stands_or_changed_under_another_name(source: Path, tmp_path: Path) -> None:
    put_dag(tmp_path / "dags", source)
    put_dag(tmp_path / "dags", source, {"every = 10": "every = 1"}, "sooner.py")
    found = {path.name: path.read_text() for path in (tmp_path / "dags").iterdir()}
    assert found == {"example.py": "every = 10\nat_most = 100\n", "sooner.py": "every = 1\nat_most = 100\n"}


@pytest.mark.parametrize("text", ["every = 20", "10"])
def test_a_text_to_replace_that_is_not_there_just_once_is_an_error(source: Path, tmp_path: Path, text: str) -> None:
    with pytest.raises(HarnessError, match=f"example.py has not exactly one {text}"):
        put_dag(tmp_path / "dags", source, {text: "1"})
    assert not (tmp_path / "dags").exists()
