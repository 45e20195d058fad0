"""What the emulator refuses."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Api


@pytest.mark.parametrize("headers", [{}, {"Authorization": "wrong"}, {"Authorization": "Bearer s3cret-key"}])
def test_a_call_without_the_bare_key_is_401_and_creates_nothing(api: Api, headers: dict[str, str]) -> None:
    url = api.url + api.emulator.profile.submit_path
    assert api.session.post(url, data=api.audio, headers=headers, timeout=10).status_code == 401
    assert api.session.get(api.url + "/transcriptions", headers=headers, timeout=10).status_code == 401
    assert api.job_count() == 0


def test_a_bearer_prefix_is_explained(documented: Api) -> None:
    headers = {"Authorization": "Bearer s3cret-key"}
    answer = documented.session.get(documented.url + "/transcriptions", headers=headers, timeout=10)
    assert "without the 'Bearer ' prefix" in answer.json()["error"]


@pytest.mark.parametrize("query", [{"cache": "yes"}, {"non_speech": "True"}, {"non_speech": ""}])
def test_a_boolean_is_true_or_false_and_nothing_else(api: Api, query: dict[str, Any]) -> None:
    answer = api.submit(**query)
    assert answer.status_code == (422 if api.emulator.profile.detail_errors else 400)
    assert api.job_count() == 0


@pytest.mark.parametrize("query", [{"limit": 101}, {"limit": 0}, {"limit": "x"}, {"offset": -1}, {"offset": "1.5"}])
def test_paging_out_of_bounds_is_refused(api: Api, query: dict[str, str]) -> None:
    assert api.get("/transcriptions", **query).status_code in (400, 422)


def test_an_observed_bad_parameter_is_named_in_a_detail_list(observed: Api) -> None:
    answer = observed.get("/transcriptions", limit=101)
    assert answer.json()["detail"][0]["loc"] == ["query", "limit"]


def test_an_id_of_the_wrong_type_is_refused(api: Api) -> None:
    assert api.get("/transcriptions/abc").status_code == (422 if api.emulator.profile.detail_errors else 404)


@pytest.mark.parametrize(("path", "allowed"), [("/transcriptions/1", "GET"), ("{submit}", "POST")])
def test_a_wrong_method_is_405_and_told_the_right_one(api: Api, path: str, allowed: str) -> None:
    path = path.format(submit=api.emulator.profile.submit_path)
    refused = api.session.delete(api.url + path, headers=api.key, timeout=10)
    assert (refused.status_code, refused.headers["Allow"]) == (405, allowed)


def test_an_empty_body_is_400(api: Api) -> None:
    assert api.submit(b"").status_code == 400
    assert api.job_count() == 0


def test_a_chunked_body_is_411(api: Api) -> None:
    url = api.url + api.emulator.profile.submit_path
    answer = api.session.post(url, data=iter([b"abc", b"def"]), headers=api.key, timeout=10)
    assert answer.status_code == 411
    assert api.job_count() == 0


def test_a_body_shorter_than_announced_creates_no_job(api: Api) -> None:
    connection = api.raw_post(b"half", announced=4_000)
    connection.close()
    api.submit(b"x")  # The server has seen the close once it has answered a later request and recorded it.
    assert api.job_count() == 1


def test_bytes_that_are_no_audio_are_refused_only_on_demand(api: Api) -> None:
    assert api.submit(b"plain text").status_code == 200
    api.emulator.set_settings(reject_non_audio=True)
    assert api.submit(b"plain text again").status_code == 415
    assert api.submit(api.audio).status_code == 200


def test_a_submit_without_filename_is_called_audio(api: Api) -> None:
    assert api.get(f"/transcriptions/{api.job()}").json()["filename"] == "audio"


def test_a_multipart_upload_is_the_same_job_as_the_raw_bytes(api: Api) -> None:
    url = api.url + api.emulator.profile.submit_path
    files: dict[str, Any] = {
        "note": (None, "ignored"),
        "file": ("call.mp3", io.BytesIO(api.audio), "audio/mpeg"),
    }
    assert api.session.post(url, files=files, headers=api.key, timeout=10).status_code == 200
    api.submit(cache="false", filename="raw.mp3")
    multipart, raw = api.emulator.jobs
    assert multipart.filename == "call.mp3"
    assert (multipart.sha256, multipart.size_bytes) == (raw.sha256, raw.size_bytes)


def test_a_multipart_upload_without_the_field_is_400(api: Api) -> None:
    url = api.url + api.emulator.profile.submit_path
    answer = api.session.post(url, files={"audio": io.BytesIO(b"abc")}, headers=api.key, timeout=10)
    assert answer.status_code == 400
