"""Models: the page's examples, what users observe, and anything else that JSON can be."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api import json_values
from airflow_provider_fluxions.api.errors import FluxionsResponseError
from airflow_provider_fluxions.api.models import (
    Job,
    JobStatus,
    Page,
    Segment,
    Submission,
    Transcription,
    Word,
)

RECORDED = Path(__file__).parents[1] / "recorded"
MODELS = (Transcription, Segment, Word, Page)
OTHER_NAMES = {"start_time", "end_time", "word", "punctuated_word"}
FIELDS = sorted({field.name for model in MODELS for field in fields(model)} | OTHER_NAMES)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)
ANSWERS = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), JSON_VALUES, max_size=10)


def recorded(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((RECORDED / name).read_bytes())
    return value


def transcription(**data: Any) -> Transcription:
    return Transcription.from_json({"id": 1, **data})


def test_the_pages_transcription_is_read_whole() -> None:
    result = Transcription.from_json(recorded("page_get.json"))
    assert (result.id, result.status) == (124, JobStatus.COMPLETED)
    assert result.created_at == datetime(2025, 10, 24, 10, 35, tzinfo=UTC)
    assert result.updated_at == datetime(2025, 10, 24, 10, 35, 20, tzinfo=UTC)
    assert (result.filename, result.audio_duration, result.audio_format) == ("interview.mp3", 300.0, "opus")
    assert (result.processing_time, result.language, result.non_speech) == (245.5, "en", False)
    assert (result.num_chunks, result.num_segments, result.num_speakers) == (11, 25, 2)
    assert (result.audio_url, result.cached) == ("https://...r2.cloudflarestorage.com/...", True)
    assert result.text.startswith("SPEAKER_0: Yeah, let's actually")
    assert [(part.segment_no, part.speaker, part.start, part.end) for part in result.segments] == [
        (0, "0", 0.86, 6.42),
        (1, "1", 6.0, 7.2),
        (2, "1", 7.5, 9.8),
    ]


def test_the_pages_submission_is_read_whole() -> None:
    result = Submission.from_json(recorded("page_submit.json"))
    assert (result.id, result.status, result.cached) == (124, JobStatus.SUBMITTED, False)
    assert result.created_at == datetime(2025, 10, 24, 10, 35, tzinfo=UTC)
    assert result.original_audio_url == "https://..."


def test_the_pages_list_is_read_whole() -> None:
    result = Page.from_json(recorded("page_list.json"))
    assert (result.total, result.limit, result.offset) == (150, 10, 0)
    assert [(job.id, job.num_segments) for job in result.transcriptions] == [(150, 142)]


@pytest.mark.parametrize("name", ["page_get.json", "observed_words.json"])
def test_the_json_stays_as_it_was_received(name: str) -> None:
    data = recorded(name)
    assert Transcription.from_json(data).raw == recorded(name)
    assert data == recorded(name)


def test_unknown_fields_stay_in_raw() -> None:
    result = transcription(sentiment={"score": 1}, segments=[{"text": "a", "tone": "flat"}])
    assert (result.raw["sentiment"], result.segments[0].raw["tone"]) == ({"score": 1}, "flat")


def test_an_answer_of_metadata_alone_has_no_text_and_no_segments() -> None:
    result = Transcription.from_json(recorded("observed_metadata_only.json"))
    assert (result.num_segments, result.text, result.segments) == (3, "", ())


def test_missing_text_is_made_of_the_segments_with_neighbours_of_one_speaker_joined() -> None:
    result = Transcription.from_json(recorded("observed_words.json"))
    assert result.text == ("SPEAKER_0: [breath] So we sold 42 of them. Really.\nSPEAKER_1: Hahaha [pause] no way")


def test_missing_segments_are_made_of_the_turns_without_times() -> None:
    result = transcription(text="SPEAKER_0: a\nb\nSPEAKER_1: c")
    assert [(part.segment_no, part.speaker, part.text, part.start, part.end) for part in result.segments] == [
        (0, "0", "a b", None, None),
        (1, "1", "c", None, None),
    ]


def test_given_text_and_segments_are_both_kept_though_they_differ() -> None:
    result = transcription(text="SPEAKER_0: one", segments=[{"speaker": "0", "text": "won"}])
    assert (result.text, result.segments[0].text) == ("SPEAKER_0: one", "won")


def test_segments_are_numbered_in_time_order_and_keep_the_services_number() -> None:
    data = [
        {"text": "third", "start": 5, "end": 6, "segment_idx": 0},
        {"text": "first", "start": 1, "end": 9, "segment_idx": 0},
        {"text": "second", "start": 5, "end": 5.5, "segment_idx": 1},
    ]
    result = transcription(segments=data)
    assert [(part.segment_no, part.text, part.segment_idx) for part in result.segments] == [
        (0, "first", 0),
        (1, "second", 1),
        (2, "third", 0),
    ]


def test_an_untimed_segment_stays_behind_the_one_before_it() -> None:
    data = [{"text": "b", "start": 5, "end": 6}, {"text": "c"}, {"text": "a", "start": 1, "end": 2}]
    assert [part.text for part in transcription(segments=data).segments] == ["a", "b", "c"]


def test_words_with_holes_and_without_times_are_kept() -> None:
    segment = Transcription.from_json(recorded("observed_words.json")).segments[0]
    assert [word.text for word in segment.words] == ["So", "we", "sold", "of", "them."]
    assert Word.from_json({"word": "42"}) == Word("42", None, None)


@pytest.mark.parametrize("token", ["word", "text", "punctuated_word"])
@pytest.mark.parametrize(("start", "end"), [("start", "end"), ("start_time", "end_time")])
def test_a_word_is_read_under_any_of_its_usual_names(token: str, start: str, end: str) -> None:
    assert Word.from_json({token: "hi", start: 1.5, end: "2.0"}) == Word("hi", 1.5, 2.0)


def test_an_empty_time_does_not_hide_the_one_under_the_other_name() -> None:
    assert json_values.times({"start": None, "start_time": 1, "end": None, "end_time": 2}) == (1.0, 2.0)


@pytest.mark.parametrize("job_id", [124, "124", "a-b"])
def test_a_job_id_stays_what_it_is_number_or_text(job_id: int | str) -> None:
    for model in (Submission, Job, Transcription):
        result: Any = model.from_json({"id": job_id})
        assert result.id == job_id
        assert type(result.id) is type(job_id)


@pytest.mark.parametrize("data", [{}, {"id": None}, {"id": ""}, {"id": " "}, {"id": True}, {"id": [1]}])
@pytest.mark.parametrize("model", [Submission, Job, Transcription])
def test_an_answer_without_a_usable_id_is_unreadable(model: type[Job], data: dict[str, Any]) -> None:
    with pytest.raises(FluxionsResponseError, match="without a usable job id"):
        model.from_json(data)


@pytest.mark.parametrize("data", [{}, {"transcriptions": None}, {"transcriptions": [1]}, {"detail": "no"}])
def test_a_page_without_a_list_of_jobs_is_unreadable(data: dict[str, Any]) -> None:
    with pytest.raises(FluxionsResponseError, match="without a list of transcriptions"):
        Page.from_json(data)


def test_a_page_with_one_nameless_job_is_unreadable_because_it_may_be_the_one_we_look_for() -> None:
    with pytest.raises(FluxionsResponseError):
        Page.from_json({"transcriptions": [{"id": 1}, {"status": "completed"}]})


def test_fields_of_the_wrong_type_count_as_absent() -> None:
    result = transcription(audio_duration="long", cached="yes", num_segments=None, filename=7, created_at="now")
    assert (result.audio_duration, result.cached, result.num_segments) == (None, None, None)
    assert (result.filename, result.created_at) == (None, None)


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), ("2.5", 2.5), (True, None), ("", None), ("x", None), ([], None), (10**400, None)],
)
def test_numbers_are_read_from_numbers_and_their_text(value: Any, number: float | None) -> None:
    assert json_values.number(value) == number


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "-inf", "NaN"])
def test_no_number_is_infinite_or_nan(value: Any) -> None:
    assert (json_values.number(value), json_values.integer(value)) == (None, None)


def test_an_integer_is_read_from_a_number_with_a_point() -> None:
    assert json_values.integer(3.0) == 3


@pytest.mark.parametrize(
    "text",
    ["2025-10-24T10:35:00.000Z", "2025-10-24T12:35:00+02:00", "2025-10-24T10:35:00", "20251024T103500Z"],
)
def test_every_instant_has_an_offset_and_none_means_utc(text: str) -> None:
    assert json_values.instant(text) == datetime(2025, 10, 24, 10, 35, tzinfo=UTC)


@pytest.mark.parametrize("text", ["completed", "COMPLETED", " Completed\n"])
def test_a_status_is_known_in_any_case(text: str) -> None:
    assert JobStatus(text) is JobStatus.COMPLETED


@pytest.mark.parametrize("status", list(JobStatus))
def test_only_completed_and_failed_end_a_job(status: JobStatus) -> None:
    assert status.is_terminal is (status in ("completed", "failed"))


@pytest.mark.parametrize("value", ["queued", "", None, 7, [], {"a": 1}])
def test_an_unknown_status_is_kept_and_counts_as_running(value: Any) -> None:
    status = transcription(status=value).status
    assert status == ("" if value is None else str(value).lower())
    assert (status.is_terminal, status.is_known) == (False, False)


def test_an_absent_status_counts_as_running() -> None:
    assert (transcription().status, transcription().status.is_terminal) == ("", False)


def test_unknown_statuses_are_equal_and_hash_alike_whatever_their_case() -> None:
    assert JobStatus("Queued") == JobStatus("queued") == "queued"
    assert len({JobStatus("QUEUED"), JobStatus("queued"), "queued"}) == 1


@pytest.mark.parametrize("text", ["completed", "queued", ""])
def test_a_status_survives_pickle_copy_and_json(text: str) -> None:
    status = JobStatus(text)
    assert pickle.loads(pickle.dumps(status)) == copy.deepcopy(status) == status  # noqa: S301 - our own bytes
    assert json.dumps(status) == json.dumps(text)


def test_an_unknown_status_does_not_become_a_member() -> None:
    JobStatus("archived")
    assert [status.value for status in JobStatus] == ["submitted", "processing", "completed", "failed"]


def test_models_cannot_be_changed_and_survive_pickle() -> None:
    result = Transcription.from_json(recorded("observed_words.json"))
    with pytest.raises(FrozenInstanceError):
        result.text = "other"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(result)) == result  # noqa: S301 - our own bytes


def test_signed_links_do_not_show_in_a_repr() -> None:
    link = "https://r2.example/a?X-Amz-Signature=secret"
    data = {"id": 1, "audio_url": link, "original_audio_url": link}
    for result in (Submission.from_json(data), Job.from_json(data), Transcription.from_json(data)):
        assert "secret" not in repr(result)


@pytest.mark.slow
@given(ANSWERS)
def test_no_json_object_raises_anything_but_an_unreadable_answer(data: Mapping[str, Any]) -> None:
    for model in (Submission, Job, Transcription, Page):
        try:
            model.from_json(data)
        except FluxionsResponseError:
            continue


@pytest.mark.slow
@given(ANSWERS)
def test_segments_are_always_numbered_from_zero_and_their_times_finite(data: Mapping[str, Any]) -> None:
    segments = Transcription.from_json({**data, "id": 1}).segments
    assert [part.segment_no for part in segments] == list(range(len(segments)))
    assert all(abs(time) < float("inf") for part in segments for time in (part.start, part.end) if time)


@pytest.mark.slow
@given(st.lists(JSON_VALUES, max_size=6))
def test_every_segment_that_is_an_object_is_kept(values: list[Any]) -> None:
    objects = [value for value in values if isinstance(value, dict)]
    segments = transcription(segments=values).segments
    assert sorted(map(id, objects)) == sorted(id(part.raw) for part in segments)


@pytest.mark.parametrize("bad", ["../../", "a/b", "1?x", "", " ", None, True, 1.5, [1], {"id": 1}, "x" * 201])
def test_an_id_that_is_no_number_and_no_plain_word_is_refused_where_it_arrives(bad: object) -> None:
    for model in (Submission, Transcription):
        with pytest.raises(FluxionsResponseError, match="without a usable job id"):
            model.from_json({"id": bad, "status": "submitted"})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"error_message": "The audio is silent"}, "The audio is silent"),
        ({"error_message": {"message": "The audio is silent", "code": 7}}, "The audio is silent"),
        ({"error_message": [{"msg": "silent"}, {"msg": "short"}]}, "silent; short"),
        ({"error_message": {"code": 7}}, '{"code": 7}'),
        ({"error": "The audio is silent"}, "The audio is silent"),
        ({"error": {"detail": "The audio is silent"}}, "The audio is silent"),
        ({"error_message": "", "detail": "The audio is silent"}, "The audio is silent"),
        ({"error_message": "no https://b.test/a?X-Amz-Signature=s1g"}, "no https://b.test/a?***"),
        ({"error_message": None}, None),
    ],
)
def test_the_reason_of_a_failed_job_is_found_in_each_shape(fields: dict[str, object], reason: str | None) -> None:
    assert Job.from_json({"id": 1, "status": "failed", **fields}).error_message == reason


def test_a_job_that_did_not_fail_has_no_reason_from_other_fields() -> None:
    assert Job.from_json({"id": 1, "status": "completed", "detail": "ok", "message": "done"}).error_message is None


@pytest.mark.parametrize("number", [2**63, -(2**64), 1e300, 10**400])
def test_a_count_that_no_table_can_hold_counts_as_absent(number: float) -> None:
    assert Job.from_json({"id": 1, "status": "completed", "num_segments": number}).num_segments is None
    assert Job.from_json({"id": 1, "status": "completed", "num_segments": 2**63 - 1}).num_segments == 2**63 - 1


@pytest.mark.parametrize(
    "written",
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31", "2262-01-01"],
)
def test_an_instant_of_an_absurd_year_counts_as_absent(written: str) -> None:
    assert Job.from_json({"id": 1, "status": "completed", "created_at": written}).created_at is None


def test_a_page_of_too_many_jobs_is_refused() -> None:
    with pytest.raises(FluxionsResponseError, match="1,001 jobs"):
        Page.from_json({"transcriptions": [{"id": number, "status": "completed"} for number in range(1001)]})
