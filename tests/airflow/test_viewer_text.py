"""The viewer of a task that speaks one text: it plays the audio and shows the text."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_fluxions.emulator import Emulator, Fault
from airflow_provider_fluxions.operators import FluxionsTextToSpeechOperator
from tests.airflow.conftest import OUTPUT
from tests.airflow.viewing import Seen, body_of, facts_after, facts_of

pytestmark = pytest.mark.usefixtures("fluxions_connection")

URI = f"s3://{OUTPUT}/speech/hello.wav"


def operator(**options: Any) -> FluxionsTextToSpeechOperator:
    return FluxionsTextToSpeechOperator(
        task_id="t", text="Hello there. [laugh] This is it.", destination=URI, **options
    )


def test_the_audio_is_played_and_the_text_is_shown(s3: Any) -> None:
    seen = Seen(facts_after(operator(price_per_1000_characters=1)))
    (item,) = seen.json("items")["items"]
    assert (item["name"], item["status"], item["outputs"], item["cost"]) == ("hello.wav", "done", [URI], 0.032)
    assert item["has_audio"]
    assert item["audio_seconds"] > 1
    answer = seen.ask("audio", no=0)
    assert answer.content_type == "audio/wav"
    assert body_of(answer) == s3.get_object(Bucket=OUTPUT, Key="speech/hello.wav")["Body"].read()
    shown = " ".join(segment["text"] for segment in seen.json("transcript", no=0)["segments"])
    assert "This is it." in shown


def test_a_text_that_failed_has_no_audio(s3: Any, emulator: Emulator) -> None:
    emulator.add_fault(Fault(path="/vui/v1/tts", status=422))
    seen = Seen(facts_of(operator(), {}, "failed"))
    (item,) = seen.json("items")["items"]
    assert (item["status"], item["has_audio"], item["has_transcript"]) == ("failed", False, False)


def test_an_xcom_cannot_lead_to_another_object(s3: Any) -> None:
    s3.put_object(Bucket=OUTPUT, Key="secret/x.wav", Body=b"secret")
    seen = Seen(facts_after(operator())).with_xcoms(return_value={"uri": f"s3://{OUTPUT}/secret/x.wav"})
    assert seen.json("items")["items"][0]["outputs"] == [URI]
    assert body_of(seen.ask("audio", no=0)) != b"secret"


def test_before_its_arguments_are_known_there_is_nothing(s3: Any) -> None:
    seen = Seen(facts_of(operator(), {}, "queued")).without("destination")
    assert seen.json("items")["items"] == []
