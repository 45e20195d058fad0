"""Measure the prose of the repository: sentences, negations, and words that docs/glossary.md replaces.

python -m harness.prose                     # figures, and each private word with its file and line
python -m harness.prose --root OTHER        # the same for another checkout
python -m harness.prose --sample 10 --seed 7   # sentences of pages, error messages and docstrings, drawn at random
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Tests quote responses and messages, and docs/hostile-input.md is generated from them. The two pages of words name what
# they replace.
SKIPPED_FOLDERS = (
    "tests",
    "node_modules",
    "static",
    "_build",
    "recorded",
    ".venv",
    ".git",
    ".mypy",
    ".ruff",
    ".pytest",
)
SKIPPED_FILES = {"hostile-input.md", "style.md", "glossary.md", "prose.py"}

# A private word -> (pattern, the standard words). A pattern leaves out what is standard English or a term of the trade.
PRIVATE: dict[str, tuple[str, str]] = {
    "take up": (r"(take|takes|took|taken|taking) ((\w|')+ ){0,3}?up", "reuse"),
    "adopt": (r"adopt(s|ed|ing|ion|ions)?", "reuse"),
    "look": (r"look(s|ed|ing)?(?!([ -]?ups?\b| like| ?up\b))", "poll, scan, check, read"),
    "sweep": (r"sweeps?", "poll round"),
    "walk": (r"walk(s|ed)?", "scan"),
    "in its slot": (r"in (its|their) (own )?slot", "a blocking wait"),
    "tell": (r"(tell|tells|told|telling)", "report, return, document"),
    "hear": (r"(hear|hears|heard)", "receive, report"),
    "stand": (r"(stand|stands|stood|standing)(?! for\b)(?!-in)", "exist, be stored, appear in"),
    "lie": (r"(lie|lies|lay)", "be in, be between"),
    "mend": (r"mend(s|ed|ing)?", "fix, recover"),
    "trouble": (r"troubles?", "service error, transient error"),
    "wait out": (r"wait(s|ed|ing)? (\w+ )?out", "retry until the deadline"),
    "go on": (r"(go|goes|went|gone|going) on", "continue, resume"),
    "not absent": (r"not absent", "outcome unknown"),
    "a clear": (r"(a|the) clear(?! (text|error|message))", "clearing the task"),
    "lost try": (r"lost (try|tries)", "failed try"),
    "anew": (r"anew", "again"),
    "beside": (r"beside", "next to, in addition to"),
    "so long as": (r"so long(?! that\b)", "while, until"),
    "crowd": (r"crowds?", "waiting tasks"),
    "ours": (r"ours", "the provider's, your"),
    "night": (r"(?<!every )nights?", "scheduled run"),
    "unpaid": (r"unpaid", "no charge"),
    "somebody": (r"(somebody|nobody|anybody|everybody|whoever|who may)", "users with ..., another program"),
    "whatever": (r"whatever", "any, regardless of"),
    "is none": (r"(?<!there )(is|are|was|were) (?-i:no|none|nothing)(?! (longer|more)\b)", "the positive rule"),
    "all else": (r"all else", "the rest"),
    "all the same": (r"all the same", "nevertheless"),
}
_PATTERNS = {name: re.compile(rf"\b{pattern}\b", re.IGNORECASE) for name, (pattern, _) in PRIVATE.items()}
_ANY = re.compile("|".join(rf"\b(?:{pattern})\b" for pattern, _ in PRIVATE.values()), re.IGNORECASE)
_JOINT = re.compile(r"[\"']?\s*\n\s*(#|f?[\"'])?\s*")  # between two lines of a comment or a string
_NEGATIONS = re.compile(r"\b(no|none|nothing|nobody|never|nowhere)\b", re.IGNORECASE)
_SCRIPT_PROSE = re.compile(
    r"/\*.*?\*/|(^|(?<=\s))//[^\n]*(\n\s*//[^\n]*)*|(?P<string>\"[^\"\n]*\"|'[^'\n]*'|`[^`]*`)",
    re.DOTALL | re.MULTILINE,
)
_COMMENT = re.compile(r"(^|\s)# .*$")
_RAISED = re.compile(r"(Error|Exception|Timeout|Exit)$")


@dataclass(frozen=True)
class Text:
    """A piece of prose: its file, its first line, and its kind: page, docstring, comment, string or error."""

    path: str
    line: int
    kind: str
    words: str


@dataclass(frozen=True)
class Find:
    """A private word in a text."""

    path: str
    line: int
    name: str
    found: str
    context: str


def texts(root: Path = ROOT, *, suspects: bool = False) -> Iterator[Text]:
    """Return all prose below a folder: pages, docstrings, comments, and strings of at least three words.

    :param suspects: Only of files that have a private word anywhere, identifiers included. This is ten times as fast.
    """
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(SKIPPED_FOLDERS))
        for name in sorted(set(names) - SKIPPED_FILES):
            path = Path(folder, name)
            if not _has_prose(path) or (suspects and not _ANY.search(_JOINT.sub(" ", path.read_text("utf-8")))):
                continue
            yield from _texts_of(path, path.relative_to(root).as_posix())


def _has_prose(path: Path) -> bool:
    return path.suffix in (".md", ".py", ".sh", ".ts", ".css") or path.parent.name == "scripts" or path.match(".ci/run")


def _texts_of(path: Path, name: str) -> Iterator[Text]:
    if path.suffix == ".md":
        yield from (Text(name, number, "page", words) for number, words in _paragraphs(path.read_text("utf-8")))
    elif path.suffix == ".py":
        yield from _python(path.read_text("utf-8"), name)
    elif path.suffix in (".ts", ".css"):
        yield from _script(path.read_text("utf-8"), name)
    else:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if "#" in line or "echo" in line or "printf" in line:
                yield Text(name, number, "comment", line)


def _paragraphs(page: str) -> Iterator[tuple[int, str]]:
    """Return the paragraphs of a Markdown page with their lines; code becomes the word ``X``, links their text."""
    page = re.sub(
        r"^(```+|:::+).*?^\1", lambda found: "\n" * found[0].count("\n"), page, flags=re.DOTALL | re.MULTILINE
    )
    page = re.sub(r"<!--.*?-->", lambda found: "\n" * found[0].count("\n"), page, flags=re.DOTALL)
    page = re.sub(r"\{py:class\}`[^`]*`|`[^`\n]*(\n[^`\n]*)?`", "X", page)
    page = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", page)
    page = re.sub(r"\]\([^)]*\)", "", page).replace("[", "")
    start, lines = 1, list[str]()
    for number, line in enumerate([*page.splitlines(), ""], 1):
        new = not line.strip() or re.match(r"\s*([-*]|\d+\.) |\||#", line)
        if new and lines:
            yield start, " ".join(lines)
            lines = []
        if line.strip():
            start = start if lines else number
            lines.append(line.strip())


def _python(source: str, name: str) -> Iterator[Text]:
    tree = ast.parse(source)
    docstrings, raised = set[int](), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(
            node
        ):
            docstrings.add(id(node.body[0].value))  # type: ignore[attr-defined]  # a docstring is an expression
        if isinstance(node, ast.Call) and _RAISED.search(ast.unparse(node.func)):
            raised.update(id(part) for argument in node.args for part in ast.walk(argument))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.count(" ") >= 2:
            kind = "docstring" if id(node) in docstrings else "error" if id(node) in raised else "string"
            yield Text(name, node.lineno, kind, node.value)
    # A tokenizer would know strings from comments, and takes more time than all the rest.
    for number, line in enumerate(source.splitlines(), 1):
        if comment := _COMMENT.search(line):
            yield Text(name, number, "comment", comment[0])


def _script(source: str, name: str) -> Iterator[Text]:
    """Return the comments of a script or style sheet, and its strings of at least three words."""
    for found in _SCRIPT_PROSE.finditer(source):
        kind = "string" if found["string"] else "comment"
        words = re.sub(r"\n\s*(\*|//)", "\n", found["string"] or found[0])
        if words.count(" ") >= 2:
            yield Text(name, source.count("\n", 0, found.start()) + 1, kind, re.sub(r"\$\{[^}]*\}", "X", words))


def finds(found: Iterable[Text]) -> list[Find]:
    """Return each private word in these texts."""
    result = []
    for text in found:
        if not _ANY.search(" ".join(text.words.split())):
            continue
        words = re.sub(r"``[^`]+``|`[^`]+`", "X", text.words)
        flat = re.sub(r"\s+", " ", words)
        for name, pattern in _PATTERNS.items():
            for match in pattern.finditer(flat):
                line = text.line + words[: words.find(match[0].split()[0])].count("\n")
                result.append(
                    Find(text.path, line, name, match[0], flat[max(0, match.start() - 50) : match.end() + 40])
                )
    return result


def sentences(found: Iterable[Text]) -> list[str]:
    """Return the full sentences of these texts: at least four words and a full stop. Tables and headings have none."""
    result = list[str]()
    for text in found:
        if not re.match(r"\s*(\||#+ )", text.words):
            for sentence in re.split(r"(?<=[.!?])[)*]*\s+", re.sub(r"\s+", " ", text.words)):
                if sentence.rstrip("*)").endswith(".") and sentence.count(" ") >= 3:
                    result.append(sentence)
    return result


def figures(found: list[str]) -> dict[str, float]:
    """Return the figures of prose: words a sentence, and the shares in percent of long, joined and negative ones."""
    lengths = sorted(len(sentence.split()) for sentence in found)

    def share(pattern: str) -> float:
        return round(100 * sum(bool(re.search(pattern, sentence, re.IGNORECASE)) for sentence in found) / len(found), 1)

    return {
        "sentences": len(found),
        "median words": statistics.median(lengths),
        "p90 words": lengths[int(len(lengths) * 0.9)],
        "longest": lengths[-1],
        "% over 30 words": round(100 * sum(length > 30 for length in lengths) / len(lengths), 1),
        "% with : or ;": share(r"[:;] "),
        "% with no, none, nothing, nobody, never": share(_NEGATIONS.pattern),
        "% with you": share(r"\byou(r)?\b"),
        "% with what, who as a noun": share(r"(^|(?<!know )(?<!see )[,;:] |\. )(what|who|whoever) (?!\w+\?)"),
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the figures, or a sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--quiet", action="store_true", help="figures only")
    given = parser.parse_args(arguments)
    found = list(texts(given.root))
    if given.sample:
        _print_sample(found, given.sample, given.seed)
        return
    private = finds(found)
    if not given.quiet:
        for find in private:
            print(f"{find.path}:{find.line}: {find.found} -> {PRIVATE[find.name][1]}   | ...{find.context}...")
    for name, kinds in {"pages": {"page"}, "docstrings": {"docstring"}, "errors": {"error"}}.items():
        print(name, figures(sentences(text for text in found if text.kind in kinds)))
    print("private words", len(private), dict(Counter(find.name for find in private).most_common()))


def _print_sample(found: list[Text], count: int, seed: int) -> None:
    for kind in ("page", "error", "docstring"):
        pool = [text for text in found if text.kind == kind and sentences([text])]
        if kind != "page":
            pool = [text for text in pool if text.path.startswith("airflow_provider_fluxions/")]
        for text in random.Random(seed).sample(pool, count):  # noqa: S311  # a sample, not a secret
            print(f"{kind} {text.path}:{text.line}: {sentences([text])[0]}")


if __name__ == "__main__":
    main()
