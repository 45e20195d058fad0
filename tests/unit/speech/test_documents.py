"""From objects to the texts that are spoken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_fluxions.speech.documents import Document, read_documents


def lines(*rows: Any) -> bytes:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()


def problem(key: str, data: bytes) -> str:
    (document,) = read_documents(key, data)
    assert document.text == ""
    return document.problem or ""


def test_a_text_file_is_one_text_without_its_byte_order_mark() -> None:
    assert read_documents("a.TXT", b"\xef\xbb\xbfHello.\r\nYou. \n") == [Document("", "Hello.\nYou.")]


@pytest.mark.slow
def test_a_markdown_file_is_spoken_as_plain_text() -> None:
    assert read_documents("a.md", b"# Hi\n*you*") == [Document("", "Hi\n\nyou")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfeh\0", "not UTF-8"),
        (b"caf\xe9", "not UTF-8: byte 3"),
        (b" \n\t", "empty"),
        (b"bell \x07", "control character"),
    ],
)
def test_a_text_that_cannot_be_spoken_has_the_reason(data: bytes, reason: str) -> None:
    assert reason in problem("a.txt", data)


def test_a_json_line_is_a_text_with_an_id_and_perhaps_a_voice() -> None:
    data = lines({"id": "a", "text": "One."}, "", {"id": 7, "text": "Two.", "voice": "tom", "more": 1})
    assert read_documents("x.jsonl", data) == [Document("a", "One."), Document("7", "Two.", "tom")]


@pytest.mark.parametrize(
    "name", ["../up", "a/../b", "/a", "a//b", "a/", ".", "..", "a\\b", "a\nb", " a", "x" * 201, "", None, True, 1.5, []]
)
def test_an_id_that_could_leave_the_destination_is_refused(name: Any) -> None:
    assert "Line 1" in problem("x.jsonl", lines({"id": name, "text": "One."}))


@pytest.mark.parametrize("name", ["a", "a/b", "a.b", "...", "été 1", "line 1", "a..b"])
def test_other_ids_name_their_audio(name: str) -> None:
    assert read_documents("x.jsonl", lines({"id": name, "text": "One."})) == [Document(name, "One.")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ({"id": "a"}, "field text"),
        ({"id": "a", "text": 1}, "field text"),
        ({"id": "a", "text": " "}, "empty"),
        ({"id": "a", "text": "x", "voice": 1}, "field voice"),
        ('{"id": "a", "text": "\\ud800"}', "surrogate"),
    ],
)
def test_a_bad_line_fails_alone(row: Any, reason: str) -> None:
    good, bad = read_documents("x.jsonl", lines({"id": "good", "text": "Fine."}, row))
    assert (good.text, bad.text) == ("Fine.", "")
    assert reason in (bad.problem or "")


def test_all_lines_of_an_id_that_occurs_twice_are_refused() -> None:
    rows = [{"id": "a", "text": "One."}, {"id": "b", "text": "Two."}, {"id": "a", "text": "Three."}]
    first, second, third = read_documents("x.jsonl", lines(*rows))
    assert second.problem is None
    assert first.problem == third.problem == "The id a is on lines 1, 3. Give each line its own id."
