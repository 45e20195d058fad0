"""What README and the examples show is code that runs."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DAG_PAGES = README + (ROOT / "docs" / "transfer.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", DAG_PAGES, re.DOTALL)


def load(folder: Path) -> Any:
    """Let Airflow's own loader read a folder of DAG files."""
    place = "airflow.dag_processing.dagbag" if find_spec("airflow.dag_processing.dagbag") else "airflow.models.dagbag"
    bag = import_module(place).DagBag(dag_folder=str(folder))
    assert bag.import_errors == {}
    return bag


@pytest.mark.parametrize("block", BLOCKS)
def test_each_python_block_of_readme_and_of_the_transfers_page_is_a_dag_with_tasks(block: str, tmp_path: Path) -> None:
    (tmp_path / "from_readme.py").write_text(block)
    (dag,) = load(tmp_path).dags.values()
    assert dag.tasks


def test_each_example_is_a_dag_whose_tasks_retry() -> None:
    dags = load(ROOT / "dags_examples").dags
    assert len(dags) == len(list((ROOT / "dags_examples").glob("*.py")))
    assert all(task.retries >= 1 for dag in dags.values() for task in dag.tasks)


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", README))
def test_each_link_inside_the_tree_leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_versions_in_the_table_are_those_that_the_tests_pin() -> None:
    pins = "".join((ROOT / "requirements" / f"airflow-{name}.txt").read_text() for name in ("3.3", "2.11"))
    for version in re.findall(r"\d+\.\d+\.\d+", README.partition("## Versions")[2].partition("## Figures")[0]):
        assert f"=={version}\n" in pins
