"""Writes changed functions into a copy of the checkout."""

from __future__ import annotations

import ast
import difflib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "airflow_provider_fluxions"
ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".work" / "mutants"


@dataclass(frozen=True)
class Mutant:
    """One changed function. `key` names it for mutmut's switch; `diff` shows the change."""

    module: str
    key: str
    diff: str

    @property
    def function(self) -> str:
        """The function that is changed, by the name that mutmut records."""
        return self.key.partition("__mutmut_")[0]


def copy_checkout() -> None:
    """Copy what Git knows or would add, so that the checkout itself is never changed."""
    shutil.rmtree(WORK, ignore_errors=True)
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (WORK / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, WORK / name)
    (WORK / "setup.cfg").write_text(f"[mutmut]\nsource_paths={PACKAGE}\n")
    (WORK / "mutants").mkdir()


def mutate(module: str) -> list[Mutant]:
    """Write all changes of a module into the copy, and return those that are worth a test."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    path = WORK / PACKAGE / f"{module}.py"
    mutated = mutate_file_contents(str(path), path.read_text())
    path.write_text(mutated.code)
    functions = {
        node.name: node
        for node in ast.walk(ast.parse(mutated.code))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    dotted = f"{PACKAGE}.{module.replace('/', '.')}"
    mutants = []
    for name in mutated.mutant_names:
        original = functions[name.partition("__mutmut_")[0] + "__mutmut_orig"]
        if not only_words_differ(original, functions[name]):
            mutants.append(Mutant(module, f"{dotted}.{name}", changed_lines(original, functions[name])))
    return mutants


def only_words_differ(original: ast.AST, changed: ast.AST) -> bool:
    """Return whether two functions differ only in sentences and logs, which are for people and contain no rule."""
    return rules_of(original) == rules_of(changed)


def rules_of(function: ast.AST) -> str:
    """Return what a function does, without its name, its sentences and what it logs."""
    copy = ast.parse(ast.unparse(function))
    copy.body[0].name = ""  # type: ignore[attr-defined]
    for node in ast.walk(copy):
        match node:
            case ast.Constant(value=str(text)) if " " in text.strip("X"):
                node.value = ""
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
                node.args, node.keywords = [], []
    return ast.dump(copy)


def changed_lines(original: ast.AST, changed: ast.AST) -> str:
    """Return the lines that differ, as in a patch without its headers."""
    before, after = (re.sub("__mutmut_[a-z0-9]+", "", ast.unparse(node)).splitlines() for node in (original, changed))
    lines = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))
