"""Which failures a retry policy of ours lets pass, which it ends at once, and which it leaves to Airflow."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_fluxions.api import errors
from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsInputError

HAS_RESCHEDULE = tuple(map(int, version("apache-airflow").split(".")[:2])) >= (3, 4)
on_airflow_3_4 = pytest.mark.skipif(not HAS_RESCHEDULE, reason="RetryAction.RESCHEDULE is new in Airflow 3.4")
PASSES = ("Throttled", "Server", "Connection", "NotReady", "UnknownOutcome")
FINAL = ("Authentication", "Credit", "Rejected", "Input", "Voice", "Format", "Config", "MissingConnection")
LEFT_TO_AIRFLOW = ("Audio", "UnreadableConnection", "Response", "NotFound", "Storage", "Transfer")


@pytest.mark.skipif(HAS_RESCHEDULE, reason="Airflow 3.4 has what it needs")
def test_on_earlier_versions_its_import_says_what_it_needs() -> None:
    with pytest.raises(ImportError, match=r"needs Airflow 3\.4.*Set retries"):
        import airflow_provider_fluxions.retry_policies  # noqa: F401


def policy(**arguments: Any) -> Any:
    from airflow_provider_fluxions.retry_policies import FluxionsRetryPolicy

    return FluxionsRetryPolicy(**arguments)


def error(name: str, **attributes: Any) -> FluxionsError:
    found: FluxionsError = getattr(errors, f"Fluxions{name}Error")("what happened")
    found.__dict__.update(attributes)
    return found


def action(exception: BaseException) -> str:
    return str(policy().evaluate(exception, 1, 3).action.value)


@on_airflow_3_4
@pytest.mark.parametrize("name", PASSES)
def test_trouble_that_passes_runs_the_task_again_without_spending_a_retry(name: str) -> None:
    decision = policy().evaluate(error(name), 1, 3)
    assert (decision.action.value, decision.reason) == ("reschedule", "what happened")
    assert (decision.retry_delay, decision.reschedule_timeout) == (timedelta(minutes=2), timedelta(hours=1))


@on_airflow_3_4
@pytest.mark.parametrize("name", FINAL)
def test_what_no_retry_can_fix_fails_at_once(name: str) -> None:
    assert action(error(name)) == "fail"


@on_airflow_3_4
@pytest.mark.parametrize("name", LEFT_TO_AIRFLOW)
def test_what_can_be_repaired_is_retried_as_usual(name: str) -> None:
    assert action(error(name)) == "default"


@on_airflow_3_4
def test_an_error_of_other_code_is_retried_as_usual() -> None:
    assert action(ValueError("other")) == "default"


@on_airflow_3_4
@pytest.mark.parametrize(("asked", "seconds"), [(600.0, 600), (1.0, 30), (None, 120)])
def test_the_task_waits_as_long_as_the_service_asks_but_not_less_than_30_s(asked: float | None, seconds: int) -> None:
    decision = policy().evaluate(error("Throttled", retry_after_seconds=asked), 1, 3)
    assert decision.retry_delay == timedelta(seconds=seconds)


@on_airflow_3_4
@pytest.mark.parametrize(
    "arguments", [{"delay": timedelta(seconds=29)}, {"reschedule_timeout": timedelta(0)}], ids=["delay", "timeout"]
)
def test_a_time_that_cannot_work_is_refused_when_the_dag_is_parsed(arguments: dict[str, Any]) -> None:
    with pytest.raises(FluxionsInputError, match="at least 30 s"):
        policy(**arguments)


@on_airflow_3_4
def test_it_is_rebuilt_from_plain_json() -> None:
    one = policy(delay=timedelta(seconds=45), reschedule_timeout=timedelta(minutes=5))
    data = json.loads(json.dumps(one.serialize()))
    again = type(one).deserialize(data)
    assert (again.delay, again.reschedule_timeout) == (one.delay, one.reschedule_timeout)


@on_airflow_3_4
def test_the_block_in_the_documentation_runs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "howto" / "retry-policy.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(block, "a page", "exec"), {})  # noqa: S102  # it is what readers do


@on_airflow_3_4
def test_an_operator_takes_it_and_its_dag_still_serializes() -> None:
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import DagSerialization

    from airflow_provider_fluxions.operators import FluxionsSubmitOperator

    with DAG("retried", schedule=None) as dag:
        FluxionsSubmitOperator(task_id="submit", audio="a.mp3", retries=2, retry_policy=policy())
    assert json.dumps(DagSerialization.to_dict(dag))
