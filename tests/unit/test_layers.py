"""The picture of the package: rooms with front doors, which room may import which, and no circle.

Imports inside functions count like all others.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

NAME = "airflow_provider_fluxions"
ROOT = Path(__file__).parents[2] / NAME
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
           for path in ROOT.rglob("*.py")}  # fmt: skip
PACKAGES = {name for name, path in MODULES.items() if path.name == "__init__.py"}

# From the bottom up; a room imports nothing above it, and nothing beside it on its own line.
LINES = [
    {"version"},
    {"api"},
    {"connection", "formats", "polling", "storage"},
    {"speech"},
    {"assets", "get_provider_info", "hooks", "links", "pipeline", "retry_policies"},
    {"triggers"},
    {"task"},
    {"cli", "notifications", "operators", "sensors", "transfers", "viewer"},
    {"__main__", "plugin"},
]
HEIGHT = {room: height for height, line in enumerate(LINES) for room in line}
# What users import, and what Airflow or Python loads by its name. Everything else at the top is a room below them.
PUBLIC = {
    "", "__init__", "__main__", "api", "assets", "cli", "emulator", "formats", "get_provider_info", "hooks", "links",
    "notifications", "operators", "plugin", "retry_policies", "sensors", "testing", "transfers", "triggers", "version",
    "viewer",
}  # fmt: skip
ROOMS_BELOW = {"connection", "pipeline", "polling", "speech", "storage", "task"}
WITHOUT_AIRFLOW = {
    "api",
    "formats",
    "polling",
    "pipeline",
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
# `emulator` on the command line hands over to the emulator's own, inside the function.
UPWARD = {"cli.commands.emulator": {"emulator.__main__"}}
# Where the package names one kind of object store outside of `storage`, with the reason.
NAMES_S3 = {
    "operators": "arguments, their examples and class names, which users know",
    "transfers": "arguments, their examples and class names, which users know",
    "cli": "the help of --aws-conn-id",
    "links": "the AWS console's URLs, and the name of the setting",
    "get_provider_info": "the Amazon provider's name of its integration, and the help of a setting",
    "testing": "the name of a fixture",
}
SENDS_HTTP = {"api.client", "api.connections", "api.session"}
OPERATORS = {"operators", "sensors", "task", "transfers", "triggers"}


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


def our_names(module: str) -> set[str]:
    """Return the names of this package that a module imports: modules, and names in modules."""
    return {name.removeprefix(f"{NAME}.") for name in imports(module) if name.startswith(f"{NAME}.")}


def ours(module: str) -> set[str]:
    """Return the modules of this package that a module imports."""
    modules = {name if name in MODULES else name.rpartition(".")[0] for name in our_names(module)}
    return modules - UPWARD.get(module, set())


def room(module: str) -> str:
    return module.partition(".")[0]


def not_below(module: str) -> set[str]:
    """Return the modules that a module imports and that are not below it."""
    others = {name for name in ours(module) if room(name) != room(module)}
    if module == "__init__":
        return set()
    if room(module) == "emulator":
        return others
    if room(module) == "testing":
        return {name for name in others if room(name) not in ("emulator", *HEIGHT)}
    return {name for name in others if HEIGHT[room(name)] >= HEIGHT[room(module)]}


@cache
def front_door(package: str) -> set[str]:
    """Return a package's ``__all__``: its names, and its submodules that other rooms may import."""
    for node in tree(package).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id == "__all__" for one in node.targets
        ):
            return set(ast.literal_eval(node.value))
    return set()


def past_a_door(module: str) -> set[str]:
    """Return the names of other rooms that a module imports although no front door shows them."""
    found = set()
    for name in our_names(module) - UPWARD.get(module, set()):
        parts = name.split(".")
        for depth in range(1, len(parts)):
            package = ".".join(parts[:depth])
            is_foreign = package in PACKAGES and not f"{module}.".startswith(f"{package}.")
            if is_foreign and parts[depth] not in front_door(package):
                found.add(name)
    return found


def test_a_room_imports_only_what_is_below_it() -> None:
    assert {module: found for module in MODULES if (found := not_below(module))} == {}


def test_no_import_bypasses_the_front_door_of_a_room() -> None:
    assert {module: found for module in MODULES if (found := past_a_door(module))} == {}


def test_no_private_name_of_another_module_is_imported() -> None:
    names = {(module, name) for module in MODULES for name in our_names(module) - UPWARD.get(module, set())}
    assert {(module, name) for module, name in names if name.rpartition(".")[2].startswith("_")} == {
        (module, "version.__version__") for module, name in names if name == "version.__version__"
    }


def test_each_room_says_what_it_is_for_and_what_others_may_import() -> None:
    assert {name for name in PACKAGES - {"", "__init__"} if not ast.get_docstring(tree(name))} == set()
    silent = {name for name in PACKAGES if not front_door(name)}
    assert silent == {"cli.commands"}  # found by their names, by the command that the user typed


def test_the_top_level_shows_what_users_import_and_few_rooms_below() -> None:
    assert {room(name) for name in MODULES} == PUBLIC - {""} | ROOMS_BELOW


def test_what_is_usable_without_airflow_imports_none() -> None:
    usable = {name for name in MODULES if room(name) in WITHOUT_AIRFLOW} - DOORS
    assert {module for module in usable if any(room(name) == "airflow" for name in imports(module))} == set()


def test_the_web_server_imports_no_operator() -> None:
    reached, todo = set(), [name for name in MODULES if room(name) in ("viewer", "plugin")]
    while todo:
        module = todo.pop()
        if module not in reached:
            reached.add(module)
            packages = [module.rpartition(".")[0]] if "." in module else []
            todo += [name for name in (*ours(module), *packages) if name in MODULES]
    assert {name for name in reached if room(name) in OPERATORS} == set()


def at_top(module: str) -> set[str]:
    """Return the modules of this package from which a module imports names outside of functions."""
    body = tree(module).body
    return {str(node.module).removeprefix(f"{NAME}.") for node in body if isinstance(node, ast.ImportFrom)}


def test_the_command_line_imports_its_airflow_module_inside_functions_only() -> None:
    assert {module for module in MODULES if room(module) == "cli" and "cli.with_airflow" in at_top(module)} == set()


def http_libraries(module: str) -> set[str]:
    """Return the libraries that a module imports to send requests, names of their exceptions aside."""
    sending = {name for name in imports(module) if not name.startswith(("urllib3.exceptions", "requests.exceptions"))}
    return {room(name) for name in sending} & {"requests", "urllib3", "httpx", "aiohttp"}


def test_only_the_client_and_its_session_send_http() -> None:
    others = {name for name in MODULES if room(name) not in ("emulator", "testing")} - SENDS_HTTP
    assert {module: found for module in others if (found := http_libraries(module))} == {}


def names_s3(module: str) -> bool:
    return re.search(r"(?<![A-Za-z])s3(?![0-9])", MODULES[module].read_text(), re.IGNORECASE) is not None


def test_only_storage_names_a_kind_of_object_store() -> None:
    assert {room(name) for name in MODULES if names_s3(name)} == {"storage", *NAMES_S3}


def test_a_store_is_opened_by_its_scheme_and_not_imported() -> None:
    others = {name for name in MODULES if room(name) != "storage"}
    assert {name: found for name in others if (found := {one for one in ours(name) if "storage.s3" in one})} == {}


def test_no_import_goes_in_a_circle() -> None:
    list(TopologicalSorter({name: ours(name) - {name, ""} for name in MODULES if name != "__init__"}).static_order())


def test_a_transcription_writes_itself_though_models_import_no_format() -> None:
    code = (
        "import sys; from airflow_provider_fluxions.api.models import Transcription\n"
        "assert 'airflow_provider_fluxions.formats' not in sys.modules\n"
        "print(Transcription.from_json({'id': 1, 'text': 'SPEAKER_0: Hello.'}).to('text').decode())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "SPEAKER_0: Hello."


def test_every_room_has_its_place() -> None:
    assert {room(name) for name in MODULES} - {"__init__", "emulator", "testing"} == set(HEIGHT)
