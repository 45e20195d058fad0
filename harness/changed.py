"""`scripts/test changed`: the tests that concern the files that differ from main, found by who imports whom."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = ("airflow_provider_fluxions", "benchmarks", "campaigns", "dags_examples", "harness", "tests")
# Where tests run. What is in none of these folders takes minutes, and is named instead of run.
ENVIRONMENTS = {
    "tests/unit": "core",
    "tests/emulator": "core",
    "tests/hostile": "core",
    "tests/airflow": "3.3",
    "campaigns/tests": "3.3",
}
QUICK = ("-m", "not slow", "--hypothesis-profile", "quick")
# Tests for files that no module imports: pattern of the path -> tests, or a script to run by hand.
OTHERS = {
    "README.md": ("tests/airflow/test_readme.py",),
    "airflow_provider_fluxions/testing.py": ("tests/airflow",),  # pytest loads it by its entry point
    "docs/*": ("tests/airflow/test_docs.py", "tests/airflow/test_commands_on_pages.py", "scripts/docs"),
    "docs/hostile-input.md": ("tests/hostile/test_hostile_page.py",),
    "docs/howto/connect.md": ("tests/airflow/test_connection_page.py",),
    "docs/connection.md": ("tests/airflow/test_connection_page.py",),
    "docs/testing.md": ("tests/airflow/test_testing_page.py",),
    "docs/compatibility.*": ("tests/unit/test_matrix.py",),
    "dags_examples/*": ("tests/airflow/test_upstream_checks.py", "tests/e2e/test_e2e_examples.py"),
    "tests/unit/recorded/*": ("tests/unit",),
    "tests/e2e/*_dags/*": ("tests/e2e",),
    "campaigns/*/dags/*": ("scripts/test campaigns",),
    "viewer-ui/*": ("scripts/viewer --check", "tests/viewer"),
    "airflow_provider_fluxions/viewer/static/*": ("scripts/viewer --check", "tests/viewer"),
    ".airflow-registry.yaml": ("tests/airflow/test_registry_file.py",),
    "pyproject.toml": ("scripts/test", "scripts/wheel"),
    ".github/*": ("tests/unit/test_github_files.py", "scripts/check zizmor actionlint"),
    ".pre-commit-config.yaml": ("tests/unit/test_github_files.py",),
    "CITATION.cff": ("tests/unit/test_github_files.py",),
    "CHANGELOG.md": ("tests/unit/test_release.py",),
    "requirements/*": ("tests/unit/test_hashes.py", "scripts/test", "scripts/wheel"),
    "scripts/*": ("the script itself",),
    "*.sh": ("scripts/test",),
    ".ci/*": (".ci/run",),
}


def module_of(path: str) -> str:
    """The dotted name of a Python file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(source: str, module: str, known: Collection[str]) -> set[str]:
    """The known modules that a module imports anywhere in it: of a dotted name, the longest part that is one."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            named |= {f"{node.module}.{alias.name}" for alias in node.names}
    found = {next((part for part in _parts(name) if part in known), module) for name in named}
    return found - {module}


def _parts(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def uses(test: str, conftest: str) -> bool:
    """Whether a test file names a function of a conftest file, as it does to use a fixture."""
    functions = set(re.findall(r"^def (\w+)", conftest, re.MULTILINE))
    return not functions.isdisjoint(re.findall(r"\w+", test))


def concerned(changed: Iterable[str], imported: Mapping[str, Collection[str]]) -> set[str]:
    """The changed modules, and all that import one of them, directly or not."""
    importers: dict[str, set[str]] = {}
    for module, names in imported.items():
        for name in names:
            importers.setdefault(name, set()).add(module)
    found: set[str] = set()
    left = list(changed)
    while left:
        module = left.pop()
        if module not in found:
            found.add(module)
            left += importers.get(module, ())
    return found


def concerning(changed: Collection[str], sources: Mapping[str, str]) -> set[str]:
    """Tests, by path, and scripts that concern changed files. `sources` are the texts of all Python files by path."""
    modules = {module_of(path): path for path in sources}
    imported = {module: imports(sources[path], module, modules) for module, path in modules.items()}
    for module, path in modules.items():
        above = [f"{folder}/conftest.py" for folder in Path(path).parents]
        imported[module] |= {module_of(one) for one in above if one in sources and uses(sources[path], sources[one])}
    begin = {module_of(path) for path in changed}
    for package in (module_of(path) for path in changed if path.endswith("/__init__.py")):
        begin |= {module for module in modules if module.startswith(f"{package}.")}
    reached = concerned(begin, imported)
    found = {path for module, path in modules.items() if module in reached and Path(path).name.startswith("test_")}
    for path in changed:
        found |= {one for pattern, ones in OTHERS.items() if fnmatch(path, pattern) for one in ones}
    return found


def changed_files(base: str) -> set[str]:
    """The files that differ from where the current branch left `base`, untracked ones included."""
    begin = _git("merge-base", base, "HEAD")[0]
    return {*_git("diff", "--name-only", begin), *_git("ls-files", "--others", "--exclude-standard")}


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def _sources() -> dict[str, str]:
    found = {}
    for folder in CODE:
        for path in (ROOT / folder).rglob("*.py"):
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    return found


def by_environment(tests: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """What to run, by environment, and what is left out."""
    to_run: dict[str, list[str]] = {}
    left_out = []
    for test in sorted(tests):
        environment = next((name for folder, name in ENVIRONMENTS.items() if test.startswith(folder)), None)
        if environment is None:
            left_out.append(test)
        else:
            to_run.setdefault(environment, []).append(test)
    return to_run, left_out


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what runs and what is left out, and run it; the first exit status that is not 0."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    base = given.pop(0) if given and not given[0].startswith("-") else "main"
    changed = changed_files(base)
    to_run, left_out = by_environment(concerning(changed, _sources()))
    print(f"{len(changed)} files differ from {base}.")
    for environment, tests in to_run.items():
        print(f"Runs on {environment}:", *tests, sep="\n  ")
    always = "tests/e2e and campaigns: they start Airflow, whose DAGs import nearly everything"
    print("Left out:", *left_out, always, sep="\n  ", flush=True)
    for environment, tests in to_run.items():
        command = [str(ROOT / "scripts" / "test"), environment, *tests, *QUICK, *given]
        done = subprocess.run(command, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
