"""Options: read from plain values, checked early, told clearly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import FORMATS, choose, get_format, render, render_files
from airflow_provider_fluxions.formats.limits import BBC, NETFLIX, CaptionOptions, Limits

Make = Callable[..., Transcription]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_works_without_options_and_with_names(name: str) -> None:
    result = Transcription.from_json({"id": 1, "segments": [{"speaker": 0, "text": "hi", "start": 0, "end": 1}]})
    assert render_files(result, name).keys() == render_files(result, name, speaker_names={"0": "Ann"}).keys()


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("vtt", {"presets": "bbc"}, "vtt has no option 'presets'. Did you mean 'preset'"),
        ("vtt", {"preset": "hbo"}, "vtt: preset must be one of netflix, bbc, not 'hbo'"),
        ("srt", {"lines": 0}, "srt: lines must be a whole number of at least 1, not 0"),
        ("srt", {"lines": True}, "lines must be a whole number"),
        ("srt", {"characters": 9}, "characters must be a whole number of at least 10"),
        ("srt", {"characters": "42"}, "characters must be"),
        ("srt", {"max_seconds": 0}, "max_seconds must be a number of seconds, 0.1 or more"),
        ("srt", {"max_seconds": float("inf")}, "max_seconds must be"),
        ("srt", {"max_seconds": float("nan")}, "max_seconds must be"),
        ("srt", {"gap_seconds": -0.1}, "gap_seconds must be"),
        ("srt", {"max_chars_per_second": "17"}, "max_chars_per_second must be a number, 0 or more, not '17'"),
        ("srt", {"linger_seconds": -1}, "linger_seconds must be a number of seconds, 0 or more"),
        ("srt", {"min_seconds": 8}, "min_seconds is longer than max_seconds"),
        ("srt", {"overlap": "cut"}, "overlap must be one of keep, trim"),
        ("vtt", {"speakers": True}, "speakers must be one of shown, dashed, hidden"),
        ("text", {"tags": "no"}, "text: tags must be true or false, not 'no'"),
        ("json", {"indent": 2}, "json has no option 'indent'. It has speaker_names"),
        ("jsonl", {"tables": ["word"]}, "There is no table 'word'. The tables are transcripts, segments"),
        ("parquet", {"tables": []}, "tables must be a list of different names"),
        ("parquet", {"tables": "words"}, "tables must be a list"),
        ("parquet", {"tables": ["words", "words"]}, "tables must be a list of different"),
        ("text", {"speaker_names": ["Ann"]}, "speaker_names must be like"),
        ("text", {"speaker_names": {"0": ""}}, "speaker_names must be like"),
        ("vtt", ["preset"], "The options of vtt must be a mapping"),
    ],
)
def test_an_option_that_cannot_be_so_is_told_with_its_format(name: str, options: Any, said: str) -> None:
    with pytest.raises(FluxionsFormatError) as caught:
        choose([name], {name: options})
    assert said in str(caught.value)


def test_options_for_a_format_that_is_not_asked_for_are_refused() -> None:
    with pytest.raises(FluxionsFormatError, match="given for srt, which is not among formats"):
        choose(["vtt"], {"srt": {}})


def test_options_for_no_format_are_told_the_one_that_was_meant() -> None:
    with pytest.raises(FluxionsFormatError, match="Did you mean 'vtt'"):
        choose(["vtt"], {"webvtt": {}})


@pytest.mark.parametrize("options", [["vtt"], "vtt", 7])
def test_what_is_no_mapping_of_options_is_refused(options: Any) -> None:
    with pytest.raises(FluxionsFormatError, match="format_options must be like"):
        choose(["vtt"], options)


@pytest.mark.parametrize(
    ("options", "limits"),
    [
        ({}, Limits(42, 2, 7000)),
        ({"preset": "netflix"}, NETFLIX),
        ({"preset": "bbc"}, BBC),
        ({"preset": "netflix", "characters": 30, "gap_seconds": 0}, replace(NETFLIX, line_characters=30, gap_ms=0)),
        ({"preset": "netflix", "max_chars_per_second": 0}, replace(NETFLIX, characters_per_second=0)),
        ({"max_chars_per_second": 17.5, "linger_seconds": 0.25}, Limits(characters_per_second=17.5, linger_ms=250)),
        ({"max_seconds": 2.5, "min_seconds": 1, "overlap": "trim"}, Limits(42, 2, 2500, 1000, 0, "trim")),
    ],
)
def test_what_is_given_goes_before_the_preset(options: dict[str, Any], limits: Limits) -> None:
    assert CaptionOptions(**options).limits == limits


def test_defaults_leave_no_mark_and_other_options_one_of_their_own() -> None:
    marks = [
        choose(["vtt"], {"vtt": options})[0].changed_options
        for options in ({}, {"speakers": "shown"}, {"preset": "bbc"}, {"speaker_names": {"0": "Ann"}})
    ]
    assert marks[:2] == ["", ""]
    assert len(set(marks[1:])) == 3


def test_a_mark_does_not_depend_on_the_order_of_names_or_on_list_or_tuple() -> None:
    def mark(**options: Any) -> str:
        return choose(["parquet"], {"parquet": options})[0].changed_options

    assert mark(speaker_names={"0": "A", "1": "B"}) == mark(speaker_names={"1": "B", "0": "A"})
    assert mark(tables=["words"]) == mark(tables=("words",))


def test_names_stand_where_labels_stood(make: Make) -> None:
    result = make(("0", 0, 1, "hi"), ("1", 2, 3, "yes"))
    names = {"0": "Ann Lee"}
    assert render(result, "text", speaker_names=names) == b"Ann Lee: hi\nSPEAKER_1: yes\n"
    assert b"<v Ann Lee>hi" in render(result, "vtt", speaker_names=names)
    assert b"\nAnn Lee: hi\n" in render(result, "srt", speaker_names=names, speakers="shown")
    assert b'"speaker":"0","speaker_name":"Ann Lee"' in render(result, "jsonl", speaker_names=names)


def test_text_keeps_tags_and_drops_labels_on_request(make: Make) -> None:
    result = make(text="SPEAKER_0: [sigh] *So*, no.\nSPEAKER_1: [pause]")
    assert render(result, "text", tags=True) == b"SPEAKER_0: [sigh] *So*, no.\nSPEAKER_1: [pause]\n"
    assert render(result, "text", labels=False) == b"So, no.\n"


def test_a_format_of_several_files_says_how_to_get_them(make: Make) -> None:
    with pytest.raises(FluxionsFormatError, match=r"tables=\[...\] to one table, or call formats.render_files for all"):
        render(make(), "parquet")


def test_files_are_told_apart_by_their_extensions() -> None:
    assert get_format("parquet").extensions(get_format("parquet").options()) == (
        ".transcripts.parquet",
        ".segments.parquet",
        ".words.parquet",
        ".events.parquet",
    )
    (choice,) = choose(["jsonl"], {"jsonl": {"tables": ["segments", "words"]}})
    assert choice.extensions == (".jsonl", ".words.jsonl")
