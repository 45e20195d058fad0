"""A stored result, read back: the same transcription, and so every other format."""

from __future__ import annotations

import pytest

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import FORMATS, read_stored, render, render_files
from tests.unit.formats.hostile import ANSWERS


@pytest.mark.slow
def test_every_format_of_a_stored_result_is_that_of_the_result() -> None:
    different = []
    for case, answer in ANSWERS.items():
        result = Transcription.from_json(answer)
        stored = read_stored(render(result, "json"))
        names = [name for name in FORMATS if name != "json"]
        different += [(case, name) for name in names if render_files(stored, name) != render_files(result, name)]
    assert different == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "a JSON list"),
        (b"7", "a JSON int"),
        (b"{}", "without a usable job id"),
    ],
)
def test_bytes_that_are_not_a_stored_result_are_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(FluxionsFormatError, match="This is not a stored JSON result") as caught:
        read_stored(data)
    assert said in str(caught.value)


@pytest.mark.parametrize("status", ["failed", "FAILED", "processing", "submitted"])
def test_the_stored_json_of_a_job_without_a_transcript_makes_no_empty_result(status: str) -> None:
    link = "https://r2.example/a?X-Amz-Signature=secret"
    answer = {"id": 7, "status": status, "error_message": f"no\x1b speech in {link}", "segments": []}
    with pytest.raises(FluxionsFormatError, match=f"job 7 was {status.lower()} ") as caught:
        read_stored(render(Transcription.from_json(answer), "json"))
    assert caught.value.job_id == 7
    assert "secret" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("status", ["completed", "Completed", "archived", "", None])
def test_a_completed_or_unknown_status_is_a_stored_result(status: str | None) -> None:
    assert read_stored(render(Transcription.from_json({"id": 7, "status": status}), "json")).id == 7
