"""``json``: what the API answered, without its signed links."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import JobStatus, Transcription
from airflow_provider_fluxions.formats import render

RECORDED = Path(__file__).parents[1] / "recorded"

Make = Callable[..., Transcription]


@pytest.mark.parametrize("name", ["page_get.json", "observed_words.json", "observed_metadata_only.json"])
def test_a_stored_answer_reads_back_as_the_same_transcription(name: str) -> None:
    result = Transcription.from_json(json.loads((RECORDED / name).read_bytes()))
    again = Transcription.from_json(json.loads(render(result, "json")))
    assert (again.text, again.segments, again.status) == (result.text, result.segments, result.status)


def test_unknown_fields_and_their_order_are_stored(make: Make) -> None:
    result = Transcription.from_json({"zeta": [1, {"b": None}], "id": 1, "alpha": "ñ"})
    assert render(result, "json") == '{"zeta":[1,{"b":null}],"id":1,"alpha":"ñ"}\n'.encode()


def test_signed_links_are_stored_as_null(make: Make) -> None:
    link = "https://r2.example/a?X-Amz-Signature=secret"
    written = render(make(audio_url=link, original_audio_url=link), "json")
    assert b"secret" not in written
    assert json.loads(written)["audio_url"] is None
    assert json.loads(written)["original_audio_url"] is None


def test_a_link_that_was_not_there_is_not_added(make: Make) -> None:
    assert "audio_url" not in json.loads(render(make(), "json"))


def test_writing_leaves_the_transcription_its_links(make: Make) -> None:
    result = make(audio_url="https://r2.example/a")
    render(result, "json")
    assert result.raw["audio_url"] == "https://r2.example/a"


def test_it_is_one_line_whatever_the_text_holds(make: Make) -> None:
    assert render(make(("0", 0, 1, "a\nb\r\n")), "json").count(b"\n") == 1


def test_half_a_surrogate_pair_is_stored_as_the_escape_it_came_as() -> None:
    received = rb'{"id":1,"text":"\ud83d and ' + "😀".encode() + rb'"}'
    assert render(Transcription.from_json(json.loads(received)), "json") == received + b"\n"


def test_a_transcription_that_was_not_read_from_json_is_refused_rather_than_lost() -> None:
    with pytest.raises(FluxionsFormatError) as caught:
        render(Transcription(id=9, status=JobStatus.COMPLETED, text="speech"), "json")
    assert caught.value.job_id == 9
