"""``srt``: literal bytes, and what two other people's readers make of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from textwrap import dedent

import pysubs2
import pytest
import srt  # type: ignore[import-untyped]  # it has no stubs
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import render
from airflow_provider_fluxions.formats.captions import caption

Make = Callable[..., Transcription]

# Without markup, which a test of its own has.
TOKENS = st.sampled_from(["so", "1", "-->", "--->", "haha", "*ok*", "\n", "x" * 60]) | st.text(
    st.characters(codec="utf-8", exclude_characters="<{")
)


def spoken_of(tokens: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[float, float, list[str]]]]:
    """Segments as (start, duration, tokens), seconds; below 100 hours, where pysubs2 stops counting."""
    return st.lists(st.tuples(st.floats(0, 300_000), st.floats(0, 30), st.lists(tokens, max_size=30)), max_size=6)


def test_cues_are_numbered_from_one_and_parted_by_blank_lines(make: Make) -> None:
    result = make(
        ("0", 0.86, 6.42, "Yeah, let's actually start off exactly, where we initially began."),
        ("1", 6.0, 7.2, "Sounds perfect"),
    )
    assert render(result, "srt").decode() == dedent("""\
        1
        00:00:00,860 --> 00:00:06,420
        Yeah, let's actually start off exactly,
        where we initially began.

        2
        00:00:06,000 --> 00:00:07,200
        Sounds perfect
        """)


def test_an_empty_transcription_is_an_empty_file(make: Make) -> None:
    assert render(make(), "srt") == b""


@pytest.mark.parametrize("arrow", ["-->", "--->", "-" * 9 + ">"])
def test_an_arrow_in_the_text_is_no_time_line(make: Make, arrow: str) -> None:
    assert render(make(("0", 0, 1, f"a {arrow} b")), "srt").decode().splitlines()[2] == "a -> b"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<i>now</i>", "\u2039i\u203anow\u2039/i\u203a"),
        ('<font color="red">x</font>', '\u2039font color="red"\u203ax\u2039/font\u203a'),
        ("{\\an8}top {b}", "(\\an8)top (b)"),
        ("R&D, 3 < 4 > 2, I <3 it", "R&D, 3 < 4 > 2, I <3 it"),
        ("x<y, {z", "x<y, {z"),
        ("< /b >", "\u2039 /b \u203a"),
    ],
)
def test_what_players_read_as_markup_is_shown_as_text(make: Make, text: str, written: str) -> None:
    body = render(make(("0", 0, 1, text)), "srt").decode()
    assert body.splitlines()[2] == written
    (line,) = pysubs2.SSAFile.from_string(body, format_="srt")
    assert line.plaintext == written
    assert line.text == written, "no override of ASS"


def test_blank_lines_in_the_text_do_not_end_a_cue(make: Make) -> None:
    (cue,) = srt.parse(render(make(("0", 0, 1, "a\n\n2\r\n\r\nb")), "srt").decode())
    assert cue.content == "a 2 b"


def test_untimed_text_is_refused(make: Make) -> None:
    with pytest.raises(FluxionsFormatError):
        render(make(text="SPEAKER_0: hi"), "srt")


def test_the_bytes_are_utf_8_without_a_mark_whatever_the_text_holds(make: Make) -> None:
    written = render(make(("0", 0, 1, "Grüße \ud83d 😀")), "srt")
    assert written.decode().splitlines()[2] == "Grüße ? 😀"


@pytest.mark.slow
@given(spoken_of(TOKENS | st.just("00:00:01,000")))
def test_the_srt_library_reads_every_cue_back_to_the_millisecond(
    spoken: list[tuple[float, float, list[str]]],
) -> None:
    result = spoken_by(spoken)
    cues = caption(result)
    read = list(srt.parse(render(result, "srt").decode()))
    assert [cue.index for cue in read] == list(range(1, len(cues) + 1))
    assert [(cue.start, cue.end) for cue in read] == [
        (timedelta(milliseconds=cue.start_ms), timedelta(milliseconds=cue.end_ms)) for cue in cues
    ]
    assert [cue.content for cue in read] == [without_arrows("\n".join(cue.lines)) for cue in cues]


@pytest.mark.slow
@given(spoken_of(TOKENS))
def test_pysubs2_reads_every_cue_back(spoken: list[tuple[float, float, list[str]]]) -> None:
    # Without times in the text: pysubs2 takes any line that holds two for a time line.
    result = spoken_by(spoken)
    read = pysubs2.SSAFile.from_string(render(result, "srt").decode(), format_="srt")
    assert [(line.start, line.end) for line in read] == [(cue.start_ms, cue.end_ms) for cue in caption(result)]


def spoken_by(spoken: list[tuple[float, float, list[str]]]) -> Transcription:
    segments = [{"text": " ".join(words), "start": at, "end": at + lasts} for at, lasts, words in spoken]
    return Transcription.from_json({"id": 1, "segments": segments})


def without_arrows(text: str) -> str:
    # What UTF-8 cannot hold is written as a question mark.
    return re.sub("-{2,}>", "->", text).encode("utf-8", errors="replace").decode()
