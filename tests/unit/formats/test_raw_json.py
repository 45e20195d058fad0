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


SIGNED = [
    "https://r2.example/a.mp3?X-Amz-Algorithm=AWS4&X-Amz-Signature=secret",
    "https://storage.example/a?GoogleAccessId=x&Expires=1&Signature=secret",
    "https://blob.example/a?sv=2024&se=2026&sig=secret",
    "http://cdn.example/a?token=secret",
    "HTTPS://CDN.EXAMPLE/a?X-AMZ-SIGNATURE=secret#t=1",
]


@pytest.mark.parametrize("link", SIGNED)
def test_a_signed_link_is_stored_nowhere(make: Make, link: str) -> None:
    written = render(
        make(
            ("0", 0, 1, "hi"),
            assets={"files": [{"url": link, "audio_url": "https://r2.example/plain"}], "n": 1},
            links=[[link, f" {link} "]],
            error_message=f"Could not read {link}, retry.",
        ),
        "json",
    )
    again = json.loads(written)
    assert b"secret" not in written
    assert again["assets"] == {"files": [{"url": None, "audio_url": None}], "n": 1}
    assert again["links"] == [[None, None]]
    assert again["error_message"].startswith(f"Could not read {link.partition('?')[0]}?***")


@pytest.mark.parametrize(
    "text", ["https://example.org/?q=design", "a?sig=1", "is it ://? token=", "https://a.example/b"]
)
def test_text_without_a_signed_link_is_stored_as_it_is(make: Make, text: str) -> None:
    assert json.loads(render(make(("0", 0, 1, text), note=text), "json"))["note"] == text


def test_long_hostile_text_is_searched_in_time_that_grows_with_its_length(make: Make) -> None:
    text = "http://" * 200_000 + "?sig=x" + "&sig" * 200_000
    assert b"sig=" not in render(make(note=text), "json")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_json_number_is_stored_as_null(number: str) -> None:
    received = f'{{"id":1,"audio_duration":{number},"segments":[{{"start":{number},"end":2.5,"text":"a"}}]}}'
    written = render(Transcription.from_json(json.loads(received)), "json").decode()
    assert written == received.replace(number, "null") + "\n"


def test_json_that_is_too_deep_is_refused_with_its_job() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(FluxionsFormatError, match="too deeply") as caught:
        render(Transcription.from_json({"id": 9, "deep": deep}), "json")
    assert caught.value.job_id == 9


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
