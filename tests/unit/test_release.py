"""What stands in the way of a release, what it writes, and that its build is reproducible."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.release import completed, problems, provenance, section

ROOT = Path(__file__).parents[2]
CHANGELOG = "# Changelog\n\n## 1.2.0 (2026-12-01)\n\n- New.\n\n## 1.1.0 (2026-11-01)\n\n- Old.\n"
CITATION = "cff-version: 1.2.0\nversion: 1.2.0\n"


def test_nothing_stands_in_the_way_of_a_release_whose_files_agree() -> None:
    assert problems("1.2.0", "v1.2.0", CHANGELOG, CITATION, "") == []


@pytest.mark.parametrize(
    ("version", "tag", "changelog", "changes", "sentence"),
    [
        ("1.2.0.dev1", None, CHANGELOG.replace("1.2.0", "1.2.0.dev1"), "", "not of the form"),
        ("1.2.0", "v1.3.0", CHANGELOG, "", "The tag v1.3.0 is not v1.2.0"),
        ("1.2.0", None, CHANGELOG.replace("## 1.2.0", "## 1.2.1"), "", "has no section 1.2.0"),
        ("1.2.0", None, CHANGELOG.replace("2026-12-01", "unreleased"), "", "has no date for 1.2.0"),
        ("1.2.0", None, CHANGELOG, " M README.md\n", "1 uncommitted changes"),
    ],
)
def test_what_stands_in_the_way_of_a_release_is_named(
    version: str, tag: str | None, changelog: str, changes: str, sentence: str
) -> None:
    found = problems(version, tag, changelog, CITATION.replace("version: 1.2.0", f"version: {version}"), changes)
    assert len(found) == 1
    assert sentence in found[0]


def test_the_notes_of_a_release_are_its_section_of_the_changelog() -> None:
    assert section(CHANGELOG, "1.2.0") == "- New.\n"


def test_the_provenance_names_each_file_the_commit_and_the_run() -> None:
    github = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "me/it", "GITHUB_RUN_ID": "7"}
    statement = provenance({"a.whl": "00ff"}, "c0ffee", {"build": "1"}, github)
    assert statement["subject"] == [{"name": "a.whl", "digest": {"sha256": "00ff"}}]
    definition = statement["predicate"]["buildDefinition"]
    assert definition["resolvedDependencies"][0]["digest"] == {"gitCommit": "c0ffee"}
    assert statement["predicate"]["runDetails"]["metadata"]["invocationId"] == "https://github.com/me/it/actions/runs/7"


def test_the_sbom_is_of_this_version_and_all_that_it_lists() -> None:
    bom = {
        "metadata": {"component": {"bom-ref": "root", "name": "airflow-provider-fluxions"}},
        "components": [{"bom-ref": "b"}, {"bom-ref": "a"}],
        "dependencies": [{"ref": "root"}, {"ref": "a"}],
    }
    done = completed(bom, "1.2.0")
    assert done["metadata"]["component"]["purl"] == "pkg:pypi/airflow-provider-fluxions@1.2.0"
    assert done["dependencies"] == [{"ref": "root", "dependsOn": ["a", "b"]}, {"ref": "a"}]


@pytest.mark.slow
def test_two_builds_of_the_same_files_are_the_same_bytes(tmp_path: Path) -> None:
    built = []
    for number, umask in ((1, 0o022), (2, 0o077)):
        # Another folder, other times, other permissions, another order of sets.
        source, out = tmp_path / f"source-{number}", tmp_path / f"out-{number}"
        _copy_package(source)
        for path in source.rglob("*"):
            os.utime(path, (number * 1e8, number * 1e8))
        code = "import sys; from hatchling import build as b; b.build_sdist(sys.argv[1]); b.build_wheel(sys.argv[1])"
        environment = {**os.environ, "PYTHONHASHSEED": str(number), "TZ": f"UTC{number}"}
        out.mkdir()
        subprocess.run([sys.executable, "-c", code, str(out)], cwd=source, env=environment, umask=umask, check=True)
        built.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.iterdir()})
    assert len(built[0]) == 2
    assert built[0] == built[1]


def _copy_package(target: Path) -> None:
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "airflow_provider_fluxions", target / "airflow_provider_fluxions", ignore=skipped)
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, target / name)
