"""What every process of Airflow imports for the viewer's sake."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points, version

import pytest

from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.plugin import FluxionsPlugin
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator, FluxionsToS3Operator

IS_AIRFLOW_2 = version("apache-airflow").startswith("2.")
has_viewer = pytest.mark.skipif(
    version("apache-airflow").startswith("3.0."), reason="the scripts of Airflow 3.0's own pages alone know the reader"
)


def test_airflow_finds_the_plugin() -> None:
    (found,) = entry_points(group="airflow.plugins", name="fluxions")
    assert found.load() is FluxionsPlugin


@pytest.mark.slow
def test_importing_the_plugin_loads_nothing_that_airflow_has_not_loaded() -> None:
    code = (
        "import sys; from airflow.plugins_manager import AirflowPlugin; from airflow.models import DAG\n"
        "before = set(sys.modules); import airflow_provider_fluxions.plugin\n"
        "parts = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "ours = {name for name in sys.modules if name.startswith('airflow_provider_fluxions.')}\n"
        "print(sorted(parts - {'airflow', 'airflow_provider_fluxions'}), 'airflow_provider_fluxions.storage' in ours)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip().splitlines()[-1] == "[] False"


@has_viewer
@pytest.mark.skipif(IS_AIRFLOW_2, reason="Airflow 2 has no tabs")
def test_the_tab_names_the_task_and_stays_below_a_base_path() -> None:
    (tab,) = FluxionsPlugin().external_views
    assert tab["destination"] == "task_instance"
    assert tab["href"] == ("fluxions/view?dag_id={DAG_ID}&run_id={RUN_ID}&task_id={TASK_ID}&map_index={MAP_INDEX}")


@has_viewer
@pytest.mark.skipif(IS_AIRFLOW_2, reason="Airflow 2 has no tabs")
def test_the_tab_is_for_tasks_with_our_connection_where_airflow_can_tell_them() -> None:
    from airflow import plugins_manager

    (tab,) = FluxionsPlugin().external_views
    tasks = (FluxionsSubmitOperator, FluxionsTranscriptionSensor, FluxionsToS3Operator, FluxionsS3ToS3Operator)
    (argument,) = tab["applies_to"]["task.template_fields"]
    assert all(argument in task.template_fields for task in tasks)
    is_valid = getattr(plugins_manager, "_validate_applies_to", None)
    assert is_valid is None or (is_valid("fluxions", tab, "an external view") and "applies_to" in tab)


def test_switched_off_the_viewer_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__FLUXIONS__VIEWER", "False")
    plugin = FluxionsPlugin()
    assert not plugin.flask_blueprints
    if not IS_AIRFLOW_2:
        assert (plugin.fastapi_apps, plugin.external_views) == ([], [])


@has_viewer
def test_each_airflow_gets_its_own_kind_of_app_only() -> None:
    plugin = FluxionsPlugin()
    assert bool(plugin.flask_blueprints) == IS_AIRFLOW_2
    assert bool(getattr(plugin, "fastapi_apps", [])) != IS_AIRFLOW_2
