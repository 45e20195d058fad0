"""The files that GitHub, registries and commit hooks read say what the project does."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_provider_fluxions.version import __version__
from harness.matrix.cells import CELLS

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# An address of the vendor, under which there is no such repository.
VENDOR_REPOSITORY = "github.com/fluxions-ai/airflow-provider-fluxions"


def loaded(path: Path) -> dict[Any, Any]:
    value: dict[Any, Any] = yaml.safe_load(path.read_text())
    return value


def steps() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{path.name} {name}", step)
        for path in WORKFLOWS
        for name, job in loaded(path)["jobs"].items()
        for step in job.get("steps", [])
    ]


def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it() -> None:
    lines = [line.strip() for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
    unpinned = [
        line
        for line in lines
        if not re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line) and "uses: ./" not in line
    ]
    assert (unpinned, len(lines) > 10) == ([], True)


def test_workflows_run_our_scripts_and_nothing_else() -> None:
    commands = {step["run"] for _, step in steps() if "run" in step}
    foreign = {
        command
        for command in commands
        if not re.fullmatch(r"scripts/[\w-]+( [^;&|`]*)?", command) or not (ROOT / command.split()[0]).is_file()
    }
    assert (foreign, bool(commands)) == (set(), True)


def test_no_workflow_has_a_permission_that_a_job_did_not_ask_for() -> None:
    assert {path.name: loaded(path)["permissions"] for path in WORKFLOWS} == {path.name: {} for path in WORKFLOWS}


def test_only_the_jobs_that_sign_or_publish_may_write() -> None:
    writing = {
        f"{path.name} {name}"
        for path in WORKFLOWS
        for name, job in loaded(path)["jobs"].items()
        if "write" in job.get("permissions", {}).values()
    }
    assert writing == {"docs.yml publish", "release.yml attest", "release.yml publish"}


def test_no_job_that_may_write_runs_code_of_the_repository() -> None:
    for path in WORKFLOWS:
        for name, job in loaded(path)["jobs"].items():
            if "write" in job.get("permissions", {}).values():
                assert not [step for step in job["steps"] if "run" in step or "checkout" in step["uses"]], name


def test_the_workflow_runs_every_cell_of_the_matrix() -> None:
    cells = loaded(ROOT / ".github" / "workflows" / "tests.yml")["jobs"]["airflow"]["strategy"]["matrix"]["include"]
    assert [(cell["cell"], cell["python"]) for cell in cells] == [(cell.name, cell.python) for cell in CELLS]


@pytest.mark.slow
def test_zizmor_finds_nothing_in_the_workflows() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    if not zizmor.exists():
        pytest.skip("zizmor is installed in .venv-core only")
    done = subprocess.run([zizmor, "--offline", "--quiet", ".github"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_commit_hooks_run_each_tool_of_scripts_check() -> None:
    tools = re.search(r"set -- (ruff .*)", (ROOT / "scripts" / "check").read_text())
    hooks = [hook for repo in loaded(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert tools is not None
    assert [hook["id"] for hook in hooks] == tools[1].split()
    assert [hook["entry"] for hook in hooks] == [f"scripts/check {hook['id']}" for hook in hooks]


def test_the_citation_names_this_version() -> None:
    assert loaded(ROOT / "CITATION.cff")["version"] == __version__


def test_no_file_names_a_repository_that_does_not_exist() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    readable = [ROOT / name for name in listed.stdout.splitlines() if not name.endswith((".png", ".mp3"))]
    naming = [
        str(path.relative_to(ROOT))
        for path in readable
        if path.is_file() and VENDOR_REPOSITORY in path.read_text(errors="replace") and path != Path(__file__)
    ]
    assert naming == []


def test_the_package_has_no_address_until_it_has_a_public_home() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "urls" not in project


def test_actionlint_is_left_to_github_where_it_is_not_installed(tmp_path: Path) -> None:
    script = (ROOT / "scripts" / "check").read_text()
    script = script.replace('. "$root/harness/environment.sh"', "make_environment() { :; }")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "check").write_text(script)
    command = ["sh", str(tmp_path / "scripts" / "check"), "actionlint"]
    done = subprocess.run(command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "actionlint is not in PATH. It runs on GitHub only.\n"), done.stderr
