"""The words of docs/glossary.md are used everywhere: in pages, docstrings, comments, log lines and error messages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.prose import PRIVATE, Text, finds, texts

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text()
REPLACED = {
    word.strip()
    for row in re.findall(r"^\| \*\*.*\| ([^|]+) \|$", GLOSSARY, re.MULTILINE)
    for word in row.split(",")
    if word.strip()
}
# Texts in which these words are right, with the reason.
ALLOWED = {
    "airflow_provider_fluxions/emulator/sentences.py": "sentences of invented callers",
    "harness/demo_speech.py": "the words that a recognizer heard",
    "samples/article.md": "a text to speak",
}


@pytest.mark.slow
def test_private_words_do_not_come_back() -> None:
    found = [
        f"{find.path}:{find.line}: {find.found} -> {PRIVATE[find.name][1]}"
        for find in finds(texts(suspects=True))
        if find.path not in ALLOWED
    ]
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_each_allowed_file_has_a_private_word() -> None:
    assert {find.path for find in finds(texts(suspects=True))} >= ALLOWED.keys()


@pytest.mark.parametrize("line", ["// It was told then.", "/* It was\n * told then. */", 'show("It was told then.");'])
def test_the_viewers_page_is_read_like_the_package(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.ts").write_text(f"const one = 1;\n{line}\n")
    assert [(find.path, find.name) for find in finds(texts(tmp_path))] == [("a.ts", "tell")]


@pytest.mark.parametrize("word", sorted(REPLACED))
def test_a_word_that_the_glossary_replaces_is_found(word: str) -> None:
    assert finds([Text("a.py", 1, "comment", f"# It was {word} then.")])


@pytest.mark.parametrize(
    "words", ["Look up the host.", "It looks like JSON.", "There is no connection.", "ASR stands for it."]
)
def test_standard_english_is_not_found(words: str) -> None:
    assert finds([Text("a.py", 1, "comment", words)]) == []


def test_docstrings_name_their_errors_in_one_form() -> None:
    package = Path(__file__).parents[2] / "airflow_provider_fluxions"
    other = re.compile(r"^\s+Raises\b", re.MULTILINE)
    assert [path.name for path in package.rglob("*.py") if other.search(path.read_text())] == [], "use :raises ...:"


def test_the_glossary_has_at_most_40_lines() -> None:
    assert len(GLOSSARY.splitlines()) <= 40
