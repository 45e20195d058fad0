"""``text``: the clean text, one turn a line."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import render

Make = Callable[..., Transcription]


def test_turns_are_lines_with_their_speaker_and_no_markup(make: Make) -> None:
    text = "SPEAKER_0: [breath] It is *so* good... [laugh]\nSPEAKER_1: hahaha, yes [1]"
    assert render(make(text=text), "text").decode() == ("SPEAKER_0: It is so good...\nSPEAKER_1: hahaha, yes [1]\n")


def test_segments_of_one_speaker_make_one_line_where_the_api_gave_no_text(make: Make) -> None:
    result = make(("0", 0, 1, "One."), ("0", 1, 2, "Two."), ("1", 2, 3, "Three."))
    assert render(result, "text") == b"SPEAKER_0: One. Two.\nSPEAKER_1: Three.\n"


def test_a_turn_of_nothing_but_tags_leaves_no_line(make: Make) -> None:
    text = "SPEAKER_0: a\nSPEAKER_1: [sigh] [pause]\n\nSPEAKER_0: b"
    assert render(make(text=text), "text") == b"SPEAKER_0: a\nSPEAKER_0: b\n"


def test_a_line_without_a_speaker_stays_a_line(make: Make) -> None:
    assert render(make(text="hello\nSPEAKER_0: a\nb"), "text") == b"hello\nSPEAKER_0: a\nb\n"


def test_an_empty_transcription_is_an_empty_file(make: Make) -> None:
    assert render(make(), "text") == b""


def test_the_bytes_are_utf_8_whatever_the_text_holds(make: Make) -> None:
    assert render(make(text="Grüße \ud83d 😀"), "text").decode() == "Grüße ? 😀\n"
