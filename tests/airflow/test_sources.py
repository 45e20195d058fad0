"""What a task takes as ``audio``: each kind of address, with its connection, its media type and its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, ObjectStoragePath
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.emulator import Emulator
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.storage.audio_sources import (
    Address,
    address_of,
    filename_of,
    open_audio,
    shown_name,
    uri_of,
)
from tests.airflow.conftest import INPUT, task_context

try:
    from airflow.sdk.io import attach
except ImportError:
    from airflow.io.store import attach

KEY = "calls/a b@c%.mp3"
S3_URI = f"s3://{INPUT}/{KEY}"


@pytest.fixture
def other_connection(s3: Any, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A connection that leads to the object; ``aws_default`` leads nowhere."""
    connection = {"conn_type": "aws", "login": "test", "password": "test"}
    right = {"extra": {"endpoint_url": s3_url, "region_name": "us-east-1"}}
    wrong = {"extra": {"endpoint_url": "http://127.0.0.1:9", "region_name": "us-east-1"}}
    monkeypatch.setenv("AIRFLOW_CONN_MY_AWS", json.dumps({**connection, **right}))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps({**connection, **wrong}))
    s3.put_object(Bucket=INPUT, Key=KEY, Body=b"x" * 5000)
    return "my_aws"


@pytest.mark.parametrize(
    ("audio", "address"),
    [
        (S3_URI, Address(S3_URI, "s3", None)),
        (f"s3://my_aws@{INPUT}/{KEY}", Address(S3_URI, "s3", "my_aws")),
        (f"S3://my_aws@{INPUT}/{KEY}", Address(S3_URI, "s3", "my_aws")),
        (f"s3://@{INPUT}/{KEY}", Address(S3_URI, "s3", None)),
        ("gs://my_gcp@bucket/a.mp3", Address("gs://bucket/a.mp3", "gs", "my_gcp")),
        ("https://user@example.org/a.mp3", Address("https://user@example.org/a.mp3", "https", None)),
        ("/data/a@b.mp3", Address("/data/a@b.mp3", "", None)),
        ("file:///data/a%20b.mp3", Address("/data/a b.mp3", "", None)),
        ("FILE:///data/a.mp3", Address("/data/a.mp3", "", None)),
        (PurePosixPath("/data/a%20b.mp3"), Address("/data/a%20b.mp3", "", None)),
        (Path("a.mp3"), Address("a.mp3", "", None)),
    ],
)
def test_an_address_is_a_uri_and_its_connection(audio: Any, address: Address) -> None:
    assert address_of(audio) == address


def test_an_object_storage_path_is_the_address_that_it_names() -> None:
    assert address_of(ObjectStoragePath(f"s3://my_aws@{INPUT}/{KEY}")) == Address(S3_URI, "s3", "my_aws")
    assert address_of(ObjectStoragePath(S3_URI, conn_id="my_aws")) == Address(S3_URI, "s3", "my_aws")
    assert address_of(ObjectStoragePath(S3_URI)) == Address(S3_URI, "s3", None)
    assert address_of(ObjectStoragePath("file:///data/a%20b.mp3")) == Address("/data/a%20b.mp3", "", None)


@pytest.mark.parametrize("audio", [None, "", " ", 7, b"a.mp3", ["a.mp3"], object()])
@pytest.mark.usefixtures("fluxions_connection")
def test_what_is_no_address_fails_at_once(audio: Any) -> None:
    with pytest.raises(FluxionsInputError, match="audio must be"):
        address_of(audio)
    with pytest.raises(AirflowFailException, match="audio must be"):
        FluxionsSubmitOperator(task_id="t", audio=audio).execute(task_context())
    assert (uri_of(audio), filename_of(audio)) == ("", "audio")


@pytest.mark.parametrize(
    "form",
    [
        lambda conn: f"s3://{conn}@{INPUT}/{KEY}",
        lambda conn: f"S3://{conn}@{INPUT}/{KEY}",
        lambda conn: ObjectStoragePath(f"s3://{conn}@{INPUT}/{KEY}"),
        lambda conn: ObjectStoragePath(S3_URI, conn_id=conn),
    ],
)
@pytest.mark.usefixtures("fluxions_connection")
def test_s3_is_read_with_the_connection_that_the_address_names(
    emulator: Emulator, other_connection: str, form: Callable[[str], Any]
) -> None:
    context = task_context()
    FluxionsSubmitOperator(task_id="t", audio=form(other_connection)).execute(context)
    assert emulator.jobs[0].size_bytes == 5000
    assert emulator.jobs[0].filename.startswith("a b@c")
    assert context["ti"].pushed["recording_uri"] == S3_URI


@pytest.mark.usefixtures("fluxions_connection")
def test_a_local_path_object_is_submitted(emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "interview.mp3"
    path.write_bytes(b"audio")
    for audio in (path, ObjectStoragePath(f"file://{path}"), f"FILE://{path}"):
        FluxionsSubmitOperator(task_id="t", audio=audio).execute(task_context())
    assert len({job.filename for job in emulator.jobs}) == 1, "it is the same recording, so it is the same job"
    assert emulator.jobs[0].filename.startswith("interview--")


@pytest.mark.parametrize(
    ("filename", "name"), [(20261127, "20261127"), (0, "0"), (None, "a.mp3"), ("", "a.mp3"), ("Bob", "Bob")]
)
def test_the_shown_name_is_text(filename: Any, name: str) -> None:
    assert shown_name(filename, "s3://bucket/a.mp3") == name


@pytest.mark.usefixtures("fluxions_connection")
def test_digits_as_a_file_name_are_submitted_under_native_rendering(emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "interview.mp3"
    path.write_bytes(b"audio")
    filename: Any = 20261127
    FluxionsSubmitOperator(task_id="t", audio=str(path), filename=filename).execute(task_context())
    assert emulator.jobs[0].filename.startswith("20261127--")


@pytest.mark.parametrize(
    ("key", "stored", "body", "kind"),
    [
        ("a.mp3", "audio/wav", b"x", "audio/mpeg"),
        ("a", "audio/x-special", b"fLaC", "audio/x-special"),
        ("a", "binary/octet-stream", b"fLaC", "audio/flac"),
        ("a", "application/octet-stream", b"x", "application/octet-stream"),
    ],
)
@pytest.mark.usefixtures("fluxions_connection")
def test_the_media_type_is_of_the_recording_not_of_the_shown_name(
    emulator: Emulator, s3: Any, key: str, stored: str, body: bytes, kind: str
) -> None:
    s3.put_object(Bucket=INPUT, Key=key, Body=body, ContentType=stored)
    FluxionsSubmitOperator(task_id="t", audio=f"s3://{INPUT}/{key}", filename="Call with Bob").execute(task_context())
    assert [one.headers["content-type"] for one in emulator.requests if one.method == "POST"] == [kind]


@pytest.mark.parametrize(
    "facts",
    [
        {"ContentType": "audio/x-special"},
        {"contentType": "audio/x-special"},
        {"content_settings": {"content_type": "audio/x-special"}},
    ],
)
def test_an_object_of_another_store_has_the_media_type_of_that_store(facts: dict[str, Any]) -> None:
    class Store(MemoryFileSystem):  # type: ignore[misc]  # it has no types
        cachable = False

        def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
            return {**super().info(path, **kwargs), **facts}

    attach(protocol="memory", fs=Store())
    ObjectStoragePath("memory://bucket/a").write_bytes(b"audio")
    source = open_audio("memory://bucket/a", None)
    assert (source.size_bytes, getattr(source, "content_type", "")) == (5, "audio/x-special")
