"""A stored result, read back: the same transcription, and so every other format."""

from __future__ import annotations

import pytest

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import FORMATS, read_stored, render, render_files
from tests.unit.formats.hostile import ANSWERS


@pytest.mark.parametrize("case", ANSWERS)
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "json"])
def test_every_format_of_a_stored_result_is_that_of_the_result(case: str, name: str) -> None:
    result = Transcription.from_json(ANSWERS[case])
    stored = read_stored(render(result, "json"))
    assert render_files(stored, name) == render_files(result, name)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "a JSON list"),
        (b"7", "a JSON int"),
        (b"{}", "without a usable job id"),
    ],
)
def test_what_is_no_stored_result_is_told_why(data: bytes, said: str) -> None:
    with pytest.raises(FluxionsFormatError, match="This is no stored result") as caught:
        read_stored(data)
    assert said in str(caught.value)
