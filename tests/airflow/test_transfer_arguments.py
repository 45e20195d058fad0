"""What a transfer takes and refuses, and the words of its log: no S3, no API."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_fluxions.api.arguments import optional_number_of, seconds_of
from airflow_provider_fluxions.api.errors import FluxionsAudioError, FluxionsInputError, FluxionsStorageError
from airflow_provider_fluxions.api.humanize import counted
from airflow_provider_fluxions.pipeline.budget import Budget
from airflow_provider_fluxions.pipeline.ignored import describe_ignored, extension_of, most_frequent
from airflow_provider_fluxions.pipeline.locations import has_extension, parse_destination, parse_source
from airflow_provider_fluxions.pipeline.manifest import Manifest, manifest_key
from airflow_provider_fluxions.pipeline.records import MAX_ERROR_CHARACTERS, InputRecord
from airflow_provider_fluxions.pipeline.report import (
    MAX_SHOWN_FAILURES,
    plan_line,
    summarize,
    summary_line,
    transfer_error,
)
from airflow_provider_fluxions.pipeline.selection import AUDIO_SUFFIXES, Selection, suffixes_of
from airflow_provider_fluxions.storage import ObjectAddress
from airflow_provider_fluxions.storage.s3_errors import recording_error, refusal_of_response, storage_errors
from airflow_provider_fluxions.storage.s3_objects import metadata_from_s3, metadata_to_s3, version_of
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.airflow.test_transfer_rules import an_item

NOW = datetime(2026, 1, 31, 3, tzinfo=UTC)


@pytest.mark.parametrize("extension", ["mpga", "mpeg", "m4b", "caf", "3gp", "mov", "mkv", "mka", "MP3", "Wav"])
def test_extensions_that_the_field_uses_are_taken_in_any_case(extension: str) -> None:
    assert has_extension(f"calls/a.{extension}", AUDIO_SUFFIXES)


def test_suffixes_that_are_given_in_capitals_match() -> None:
    assert Selection.checked(
        suffixes=[".MP3"], min_age_seconds=0, min_bytes=0, max_bytes=None, shard_index=0, shard_count=1
    ).suffixes == (".mp3",)
    assert suffixes_of([".MP3", ".Wav"]) == (".mp3", ".wav")


@pytest.mark.parametrize("wrong", [".mp3", b".mp3", [], None, [None], [""], [5]])
def test_suffixes_that_are_no_list_of_texts_are_refused(wrong: Any) -> None:
    with pytest.raises(FluxionsInputError, match="suffixes must be a list"):
        suffixes_of(wrong)


def test_what_macos_leaves_on_foreign_disks_is_no_recording() -> None:
    assert not has_extension("calls/._a.mp3", (".mp3",))
    assert has_extension("calls/_.a.mp3", (".mp3",))


def test_extensions_that_were_ignored_are_counted_and_named() -> None:
    keys = ["a.TXT", "b.txt", "x/README", ".hidden", "._a.mp3", "e." + "x" * 50]
    found = Counter(map(extension_of, keys))
    assert found == {".txt": 2, "(none)": 3, "._*": 1}
    assert describe_ignored(Counter({".txt": 1})) == "1 object (.txt 1)"
    assert describe_ignored(Counter({".txt": 1_200, ".md": 1})) == "1,201 objects (.txt 1,200, .md 1)"
    many = Counter({f".{n}": 1 for n in range(100)})
    assert len(most_frequent(many)) == 11
    assert sum(most_frequent(many).values()) == 100


def test_a_summary_counts_what_was_ignored_only_if_there_was_something() -> None:
    assert "ignored" not in summarize([], "s3://m", None)
    summary = summarize([], "s3://m", None, Counter({".txt": 2}))
    assert (summary["ignored"], summary["ignored_extensions"]) == (2, {".txt": 2})
    assert summary_line(summary, {".txt": 2}) == (
        "0 inputs: 0 transcribed, 0 already done, 0 failed, 0 skipped for age or size. 0.000 h of audio. "
        "Ignored 2 objects (.txt 2): not in suffixes. Manifest: s3://m"
    )


def test_numbers_have_their_nouns() -> None:
    assert [counted(n, "job") for n in (0, 1, 2, 1204)] == ["0 jobs", "1 job", "2 jobs", "1,204 jobs"]
    assert plan_line({"to_do": 1, "already_done": 0}) == "1 input: 1 to do"
    assert plan_line({}) == "0 inputs"


@pytest.mark.parametrize("text", [None, "None", "none", "", " "])
def test_a_templated_none_is_no_limit(text: Any) -> None:
    assert optional_number_of("max_inputs", text, int) is None
    assert Budget.checked(text, text) == Budget(None, None)
    numbers = {"min_age_seconds": "0", "min_bytes": "0", "shard_index": "0", "shard_count": "1"}
    assert Selection.checked(suffixes=[".mp3"], max_bytes=text, **numbers).max_bytes is None


def test_a_timeout_is_seconds_or_a_timedelta() -> None:
    assert (seconds_of("timeout", timedelta(minutes=2)), seconds_of("timeout", 90)) == (120.0, 90.0)
    operator = FluxionsS3ToS3Operator(
        task_id="t", source="s3://in/", destination="s3://out/", timeout=timedelta(hours=1)
    )
    assert operator.timeout == timedelta(hours=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"timeout": "soon"}, "timeout must be a number"),
        ({"timeout": -1}, "timeout must be a number of seconds or a timedelta"),
        ({"timeout": timedelta(seconds=-1)}, "timeout must be a number of seconds or a timedelta"),
        ({"poll_interval": None}, "poll_interval must be a number"),
        ({"max_in_flight": "many"}, "max_in_flight must be at least 1"),
        ({"upload_workers": None}, "upload_workers must be at least 1"),
        ({"suffixes": [None]}, "suffixes must be a list"),
    ],
)
def test_an_argument_of_a_wrong_type_fails_when_the_dag_is_parsed(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(FluxionsInputError) as caught:
        FluxionsS3ToS3Operator(task_id="t", source="s3://in/", destination="s3://out/", **arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize("wrong", [None, 5, b"s3://in/a", ["s3://in/a"]])
def test_an_address_of_a_wrong_type_is_refused_and_not_retried(wrong: Any) -> None:
    with pytest.raises(FluxionsInputError, match="s3://bucket/key"):
        parse_destination(wrong)


def test_the_arn_of_an_access_point_is_a_bucket() -> None:
    arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/calls"
    assert ObjectAddress.parse(f"s3://{arn}/2026/a.mp3") == ObjectAddress("s3", arn, "2026/a.mp3")
    assert ObjectAddress.parse(f"s3://{arn}") == ObjectAddress("s3", arn)
    source = parse_source(f"s3://{arn}/2026/*.mp3")
    assert (source.address.bucket, source.prefix) == (arn, "2026/")
    assert ObjectAddress.parse("S3://bucket/a") == ObjectAddress("s3", "bucket", "a")


def test_versions_are_etags_or_sizes_and_times() -> None:
    assert version_of('"x"', 5, NOW) == version_of('W/"x"', 5, NOW) == "x"
    assert version_of(None, 5, NOW) == version_of("", 5, NOW + timedelta(milliseconds=400)) == "5-1769828400"
    assert version_of(None, 5, None) == "5"
    assert metadata_to_s3({"source_version": "V"}) == {"fluxions-source-version": "V"}
    assert metadata_from_s3({"Fluxions-Source-Version": "V", "mtime": "1"}) == {"source_version": "V"}
    assert dict(metadata_from_s3(None)) == {}


def test_a_manifest_has_one_key_for_each_task() -> None:
    keys = {
        manifest_key("out/", "d", "r", task, index) for task, index in (("t", 1), ("t-1", -1), ("t", -1), ("t-1", 1))
    }
    assert len(keys) == 4
    assert manifest_key("out/", "d", "r", "t", -1) == "out/_manifests/d/r/t.jsonl"
    assert manifest_key("out/", "d", "r", "t", 1) == "out/_manifests/d/r/t-1.jsonl"


def test_the_manifests_of_two_iterations_of_a_task_loop_have_two_keys() -> None:
    keys = [manifest_key("out/", "d", "r", "t", index, loop) for index in (-1, 0) for loop in (None, 0, 1)]
    assert len(set(keys)) == 6
    assert keys[1] == "out/_manifests/d/r/t~loop-0.jsonl"


def test_the_manifest_of_an_earlier_version_is_found_at_its_key() -> None:
    def manifest(task_id: str, map_index: int) -> Manifest:
        ti = SimpleNamespace(dag_id="d", run_id="r", task_id=task_id)
        return Manifest.of(ti, ObjectAddress("s3", "b", "out/"), map_index, None)

    assert (manifest("t-1", -1).address.key, manifest("t-1", -1).earlier_key) == (
        "out/_manifests/d/r/t-1~.jsonl",
        "out/_manifests/d/r/t-1.jsonl",
    )
    assert manifest("t", 1).earlier_key == manifest("t", 1).address.key


def test_a_manifests_key_is_never_longer_than_s3_allows() -> None:
    long = manifest_key("p" * 500 + "/", "d" * 250, "r" * 250, "t" * 250, 3)
    assert len(long) < 1024
    assert long != manifest_key("p" * 500 + "/", "d" * 250, "r" * 250, "t" * 250, 4)
    with pytest.raises(FluxionsInputError, match="The destination is too long"):
        manifest_key("p" * 1020 + "/", "d", "r", "t", -1)


def response(code: str, **headers: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": {"HTTPHeaders": headers}}


def test_a_refusal_says_what_to_do() -> None:
    late = "Sat, 31 Jan 2026 03:20:00 GMT"
    assert "Set the clock" in refusal_of_response(response("RequestTimeTooSkewed"), NOW).reason
    assert "Set the clock" in refusal_of_response(response("403", date=late), NOW).reason
    assert "not allowed" in refusal_of_response(response("403", date="Sat, 31 Jan 2026 03:10:00 GMT"), NOW).reason
    assert "not allowed" in refusal_of_response(response("403", date="garbage"), NOW).reason
    moved = refusal_of_response(response("301", **{"x-amz-bucket-region": "eu-west-1"}), NOW)
    assert moved.reason.startswith("The bucket is in another region (eu-west-1). Set region_name")
    assert "Restore it" in refusal_of_response(response("InvalidObjectState"), NOW).reason
    assert refusal_of_response(response("SlowDown"), NOW).reason == "words"


def test_a_refusal_is_about_all_requests_or_about_one_object() -> None:
    from botocore.exceptions import ClientError, ConnectionClosedError, NoCredentialsError

    def of(code: str) -> Exception:
        return recording_error("s3://b/k", ClientError(response(code), "GetObject"))  # type: ignore[arg-type]

    assert isinstance(of("AccessDenied"), FluxionsAudioError)
    assert not of("AccessDenied").transient  # type: ignore[attr-defined]
    assert isinstance(of("InvalidObjectState"), FluxionsAudioError)
    assert of("SlowDown").transient  # type: ignore[attr-defined]
    assert isinstance(of("ExpiredToken"), FluxionsStorageError)
    closed = recording_error("s3://b/k", ConnectionClosedError(endpoint_url="http://s3"))
    assert isinstance(closed, FluxionsAudioError)
    assert closed.transient
    expected = r"^Could not use S3 for s3://b: NoCredentialsError"
    with pytest.raises(FluxionsStorageError, match=expected) as caught, storage_errors("s3://b"):
        raise NoCredentialsError
    assert caught.value.concerns_all


def test_the_failures_of_a_final_error_are_few_short_and_printable() -> None:
    records = [InputRecord(an_item(f"calls/{n}.mp3")) for n in range(50)]
    for record in records:
        record.fail("boom\nforged line \x1b[31m" + "x" * 5_000)
    assert max(len(record.error or "") for record in records) <= MAX_ERROR_CHARACTERS
    error = transfer_error(records, "any", "s3://out/m.jsonl")
    assert error is not None
    assert len(str(error)) < MAX_SHOWN_FAILURES * 620 + 200
    assert "\n" not in str(error)
    assert "\x1b" not in str(error)


def test_one_input_is_not_inputs() -> None:
    record = InputRecord(an_item())
    record.fail("no")
    assert str(transfer_error([record], "any", "s3://m")).startswith("1 of 1 input failed")
