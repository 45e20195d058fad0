"""`.airflow-registry.yaml` says what there is."""

from __future__ import annotations

import inspect
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from airflow_provider_fluxions import get_provider_info

REGISTRY: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / ".airflow-registry.yaml").read_text())
SUFFIXES = {
    "hooks": "Hook",
    "operators": "Operator",
    "sensors": "Sensor",
    "triggers": "Trigger",
    "transfers": "Operator",
}
# Airflow 2 lacks its base class.
ONLY_AIRFLOW_3 = {"FluxionsTranscriptionCompletedTrigger"}
IS_AIRFLOW_2 = version("apache-airflow").startswith("2.")


def listed(kind: str) -> set[str]:
    return {entry["module"] for entry in REGISTRY[kind]}


def test_the_registry_file_names_this_package() -> None:
    assert REGISTRY["package-name"] == get_provider_info()["package-name"]
    assert REGISTRY["display-name"] == get_provider_info()["name"]


def test_every_class_that_the_registry_file_lists_exists() -> None:
    for kind in SUFFIXES:
        for path in listed(kind):
            module, _, name = path.rpartition(".")
            if name in ONLY_AIRFLOW_3 and IS_AIRFLOW_2:
                continue
            assert isinstance(getattr(import_module(module), name), type), path


def test_the_registry_file_lists_every_class_that_users_import() -> None:
    for kind in SUFFIXES:
        module = import_module(f"airflow_provider_fluxions.{kind}")
        names = getattr(module, "__all__", vars(module))
        public = {
            f"{module.__name__}.{name}"
            for name in names
            if name.startswith("Fluxions") and name.endswith(SUFFIXES[kind])
        }
        # A module also imports what it needs from the others.
        assert listed(kind) == {path for path in public if _is_at_home(path)}


def _is_at_home(path: str) -> bool:
    module, _, name = path.rpartition(".")
    if name in ONLY_AIRFLOW_3:
        return True
    return str(getattr(import_module(module), name).__module__).startswith(module)


def test_the_registry_finds_the_capabilities_that_the_file_lists() -> None:
    """The rules by which Airflow's registry reads a class (dev/registry/extract_parameters.py in apache/airflow)."""
    for entry in (entry for kind in ("operators", "sensors", "transfers") for entry in REGISTRY[kind]):
        module, _, name = entry["module"].rpartition(".")
        found = getattr(import_module(module), name)
        source = inspect.getsource(found.execute)
        capabilities = {"deferrable"} if "self.defer" in source else set()
        if getattr(found, f"_{name}__supports_durable_execution", False) is True:
            capabilities.add("durable")
        assert set(entry.get("capabilities", ())) == capabilities, name


def test_the_logo_is_a_file_of_this_project() -> None:
    logo = (Path(__file__).parents[2] / "docs" / "images" / "logo.svg").read_text()
    assert logo.startswith("<svg ")
    assert "href" not in logo
