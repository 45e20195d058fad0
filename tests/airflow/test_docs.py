"""What the documentation says of messages, errors and classes is what the code says, and its links lead somewhere."""

from __future__ import annotations

import ast
import inspect
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
import yaml

from airflow_provider_fluxions.api import errors
from airflow_provider_fluxions.api.responses import status_error

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "airflow_provider_fluxions"
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
# Texts are cut at line ends in code, so string joints are taken out before they are compared.
CODE = re.sub(
    r'"\s*\n\s*f?"',
    "",
    "".join(path.read_text() for path in sorted(PACKAGE.rglob("*.py"))),
)
MESSAGES = re.findall(r"^\| `([^`]+)`", PAGE.partition("## By class")[0], re.MULTILINE)
ROWS = dict(re.findall(r"^\| `(Fluxions\w+Error)` \|[^|]*\| (yes|no)\b", PAGE, re.MULTILINE))
CLASSES = {
    name: cls for name, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.FluxionsError)
}
# What is raised is one of the classes below these.
ABSTRACT = {"FluxionsError", "FluxionsRequestError", "FluxionsStatusError", "FluxionsJobError"}
FOLDERS = (
    "airflow_provider_fluxions",
    "benchmarks",
    "campaigns",
    "dags_examples",
    "docs",
    "harness",
    "requirements",
    "samples",
    "scripts",
    "tests",
)
FILES = [
    str(path.relative_to(ROOT))
    for path in (*ROOT.iterdir(), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")))
    if path.is_file() and "node_modules" not in path.parts and "_build" not in path.parts
]
PAGES = [ROOT / name for name in sorted(FILES) if name.endswith(".md")]
REGISTRY = yaml.safe_load((ROOT / ".airflow-registry.yaml").read_text())
PUBLIC = [
    entry["module"].rpartition(".")[2]
    for entries in REGISTRY.values()
    if isinstance(entries, list)
    for entry in entries
    if isinstance(entry, dict)
]
HOW_TO = "".join(
    path.read_text()
    for path in [*(ROOT / "docs" / "howto").glob("*.md"), *map((ROOT / "docs").joinpath, ("transfer.md", "events.md"))]
)


@cache
def raised() -> dict[str, list[str]]:
    """The messages in the code by the class that it raises with them."""
    found: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES and node.args:
                message = re.sub(r"^f?(['\"])|(['\"])$", "", ast.unparse(node.args[0]))
                found.setdefault(node.func.id, []).append(message)
    return found


@pytest.mark.parametrize("message", MESSAGES)
def test_each_message_that_the_troubleshooting_page_explains_is_one_of_ours(message: str) -> None:
    assert message in CODE


def test_the_page_has_every_class_of_error_and_whether_a_retry_can_help() -> None:
    assert {name: answer == "yes" for name, answer in ROWS.items()} == {
        name: cls.transient for name, cls in CLASSES.items() if name not in ABSTRACT
    }


@pytest.mark.parametrize("name", sorted(raised().keys() - {"FluxionsConnectionError"}))
def test_the_page_explains_a_message_of_each_class_that_the_code_raises(name: str) -> None:
    texts = raised()[name]
    assert any(message in text for message in MESSAGES for text in texts), texts


@pytest.mark.parametrize("status", [302, 401, 402, 403, 404, 408, 413, 429, 503])
def test_the_page_explains_a_message_of_each_error_status(status: int) -> None:
    told = str(status_error(status, {}, b"{}"))
    assert any(message in told for message in MESSAGES), told


def test_each_file_that_the_contributing_guide_names_is_there() -> None:
    names = re.findall(r"`([\w./*<>]+(?:\.py|\.md|\.toml|/))`", (ROOT / "CONTRIBUTING.md").read_text())
    files = [line for name in FILES for line in (name, *map(str, Path(name).parents))]
    patterns = {name: re.sub(r"<\w+>", "*", name).rstrip("/") for name in names}
    missing = [name for name, glob in patterns.items() if not any(fnmatch(f"/{path}", f"*/{glob}") for path in files)]
    assert len(names) > 50
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_inside_the_tree_has_a_target(page: Path) -> None:
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", prose):
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_checked_for_dead_links() -> None:
    assert {ROOT / "README.md", ROOT / "docs" / "index.md", ROOT / "docs" / "howto" / "connect.md"} < set(PAGES)


@pytest.mark.parametrize("name", PUBLIC)
def test_each_class_that_users_import_has_a_how_to_and_its_place_in_the_reference(name: str) -> None:
    assert name in HOW_TO
    reference = (ROOT / "docs" / "api.md").read_text()
    assert name in reference or (
        name.endswith("Trigger") and "automodule:: airflow_provider_fluxions.triggers" in reference
    )


@pytest.mark.parametrize("page", ["lineage.md", "reference/configuration.md"])
def test_the_tables_of_lineage_and_links_have_every_operator(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    assert [name for name in PUBLIC if name.endswith(("Operator", "Sensor")) and f"`{name}`" not in text] == []
