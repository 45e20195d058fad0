"""``vtt``: literal bytes, and what another reader makes of them."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from textwrap import dedent

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import render
from airflow_provider_fluxions.formats.captions import caption, timestamp

Make = Callable[..., Transcription]

SPOKEN = st.lists(
    st.tuples(
        st.none() | st.sampled_from(["0", "SPEAKER_1", "A & B", "<i>", "x\n\ny", "a-->b"]) | st.text(max_size=8),
        st.floats(0, 500_000),
        st.lists(
            st.sampled_from(["so", "NOTE", "STYLE", "WEBVTT", "-->", "<v Bob>", "&amp;", "</v>", "\n", "x" * 60])
            | st.text(),
            max_size=30,
        ),
    ),
    max_size=6,
)


def test_cues_carry_their_speaker_as_a_voice(make: Make) -> None:
    result = make(
        ("0", 0.86, 6.42, "Yeah, let's actually start off exactly, where we initially began."),
        ("1", 6.0, 7.2, "Sounds perfect"),
        (None, 7.5, 9.8, "[laugh] hahaha"),
    )
    assert render(result, "vtt").decode() == dedent("""\
        WEBVTT

        00:00:00.860 --> 00:00:06.420
        <v Speaker 0>Yeah, let's actually start off exactly,
        where we initially began.

        00:00:06.000 --> 00:00:07.200
        <v Speaker 1>Sounds perfect

        00:00:07.500 --> 00:00:09.800
        hahaha
        """)


def test_an_empty_transcription_is_a_header_alone(make: Make) -> None:
    assert render(make(), "vtt") == b"WEBVTT\n"


def test_markup_characters_in_the_text_are_escaped(make: Make) -> None:
    written = render(make((None, 0, 1, "R&D <i>a</i> --> &amp;")), "vtt").decode()
    assert written.splitlines()[3] == "R&amp;D &lt;i&gt;a&lt;/i&gt; --&gt; &amp;amp;"


@pytest.mark.parametrize(
    ("speaker", "voice"),
    [
        ("A & <B>", "<v Speaker A B>"),
        ("x\n\ny", "<v Speaker x y>"),
        ("-->", ""),
        ("a-->b", "<v Speaker a-- b>"),
        ("<>", ""),
    ],
)
def test_a_speakers_name_goes_without_what_would_break_its_tag(make: Make, speaker: str, voice: str) -> None:
    assert render(make((speaker, 0, 1, "hi")), "vtt").decode().splitlines()[3] == f"{voice}hi"


def test_hours_go_past_99(make: Make) -> None:
    assert b"\n100:00:00.000 --> 100:00:01.500\n" in render(make(("0", 360_000, 360_001.5, "a")), "vtt")


def test_untimed_text_is_refused(make: Make) -> None:
    with pytest.raises(FluxionsFormatError):
        render(make(text="SPEAKER_0: hi"), "vtt")


@pytest.mark.slow
@given(SPOKEN)
def test_webvtt_py_reads_every_cue_back_to_the_millisecond(
    spoken: list[tuple[str | None, float, list[str]]],
) -> None:
    segments = [
        {"speaker": speaker, "text": " ".join(words), "start": at, "end": at + len(words)}
        for speaker, at, words in spoken
    ]
    result = Transcription.from_json({"id": 1, "segments": segments})
    cues = caption(result)
    read = webvtt.from_string(render(result, "vtt").decode()).captions
    assert [(cue.start, cue.end) for cue in read] == [
        (timestamp(cue.start_ms, "."), timestamp(cue.end_ms, ".")) for cue in cues
    ]
    for ours, theirs in zip(cues, read, strict=True):
        assert unescape(theirs.text) == encodable("\n".join(ours.lines))
        assert (theirs.voice or "").startswith("Speaker " if ours.speaker and theirs.voice else "")


def encodable(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode()
