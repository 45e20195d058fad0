"""The example DAGs as Airflow's own loader reads them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "dags_examples"
IS_AIRFLOW_2 = version("apache-airflow").startswith("2.")
# These do not wait until a tested DAG's API is up, and may fail its first task; see docs/compatibility.md.
TESTS_DAGS_TOO_SOON = version("apache-airflow").startswith(("3.0.", "3.1.", "3.2."))


def load(folder: Path) -> dict[str, Any]:
    """The DAGs of a folder by their ids; AssertionError where a file cannot be imported."""
    place = "airflow.dag_processing.dagbag" if find_spec("airflow.dag_processing.dagbag") else "airflow.models.dagbag"
    bag = import_module(place).DagBag(dag_folder=str(folder))
    assert bag.import_errors == {}
    dags: dict[str, Any] = bag.dags
    return dags


@cache
def example_dags() -> dict[str, Any]:
    """The DAGs of all examples by their ids."""
    return load(EXAMPLES)
