"""The registry: which formats there are, and how a wrong name is told."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_fluxions import formats
from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import FORMATS, check_formats, get_format, render_files


def test_each_format_is_registered_under_its_own_name() -> None:
    assert {name: one.name for name, one in FORMATS.items()} == {name: name for name in FORMATS}


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("json", ".json"),
        ("text", ".txt"),
        ("srt", ".srt"),
        ("vtt", ".vtt"),
        ("jsonl", ".jsonl"),
        ("parquet", ".parquet"),
    ],
)
def test_a_formats_name_and_extension_stay_because_users_tasks_and_buckets_hold_them(name: str, extension: str) -> None:
    assert get_format(name).extension == extension


def test_no_two_formats_write_the_same_file() -> None:
    assert len({one.extension for one in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_content_type_is_a_media_type(name: str) -> None:
    assert get_format(name).content_type.partition(";")[0].count("/") == 1
    guessed, _ = mimetypes.guess_type(f"a{get_format(name).extension}")
    if name in ("json", "text", "vtt") and guessed:
        assert get_format(name).content_type.startswith(guessed)


def test_the_registry_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        FORMATS["mine"] = FORMATS["json"]  # type: ignore[index]


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_transcription_can_be_written_in_every_format(name: str) -> None:
    files = render_files(Transcription.from_json({"id": 1}), name)
    assert files
    assert all(isinstance(body, bytes) for body in files.values())


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_transcription_gives_the_same_bytes(name: str, make: Callable[..., Transcription]) -> None:
    data = ("0", 0.0, 1.5, "Grüße, \ud83d [pause] & *so* <on>")
    assert render_files(make(data), name) == render_files(make(data), name)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jsn", "json"),
        ("JSON", "json"),
        (".vtt", "vtt"),
        ("txt", "text"),
        ("webvtt", "vtt"),
        ("jsonlines", "jsonl"),
    ],
)
def test_a_near_miss_is_told_what_was_probably_meant(typed: str, meant: str) -> None:
    with pytest.raises(FluxionsFormatError, match=rf"Did you mean '{meant}'\?"):
        get_format(typed)


@pytest.mark.parametrize("name", ["docx", "", "excel", None, 7, ["json"]])
def test_an_unknown_name_is_told_all_that_there_are(name: Any) -> None:
    with pytest.raises(FluxionsFormatError, match="The formats are json, text, srt, vtt, jsonl, parquet") as caught:
        get_format(name)
    assert repr(name) in str(caught.value)


def test_a_list_of_formats_keeps_its_order() -> None:
    assert check_formats(["vtt", "json"]) == ("vtt", "json")


@pytest.mark.parametrize("names", ["json", b"json", "", None, 7])
def test_what_is_no_list_of_formats_is_refused(names: Any) -> None:
    with pytest.raises(FluxionsFormatError, match="must be a list of names"):
        check_formats(names)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "is empty"),
        (("srt", "json", "srt"), "names one twice"),
        (("srt", "vt"), "Did you mean 'vtt'"),
        ([7], "7"),
    ],
)
def test_a_list_that_no_task_can_use_is_refused(names: Any, said: str) -> None:
    with pytest.raises(FluxionsFormatError, match=said):
        check_formats(names)


def test_the_public_names_are_these() -> None:
    assert formats.__all__ == [
        "FORMATS",
        "Choice",
        "Format",
        "base",
        "captions",
        "check_formats",
        "choose",
        "choose_installed",
        "get_format",
        "read_stored",
        "render",
        "render_files",
        "table_format",
        "tables",
    ]
