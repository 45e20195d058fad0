"""The site of the documentation has the newest commit and each release."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.docs_versions import build, releases


def test_releases_are_listed_newest_first_and_other_tags_are_left_out() -> None:
    assert releases(["v0.9.0", "v0.10.0", "v1.0.0rc1", "v1.0.0", "nightly", "v2"]) == ["v1.0.0", "v0.10.0", "v0.9.0"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one release and one newer commit, whose pages are what their commits say."""
    folder = tmp_path / "repository"
    (folder / "docs").mkdir(parents=True)
    for tag, text in (("v1.0.0", "first"), (None, "second")):
        (folder / "docs" / "index.md").write_text(text)
        for command in (("init",), ("add", "."), ("commit", "-m", text), *([("tag", tag)] if tag else [])):
            identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main")
            subprocess.run(["git", *identity, *command], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def sphinx(tmp_path: Path) -> str:
    """A stand-in for Python with Sphinx: its page is the source, and the versions that it was told."""
    program = tmp_path / "python"
    program.write_text(
        "#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\nmkdir -p $2\n"
        'echo "$(cat $1/index.md) of $DOCS_VERSIONS" >$2/index.html\n'
    )
    program.chmod(0o755)
    return str(program)


@pytest.mark.slow
def test_each_version_is_built_from_its_own_files_and_lists_all_of_them(
    repository: Path, sphinx: str, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    assert build(repository, site, sphinx) == ["latest", "v1.0.0"]
    assert (site / "latest" / "index.html").read_text() == "second of latest v1.0.0\n"
    assert (site / "v1.0.0" / "index.html").read_text() == "first of latest v1.0.0\n"


def test_the_site_leads_to_the_newest_release(repository: Path, sphinx: str, tmp_path: Path) -> None:
    build(repository, tmp_path / "site", sphinx)
    assert "url=v1.0.0/index.html" in (tmp_path / "site" / "index.html").read_text()
