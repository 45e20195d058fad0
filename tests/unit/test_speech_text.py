"""Which texts can be spoken, and how long they take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.job_reference import piece_reference, speech_reference
from airflow_provider_fluxions.api.redaction import Redactor, TextRedactor, hide_parts
from airflow_provider_fluxions.api.rendering import render_problem
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.speech_text import check_text, spoken_characters, unknown_tags


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("... !", "has no letter and no digit"),
        ("secret\x00", r"a control character \(U\+0000, character 7 of 7\)"),
        ("se\x1b[2Jcret", r"U\+001B, character 3"),
        ("secret\x0c", r"U\+000C"),
        ("secret \ud800", r"a lone surrogate \(U\+D800"),
        (None, "must be a string, not NoneType"),
        (b"secret", "must be a string, not bytes"),
    ],
)
def test_a_text_that_cannot_be_spoken_is_refused_with_the_reason(text: object, said: str) -> None:
    with pytest.raises(FluxionsInputError, match=said) as raised:
        check_text(text)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("text", ["a", "1", "[laugh]", "日本語", "a\r\n\tb", "zero\u200dwidth \ufeff", "é\u0301"])
def test_other_texts_pass_as_they_are(text: str) -> None:
    assert check_text(text) is text


def test_unknown_tags_are_reported_once_and_known_ones_not() -> None:
    assert unknown_tags("[music] a [Laugh] b [breath][music] [1] [clears throat] [x") == ("[music]", "[clears throat]")


def test_tags_and_runs_of_signs_take_no_time() -> None:
    assert spoken_characters("[laugh] ab... !!! -- cd [sigh]") == 5


@pytest.mark.parametrize(
    ("characters", "seconds", "limit", "is_whole"),
    [
        (160, 10.0, None, True),
        (160, 4.01, None, True),
        (160, 3.99, None, False),
        (160, 9.99, 10, False),
        (160, 9.9, 10, True),
        (1, 0.03, None, True),
    ],
)
def test_audio_at_its_limit_or_under_40_percent_is_not_whole(
    characters: int, seconds: float, limit: float | None, is_whole: bool
) -> None:
    assert (render_problem("a" * characters, seconds, limit) is None) is is_whole


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1},
        {"temperature": True},
        {"temperature": "x"},
        {"max_seconds": 0},
        {"max_seconds": float("inf")},
        {"verify_chunks": 1},
    ],
)
def test_an_option_that_cannot_be_sent_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(FluxionsInputError, match=next(iter(wrong))):
        SpeechOptions(**wrong)  # type: ignore[arg-type]


def test_a_reference_depends_on_text_voice_and_options_only() -> None:
    plain = speech_reference("a", "maeve", SpeechOptions())
    assert plain == speech_reference("a", "maeve", SpeechOptions()) != piece_reference("a", "maeve", SpeechOptions())
    others = [
        speech_reference("b", "maeve", SpeechOptions()),
        speech_reference("a", "rory", SpeechOptions()),
        speech_reference("a", "maeve", SpeechOptions(temperature=1)),
        speech_reference("a", "maeve", SpeechOptions(max_seconds=1)),
        speech_reference("a", "maeve", SpeechOptions(verify_chunks=False)),
    ]
    assert len({plain, *others}) == 6
    assert others[2] == speech_reference("a", "maeve", SpeechOptions(temperature=1.0))
    assert plain == "dfb6ac3bbe7ac710"


@given(st.text(min_size=1, max_size=80), st.text(max_size=30), st.text(max_size=30))
def test_a_message_shows_no_long_part_of_a_text(sent: str, before: str, after: str) -> None:
    folded = " ".join(sent.split()).casefold()
    shown = hide_parts(before + folded + after, folded)
    assert len(folded) < 12 or folded not in shown


@pytest.mark.slow
def test_a_text_is_hidden_whatever_its_space_and_case() -> None:
    quoted = TextRedactor(Redactor("k" * 12), "The figures\nof Hollis are secret.").quote(
        "bad input 'THE FIGURES  OF HOLLIS' with key kkkkkkkkkkkk"
    )
    assert quoted == "bad input '(text)' with key ***"
