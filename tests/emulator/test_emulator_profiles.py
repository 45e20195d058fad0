"""What the two readings of the vendor's page answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Api

TAG = re.compile(r"\[[a-z]+\]")


def test_health_needs_no_key_and_reads_as_each_source_shows_it(api: Api) -> None:
    answer = api.session.get(api.url + "/health", timeout=10).json()
    expected = {
        "documented": {"status": "ok", "version": "1.0.0", "model": "akro-v1"},
        "observed": {"status": "ok", "gateway": "api.fluxions.ai"},
    }
    assert answer == expected[api.emulator.profile.name]


def test_each_profile_has_one_submit_path_and_the_other_is_404(api: Api) -> None:
    other = {"/submit": "/akro/submit", "/akro/submit": "/submit"}[api.emulator.profile.submit_path]
    assert api.submit().status_code == 200
    assert api.session.post(api.url + other, data=b"x", headers=api.key, timeout=10).status_code == 404


def test_a_submit_answers_the_fields_of_the_page(documented: Api) -> None:
    answer = documented.submit(filename="interview.mp3").json()
    assert list(answer) == ["id", "status", "created_at", "original_audio_url", "query_urls", "cached"]
    assert answer["status"] == "submitted"
    assert answer["created_at"] == "2025-10-24T10:35:00.000Z"
    assert answer["query_urls"]["get"] == f"{documented.url}/transcriptions/{answer['id']}"
    assert answer["cached"] is False


def test_query_urls_may_point_elsewhere(documented: Api) -> None:
    documented.emulator.set_settings(query_urls_base="https://api.fluxions.ai")
    assert documented.submit().json()["query_urls"]["status"] == "https://api.fluxions.ai/transcriptions/1"


def test_a_completed_documented_job_has_text_and_segments_without_words(documented: Api) -> None:
    answer = documented.get(f"/transcriptions/{documented.job(filename='a.mp3')}").json()
    assert answer["status"] == "completed"
    assert answer["filename"] == "a.mp3"
    assert answer["text"].startswith("SPEAKER_0: ")
    assert set(answer["segments"][0]) == {"speaker", "text", "start", "end", "segment_idx"}
    assert answer["num_segments"] == len(answer["segments"])
    assert answer["num_speakers"] >= 2


def test_documented_words_come_with_the_flag_and_have_holes(documented: Api) -> None:
    job = documented.job()
    segments = documented.get(f"/transcriptions/{job}", word_level_timestamps="true").json()["segments"]
    for segment in segments:
        spoken = [token for token in segment["text"].split() if any(c.isalpha() for c in token)]
        assert [word["word"] for word in segment["words"]] == spoken
        assert all(set(word) == {"word", "start", "end"} for word in segment["words"])


def test_an_observed_job_is_metadata_only_without_the_flag(observed: Api) -> None:
    answer = observed.get(f"/transcriptions/{observed.job()}").json()
    assert answer["status"] == "completed"
    assert "text" not in answer
    assert "segments" not in answer


def test_an_observed_job_shows_segments_with_the_flag_and_never_text(observed: Api) -> None:
    answer = observed.get(f"/transcriptions/{observed.job()}", word_level_timestamps="true").json()
    assert answer["segments"]
    assert "text" not in answer


def test_documented_tags_stand_in_the_text_only_when_asked_for(documented: Api) -> None:
    audio = b"tags" * 100_000
    plain = documented.get(f"/transcriptions/{documented.job(audio)}").json()
    tagged = documented.get(f"/transcriptions/{documented.job(audio, non_speech='true')}").json()
    assert not TAG.search(plain["text"])
    assert TAG.search(tagged["text"])
    assert (plain["non_speech"], tagged["non_speech"]) == (False, True)
    assert not any(TAG.search(segment["text"]) for segment in tagged["segments"])


def test_observed_segments_hold_tags_although_nobody_asked(observed: Api) -> None:
    job = observed.job(b"tags" * 100_000)
    segments = observed.get(f"/transcriptions/{job}", word_level_timestamps="true").json()["segments"]
    assert any(TAG.search(segment["text"]) for segment in segments)


def test_an_entry_of_the_list_has_no_transcript(documented: Api) -> None:
    documented.job(filename="a.mp3")
    answer = documented.get("/transcriptions", limit=10).json()
    assert (answer["total"], answer["limit"], answer["offset"]) == (1, 10, 0)
    entry = answer["transcriptions"][0]
    assert "text" not in entry
    assert "cached" not in entry
    assert entry["original_audio_url"].startswith("https://")


@pytest.mark.parametrize("path", ["/nothing", "/transcriptions/99", "/transcriptions/" + "9" * 30])
def test_errors_are_worded_as_the_profile_says(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    field = {"documented": "error", "observed": "detail"}[api.emulator.profile.name]
    assert isinstance(answer.json()[field], str)


def test_a_job_that_runs_has_no_counts_yet(api: Api) -> None:
    job = api.job()
    api.emulator.force_status(job, "processing")
    answer = api.get(f"/transcriptions/{job}").json()
    assert answer.get("audio_duration") is None
    assert "segments" not in answer


def test_the_description_names_the_calls_of_its_profile_and_needs_no_key(api: Api) -> None:
    description = api.session.get(f"{api.url}/_emulator/openapi.json", timeout=10).json()
    paths = {"/health", "/transcriptions", "/transcriptions/{id}", api.emulator.profile.submit_path}
    speech = {"/vui/voices", "/vui/v1/voices/mine", "/vui/v1/tts"}
    assert set(description["paths"]) == paths | speech
    assert api.emulator.profile.name in description["info"]["title"]
