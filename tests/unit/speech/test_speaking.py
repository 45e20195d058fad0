"""A text of several pieces: all of one voice and one checkpoint, each piece rendered once."""

from __future__ import annotations

import pytest

from airflow_provider_fluxions.api.cost import SpeechPrice
from airflow_provider_fluxions.api.errors import FluxionsCreditError
from airflow_provider_fluxions.api.voices import VoiceList
from airflow_provider_fluxions.speech.metadata import is_done, speech_metadata
from airflow_provider_fluxions.speech.pieces import cut_text
from airflow_provider_fluxions.speech.speaking import SpokenText, speak
from tests.unit.conftest import Service
from tests.unit.fakes import FakeTime

TEXT = "\n\n".join(f"Paragraph {number}. " + "It has some words that are spoken. " * 20 for number in range(1, 5))
RENDER = "/vui/v1/tts"


def spoken(service: Service, time: FakeTime) -> SpokenText:
    client = service.client()
    deadline = time.now() + 600
    return speak(client, VoiceList(client), TEXT, voice="maeve", deadline=deadline, clock=time.clock)


def test_pieces_are_rendered_once_each_and_joined_to_the_sample(observed: Service, time: FakeTime) -> None:
    got = spoken(observed, time)
    renders = observed.emulator.renders
    assert [render.text for render in renders] == [piece.text for piece in cut_text(TEXT)]
    assert (got.renders, got.renders_lost, len(got.times)) == (4, 0, 4)
    pauses = sum(piece.pause_seconds for piece in cut_text(TEXT))
    assert got.audio.duration == pytest.approx(sum(render.audio_seconds for render in renders) + pauses, abs=1e-6)
    assert got.times[-1].end_frame == got.audio.frames


@pytest.mark.slow
def test_a_checkpoint_that_changes_between_two_pieces_renders_all_again(observed: Service, time: FakeTime) -> None:
    client, turns = observed.client(), [2]

    def rotate_once(number: int, of: int) -> None:
        if [number] == turns:
            turns.clear()
            observed.emulator.rotate_checkpoint()

    voices = VoiceList(client)
    got = speak(client, voices, TEXT, voice="maeve", deadline=time.now() + 600, clock=time.clock, on_piece=rotate_once)
    ids = [render.voice_id for render in observed.emulator.renders]
    assert ids == ["maeve.h8ff7e07da"] * 2 + [got.audio.voice_id] * 4
    assert (got.renders, got.renders_lost) == (7, 1)


@pytest.mark.slow
def test_an_error_counts_the_renders_of_all_pieces(observed: Service, time: FakeTime) -> None:
    observed.fault(path=RENDER, truncate_to_bytes=50_000, skip=1)
    observed.fault(path=RENDER, status=402, text="Paragraph 3*")
    with pytest.raises(FluxionsCreditError) as raised:
        spoken(observed, time)
    assert (raised.value.renders, raised.value.renders_lost) == (4, 2)
    assert len(observed.emulator.renders) == 3


def test_metadata_is_ascii_and_says_what_is_done() -> None:
    metadata = speech_metadata(reference="r", voice="maévé", voice_id="maévé.h1", audio_seconds=1.23456, characters=7)
    assert metadata == {
        "reference": "r",
        "voice": "ma?v?",
        "voice_id": "ma?v?.h1",
        "audio_seconds": "1.235",
        "characters": "7",
    }
    assert is_done(metadata, "r")
    assert is_done(metadata, "r", "maévé.h1")
    assert not is_done(metadata, "r", "maévé.h2")
    assert not is_done({}, "r")


def test_speech_costs_by_the_hour_or_by_characters() -> None:
    assert SpeechPrice.checked(price_per_speech_hour=0.5).cost(9_999, 7_200) == 1.0
    assert SpeechPrice.checked(price_per_1000_characters="0.02").cost(1_500, None) == 0.03
    assert SpeechPrice.checked().cost(1_500, 60) is None
    with pytest.raises(ValueError, match="not both"):
        SpeechPrice.checked(1, 1)
    with pytest.raises(ValueError, match="price_per_1000_characters must be 0 or more, not -1"):
        SpeechPrice.checked(price_per_1000_characters=-1)
