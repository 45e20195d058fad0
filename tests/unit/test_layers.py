"""The arrows of the picture: which part of the package may import which."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

NAME = "airflow_provider_fluxions"
ROOT = Path(__file__).parents[2] / NAME
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
           for path in ROOT.rglob("*.py")}  # fmt: skip

# From the bottom up; a part imports nothing above it, and nothing beside it on its own line.
LINES = [
    {"version"},
    {"api", "connection_form"},
    {"airflow_connection", "arguments", "cost", "formats", "get_provider_info", "polling"},
    {"speech"},
    {
        "hooks",
        "airflow_errors",
        "assets",
        "hook_lineage",
        "identity",
        "lineage_facet",
        "links",
        "metrics",
        "probing",
        "retry_policies",
        "task_metrics",
    },
    {"lineage", "s3", "triggers"},
    {"sources"},
    {"cost_report", "submitting", "waiting"},
    {"operators", "sensors", "transfers", "cli"},
    {"viewer"},
    {"__main__", "plugin"},
]
HEIGHT = {part: height for height, line in enumerate(LINES) for part in line}
WITHOUT_AIRFLOW = {
    "api",
    "connection_form",
    "formats",
    "polling",
    "speech",
    "emulator",
    "version",
    "get_provider_info",
    "__init__",
    "__main__",
    "cli",
}
# The command line's two doors to Airflow: one is opened by Airflow itself, the other where it is installed.
DOORS = {"cli.definition", "cli.with_airflow"}
# `Transcription.to`, inside the method: users hold a transcription, and formats are what they do with it.
# `emulator` on the command line hands over to the emulator's own, inside the function.
UPWARD = {"api.models": {"formats"}, "cli.commands.emulator": {"emulator.__main__"}}
SENDS_HTTP = {"api.bounded", "api.client", "api.connections", "api.session"}


@cache
def tree(module: str) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> set[str]:
    """Return what a module imports anywhere in it, functions included, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(module: str) -> set[str]:
    """Return the modules of this package that a module imports."""
    inside = {name.removeprefix(f"{NAME}.") for name in imports(module) if name.startswith(f"{NAME}.")}
    return {name if name in MODULES else name.rpartition(".")[0] for name in inside} - UPWARD.get(module, set())


def part(module: str) -> str:
    return module.partition(".")[0]


def not_below(module: str) -> set[str]:
    """Return the modules that a module imports and that are not below it."""
    others = {name for name in ours(module) if part(name) != part(module)}
    if module == "__init__":
        return set()
    if part(module) == "emulator":
        return others
    if part(module) == "testing":
        return {name for name in others if part(name) not in ("emulator", *HEIGHT)}
    return {name for name in others if HEIGHT[part(name)] >= HEIGHT[part(module)]}


def test_a_part_imports_only_what_is_below_it() -> None:
    assert {module: found for module in MODULES if (found := not_below(module))} == {}


def test_what_is_usable_without_airflow_imports_none() -> None:
    usable = {name for name in MODULES if part(name) in WITHOUT_AIRFLOW} - DOORS
    assert {module for module in usable if any(part(name) == "airflow" for name in imports(module))} == set()


def at_top(module: str) -> set[str]:
    """Return the modules of this package from which a module imports names outside of functions."""
    body = tree(module).body
    return {str(node.module).removeprefix(f"{NAME}.") for node in body if isinstance(node, ast.ImportFrom)}


def test_the_command_line_imports_its_airflow_module_inside_functions_only() -> None:
    assert {module for module in MODULES if part(module) == "cli" and "cli.with_airflow" in at_top(module)} == set()


def http_libraries(module: str) -> set[str]:
    """Return the libraries that a module imports to send requests, names of their exceptions aside."""
    sending = {name for name in imports(module) if not name.startswith(("urllib3.exceptions", "requests.exceptions"))}
    return {part(name) for name in sending} & {"requests", "urllib3", "httpx", "aiohttp"}


def test_only_the_client_and_its_session_send_http() -> None:
    others = {name for name in MODULES if part(name) not in ("emulator", "testing")} - SENDS_HTTP
    assert {module: found for module in others if (found := http_libraries(module))} == {}


def test_no_import_goes_in_a_circle() -> None:
    list(TopologicalSorter({name: ours(name) - {name, ""} for name in MODULES if name != "__init__"}).static_order())


def test_every_part_has_its_place() -> None:
    assert {part(name) for name in MODULES} - {"__init__", "emulator", "testing"} == set(HEIGHT)
