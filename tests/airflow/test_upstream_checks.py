"""Airflow's own commands about providers and its own reader of DAG files, run on us."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_fluxions import __version__, connection_form, get_provider_info
from harness.airflow import LocalAirflow
from tests.airflow.dags import EXAMPLES, ROOT

NAME = "airflow-provider-fluxions"
HOOK = "airflow_provider_fluxions.hooks.FluxionsHook"
COMMANDS = (
    "list", f"get {NAME}", "hooks", "widgets", "behaviours", "links", "triggers", "configs", "lazy-loaded",
)  # fmt: skip
# One process for all: starting Airflow takes longer than any of them.
RUN_COMMANDS = """
import contextlib, io, json, sys
from airflow.cli.cli_parser import get_parser
outputs = {}
for command in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        arguments = get_parser().parse_args(["providers", *command.split(), "--output", "json"])
        arguments.func(arguments)
    outputs[command] = out.getvalue()
print(json.dumps(outputs))
"""
IMPORT_EXAMPLES = """
import json, sys
from tests.airflow.dags import load
from pathlib import Path
import warnings
with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    dags = load(Path(sys.argv[1]))
print(json.dumps({"dags": len(dags), "warnings": [f"{one.filename}:{one.lineno}: {one.message}" for one in heard]}))
"""
