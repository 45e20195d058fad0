"""What README and the examples show is code that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_provider_fluxions.api.client import FluxionsClient
from tests.airflow.dags import EXAMPLES, example_dags, load

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = {path: path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))}
# The blocks of the first make one whole, which test_testing_page.py runs. Those of the others need Airflow 3, 3.4 or
# 3.1: test_completed_trigger.py, test_retry_policy.py and test_notifications.py run them.
ELSEWHERE = {ROOT / "docs" / name for name in ("testing.md", "events.md", "howto/retry-policy.md", "howto/deadline.md")}
BLOCKS = [
    block
    for path, text in PAGES.items()
    if path not in ELSEWHERE
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
]
DAGS = [block for block in BLOCKS if "DAG(" in block]


@pytest.mark.parametrize("block", DAGS)
def test_each_dag_on_a_page_can_be_imported_and_has_tasks(block: str, tmp_path: Path) -> None:
    (tmp_path / "from_a_page.py").write_text(block)
    for dag in load(tmp_path).values():
        assert dag.tasks


@pytest.mark.parametrize("block", [block for block in BLOCKS if block not in DAGS])
def test_each_other_piece_of_code_on_a_page_runs(block: str, client: FluxionsClient) -> None:
    job = client.submit(b"audio", filename="a.mp3")
    # 124 is the job that the vendor's page and ours tell of.
    exec(compile(block.replace("124", str(job.id)), "a page", "exec"), {})  # noqa: S102  # it is what readers do


def test_each_example_is_a_dag_whose_tasks_retry() -> None:
    dags = example_dags()
    assert len(dags) == len(list(EXAMPLES.glob("*.py")))
    assert all(task.retries >= 1 for dag in dags.values() for task in dag.tasks)


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", README))
def test_each_link_inside_the_tree_has_a_target(path: str) -> None:
    assert (ROOT / path).exists()
