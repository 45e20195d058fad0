"""Airflow's own commands about providers and its own reader of DAG files, run on us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import pytest

from airflow_provider_fluxions import __version__, get_provider_info
from airflow_provider_fluxions.connection import form
from tests.airflow.dags import EXAMPLES, IS_AIRFLOW_2, ROOT

pytestmark = pytest.mark.slow

NAME = "airflow-provider-fluxions"
FIELDS = {field.name for field in form.FIELDS}
AIRFLOW = tuple(map(int, version("apache-airflow").split(".")[:2]))
HAS_FAB = find_spec("flask_appbuilder") is not None

RUN_COMMANDS = """
import contextlib, io, json, sys
from airflow.cli.cli_parser import get_parser

answers = {}
for command in sys.argv[1:]:
    arguments = get_parser().parse_args(["providers", *command.split(), "--output", "json"])
    with contextlib.redirect_stdout(io.StringIO()) as out:
        arguments.func(arguments)
    answers[command] = json.loads(out.getvalue())
print(json.dumps(answers))
"""
IMPORT_EXAMPLES = """
import json, pathlib, sys, warnings
from tests.airflow.dags import load

with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    dags = load(pathlib.Path(sys.argv[1]))
print(json.dumps([list(dags), [f"{one.filename}:{one.lineno}: {one.message}" for one in heard]]))
"""
ASK_THE_FORM = """
import json
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

(form,) = [one for one in HookMetaService.hook_meta_data() if one.connection_type == "fluxions"]
print(form.model_dump_json())
"""


def said(code: str, *arguments: str) -> Any:
    """The JSON in the last line that a fresh Python prints; Airflow's logs may stand before it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=env, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def answers() -> dict[str, list[dict[str, str]]]:
    """What `airflow providers ...` prints. One process for all: starting Airflow takes longer than any of them."""
    commands = ("list", f"get {NAME}", "hooks", "widgets", "behaviours", "links", "configs")
    answers: dict[str, list[dict[str, str]]] = said(RUN_COMMANDS, *commands)
    return answers


def test_airflow_lists_the_provider_with_its_version(answers: dict[str, list[dict[str, str]]]) -> None:
    (listed,) = [one for one in answers["list"] if one["package_name"] == NAME]
    assert listed["version"] == __version__
    assert listed["description"].startswith("Transcription")
    assert answers[f"get {NAME}"] == [{"Provider": NAME, "Version": __version__}]


def test_airflow_imports_the_hook_of_the_connection_type(answers: dict[str, list[dict[str, str]]]) -> None:
    (hook,) = [one for one in answers["hooks"] if one["connection_type"] == "fluxions"]
    assert hook["class"] == "airflow_provider_fluxions.hooks.FluxionsHook"
    assert (hook["package_name"], hook["hook_name"]) == (NAME, "Fluxions")
    assert hook["conn_id_attribute_name"] == "fluxions_conn_id"


def test_airflow_finds_our_links_and_settings(answers: dict[str, list[dict[str, str]]]) -> None:
    links = {one["extra_link_class_name"] for one in answers["links"]}
    assert set(get_provider_info()["extra-links"]) <= links
    assert any("fluxions" in str(one["provider_config"]) for one in answers["configs"])


@pytest.mark.skipif(
    AIRFLOW < (3, 2) and not HAS_FAB,
    reason="Airflow before 3.2 asks hooks for their form with FAB's classes, and its commands ask none without FAB",
)
def test_airflow_lists_each_field_of_the_form(answers: dict[str, list[dict[str, str]]]) -> None:
    assert "fluxions" in {one["field_behaviours"] for one in answers["behaviours"]}
    ours = {one["connection_parameter_name"] for one in answers["widgets"] if one["package_name"] == NAME}
    assert ours == {f"extra__fluxions__{name}" for name in FIELDS}


@pytest.mark.skipif(IS_AIRFLOW_2, reason="Airflow 2 has no such API; its form is made of the widgets above")
@pytest.mark.skipif(AIRFLOW == (3, 0) and not HAS_FAB, reason="Airflow 3.0 asks no hook for its form without FAB")
def test_the_form_that_airflow_3_sends_to_browsers_has_our_fields_and_names() -> None:
    sent = said(ASK_THE_FORM)
    assert sent["standard_fields"]["password"]["title"] == form.LABELS["password"]
    assert sent["standard_fields"]["login"]["hidden"]
    assert set(sent["extra_fields"]) == FIELDS


def test_airflow_reads_the_examples_without_a_warning_of_ours() -> None:
    dag_ids, heard = said(IMPORT_EXAMPLES, str(EXAMPLES))
    assert len(dag_ids) == len(list(EXAMPLES.glob("*.py")))
    assert [one for one in heard if "fluxions" in one or str(EXAMPLES) in one] == []
