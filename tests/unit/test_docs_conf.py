"""What the settings of the documentation leave out and add."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def conf(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The settings, as a workflow of GitHub reads them."""
    monkeypatch.syspath_prepend(str(DOCS))
    monkeypatch.setenv("GITHUB_REPOSITORY", "an-owner/a-name")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    return runpy.run_path(str(DOCS / "conf.py"))


def test_the_reference_leaves_out_the_methods_that_airflow_calls(conf: dict[str, Any]) -> None:
    left_out = conf["autodoc_default_options"]["exclude-members"].split(", ")
    assert {"execute", "execute_complete", "on_kill", "poke", "serialize", "run", "get_link"} <= set(left_out)


def test_each_page_has_a_link_to_edit_it_in_the_repository_that_publishes_it(conf: dict[str, Any]) -> None:
    assert conf["html_theme_options"]["source_repository"] == "https://github.com/an-owner/a-name/"


def test_without_a_repository_no_page_has_an_edit_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert "html_theme_options" not in runpy.run_path(str(DOCS / "conf.py"))
