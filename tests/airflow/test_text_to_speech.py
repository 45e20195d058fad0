"""One text to one file of audio."""

from __future__ import annotations

import io
import json
import logging
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import soundfile
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, Asset

from airflow_provider_fluxions.api.errors import FluxionsCreditError, FluxionsError, FluxionsStorageError
from airflow_provider_fluxions.emulator import Emulator, Fault, ToneSynthesizer
from airflow_provider_fluxions.hooks import FluxionsHook
from airflow_provider_fluxions.operators import FluxionsTextToSpeechOperator
from airflow_provider_fluxions.speech.pieces import cut_text
from airflow_provider_fluxions.task import metrics as metrics
from harness.faulty_s3 import FaultyS3, S3Fault
from harness.processes import wait_until
from tests.airflow.conftest import OUTPUT, task_context
from tests.airflow.outlets import outlet_events

pytestmark = pytest.mark.usefixtures("fluxions_connection")

RENDER = "/vui/v1/tts"
URI = f"s3://{OUTPUT}/speech/hello.wav"
TEXT = "Hello, this is the announcement of the day. [laugh] It is short."
PARAGRAPH = "It has some words that are spoken by the voice. " * 14
LONG = "\n\n".join(f"Paragraph {number}. {PARAGRAPH}" for number in range(1, 5))


def speak(context: dict[str, Any] | None = None, **options: Any) -> Any:
    options = {"text": TEXT, "destination": URI, **options}
    return FluxionsTextToSpeechOperator(task_id="t", **options).execute(context or task_context())


def stored(s3: Any, uri: str = URI) -> Any:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return s3.get_object(Bucket=bucket, Key=key)


def keys(s3: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=OUTPUT).get("Contents", ())]


def test_a_text_becomes_one_wav_file_with_its_facts(s3: Any, emulator: Emulator) -> None:
    context = task_context()
    result = speak(context, price_per_1000_characters=10)
    (render,) = emulator.renders
    assert render.text == TEXT
    found = stored(s3)
    with wave.open(io.BytesIO(found["Body"].read())) as file:
        seconds = file.getnframes() / file.getframerate()
    assert seconds == pytest.approx(render.audio_seconds)
    assert result == {
        "uri": URI,
        "voice": "maeve",
        "voice_id": "maeve.h8ff7e07da",
        "audio_seconds": round(seconds, 3),
        "characters": 64,
        "pieces": 1,
        "renders": 1,
        "renders_lost": 0,
        "skipped": False,
        "reference": found["Metadata"]["fluxions-reference"],
        "estimated_cost": 0.64,
        "cost": 0.64,
    }
    assert found["ContentType"] == "audio/wav"
    assert found["Metadata"] == {
        "fluxions-reference": result["reference"],
        "fluxions-voice": "maeve",
        "fluxions-voice-id": "maeve.h8ff7e07da",
        "fluxions-audio-seconds": f"{seconds:.3f}",
        "fluxions-characters": "64",
    }
    assert json.loads(json.dumps(result)) == result
    assert context["ti"].pushed == {"estimated_cost": 0.64, "cost": 0.64, "result_uri": URI}
    assert keys(s3) == ["speech/hello.wav"]


def test_the_same_text_voice_and_options_are_rendered_once(s3: Any, emulator: Emulator) -> None:
    first = speak(price_per_speech_hour=3600)
    again = speak(price_per_speech_hour=3600)
    assert len(emulator.renders) == 1
    assert again["skipped"]
    assert (again["voice_id"], again["renders"]) == (first["voice_id"], 0)
    assert again["audio_seconds"] == pytest.approx(first["audio_seconds"], abs=0.001)
    assert "cost" not in again
    assert again["estimated_cost"] == 0.0
    for other in ({"text": TEXT + "!"}, {"voice": "rory"}, {"temperature": 0.3}):
        assert not speak(**other)["skipped"]
    assert len(emulator.renders) == 4


def test_a_new_checkpoint_renders_again_only_if_told_so(s3: Any, emulator: Emulator) -> None:
    speak()
    checkpoint = emulator.rotate_checkpoint()
    assert speak()["voice_id"] == "maeve.h8ff7e07da"
    assert speak(rerender_on_new_checkpoint=True)["voice_id"] == f"maeve.{checkpoint}"
    assert speak(rerender_on_new_checkpoint=True)["skipped"]
    assert len(emulator.renders) == 2


def test_voices_are_listed_once_a_task(s3: Any, emulator: Emulator) -> None:
    speak()
    emulator.rotate_checkpoint()
    emulator.clear_requests()
    speak(rerender_on_new_checkpoint=True)
    assert [request.path for request in emulator.requests if "voices" in request.path] == ["/vui/voices"]


@pytest.mark.parametrize("extension", ["flac", "ogg", "opus", "mp3"])
def test_the_extension_of_the_destination_is_the_format(s3: Any, extension: str) -> None:
    uri = f"s3://{OUTPUT}/a.{extension}"
    result = speak(destination=uri)
    facts = soundfile.info(io.BytesIO(stored(s3, uri)["Body"].read()))
    assert facts.frames / facts.samplerate == pytest.approx(result["audio_seconds"], abs=0.05)


def test_a_long_text_is_one_file_and_leaves_no_pieces(s3: Any, emulator: Emulator) -> None:
    result = speak(text=LONG)
    assert (result["pieces"], result["renders"], len(emulator.renders)) == (4, 4, 4)
    with wave.open(stored(s3)["Body"]) as file:
        seconds = file.getnframes() / file.getframerate()
    assert seconds == pytest.approx(sum(one.audio_seconds for one in emulator.renders) + 3 * 0.6)
    assert keys(s3) == ["speech/hello.wav"]


def test_a_retry_of_a_long_text_renders_what_is_missing(s3: Any, emulator: Emulator) -> None:
    emulator.add_fault(Fault(path=RENDER, status=402, text="Paragraph 3*"))
    with pytest.raises(FluxionsCreditError) as raised:
        speak(text=LONG, max_in_flight=1)
    assert (raised.value.renders, raised.value.renders_lost) == (3, 1)
    assert len(keys(s3)) == 2
    assert all(key.startswith("speech/hello.wav_pieces/") and "/maeve.h8ff7e07da/" in key for key in keys(s3))
    result = speak(text=LONG)
    assert (result["renders"], len(emulator.renders)) == (2, 4)
    assert keys(s3) == ["speech/hello.wav"]


def test_several_pieces_are_rendered_at_a_time_and_joined_in_order(s3: Any, emulator: Emulator) -> None:
    emulator.add_fault(Fault(path=RENDER, text="Paragraph 1*", hold="before_body", name="first"))

    def meanwhile() -> None:
        wait_until(lambda: len(emulator.renders) == 3 or None, "three renders", 60)
        emulator.hold_board.release()

    with ThreadPoolExecutor() as pool:
        released = pool.submit(meanwhile)
        assert speak(text=LONG)["renders"] == 4
        released.result()
    assert emulator.renders[-1].text.startswith("Paragraph 1.")
    with wave.open(stored(s3)["Body"]) as file:
        for piece in cut_text(LONG):
            alone = ToneSynthesizer().speak(piece.text, "maeve").pcm
            # Without the fades.
            assert file.readframes(len(alone) // 2)[2_000:-2_000] == alone[2_000:-2_000]
            file.readframes(round(piece.pause_seconds * 24_000))


def test_an_error_of_one_piece_keeps_the_others_in_progress_and_counts_all(s3: Any, emulator: Emulator) -> None:
    emulator.add_fault(Fault(path=RENDER, status=402, text="Paragraph 3*"))
    with pytest.raises(FluxionsCreditError) as raised:
        speak(text=LONG)
    assert raised.value.renders == len(emulator.renders) + 1
    assert (raised.value.renders_lost, len(keys(s3))) == (1, len(emulator.renders))
    assert speak(text=LONG)["renders"] == 4 - (raised.value.renders - 1)


def test_audio_of_the_same_text_that_another_run_stored_meanwhile_stays(
    s3: Any, faulty_s3: FaultyS3, emulator: Emulator
) -> None:
    first = speak(text=LONG)
    audio = s3.head_object(Bucket=OUTPUT, Key="speech/hello.wav")
    s3.delete_object(Bucket=OUTPUT, Key="speech/hello.wav")
    emulator.rotate_checkpoint()
    emulator.add_fault(Fault(path=RENDER, text="Paragraph 4*", hold="before_body", name="last"))

    def meanwhile() -> None:
        wait_until(lambda: len(emulator.renders) == 7 or None, "three renders", 60)
        s3.put_object(Bucket=OUTPUT, Key="speech/hello.wav", Body=b"of the other run", Metadata=audio["Metadata"])
        emulator.hold_board.release()

    with ThreadPoolExecutor() as pool:
        other_run = pool.submit(meanwhile)
        assert speak(text=LONG)["voice_id"] == first["voice_id"]
        other_run.result()
    assert stored(s3)["Body"].read() == b"of the other run"


def test_pieces_of_another_checkpoint_are_not_joined(s3: Any, emulator: Emulator) -> None:
    emulator.add_fault(Fault(path=RENDER, status=402, text="Paragraph 3*"))
    with pytest.raises(FluxionsCreditError):
        speak(text=LONG, max_in_flight=1)
    checkpoint = emulator.rotate_checkpoint()
    assert speak(text=LONG)["renders"] == 4
    assert [one.voice_id for one in emulator.renders[-4:]] == [f"maeve.{checkpoint}"] * 4
    assert keys(s3) == ["speech/hello.wav"]


def test_audio_that_cannot_be_written_counts_its_renders(faulty_s3: FaultyS3, emulator: Emulator) -> None:
    faulty_s3.add_fault(S3Fault(method="PUT", target="*/speech/hello.wav", code="AccessDenied"))
    with pytest.raises((AirflowFailException, FluxionsStorageError)) as raised:
        speak()
    error = raised.value if isinstance(raised.value, FluxionsStorageError) else raised.value.__cause__
    assert isinstance(error, FluxionsStorageError)
    assert (error.renders, error.renders_lost, len(emulator.renders)) == (1, 0, 1)


def test_a_join_that_failed_is_repeated_without_a_render(faulty_s3: FaultyS3, s3: Any, emulator: Emulator) -> None:
    faulty_s3.add_fault(S3Fault(method="GET", target="*_pieces/*.wav*", code="AccessDenied", skip=3))
    with pytest.raises((AirflowFailException, FluxionsStorageError)):
        speak(text=LONG)
    assert len(keys(s3)) == len(emulator.renders) == 4
    result = speak(text=LONG)
    assert (result["renders"], len(emulator.renders)) == (0, 4)
    assert result["audio_seconds"] == pytest.approx(sum(one.audio_seconds for one in emulator.renders) + 1.8, abs=1e-3)
    assert keys(s3) == ["speech/hello.wav"]


@pytest.mark.parametrize("skip", [0, 3], ids=["before the first piece", "in the middle"])
def test_a_join_that_failed_counts_its_renders(faulty_s3: FaultyS3, emulator: Emulator, skip: int) -> None:
    faulty_s3.add_fault(S3Fault(method="GET", target="*_pieces/*.wav*", code="AccessDenied", skip=skip))
    with pytest.raises((AirflowFailException, FluxionsStorageError)) as raised:
        speak(text=LONG)
    error = raised.value if isinstance(raised.value, FluxionsStorageError) else raised.value.__cause__
    assert isinstance(error, FluxionsStorageError)
    assert (error.renders, error.renders_lost, len(emulator.renders)) == (4, 0, 4)


def test_a_store_that_drops_metadata_is_reported(
    faulty_s3: FaultyS3, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    faulty_s3.set_store(metadata_names="dropped")
    speak()
    assert "so the next run renders the text again, at your charge" in caplog.text


def test_a_task_counts_its_renders(s3: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[tuple[str, int]] = []

    class Counter:
        @staticmethod
        def incr(name: str, count: int = 1, *, tags: dict[str, Any]) -> None:
            assert tags == {"fluxions_conn_id": "fluxions_default"}
            counts.append((name, count))

    monkeypatch.setattr(metrics, "Stats", Counter)
    emulator.add_fault(Fault(path=RENDER, cut_to_bytes=10_044))
    result = speak()
    assert counts == [
        ("fluxions.renders", 2),
        ("fluxions.renders_lost", 1),
        ("fluxions.speech_seconds", round(result["audio_seconds"])),
    ]


def test_a_dry_run_sends_and_writes_nothing(s3: Any, emulator: Emulator) -> None:
    result = speak(text=LONG, dry_run=True, price_per_speech_hour=1)
    assert (result["pieces"], result["renders"], result["voice_id"]) == (4, 0, None)
    assert result["estimated_cost"] == pytest.approx(len(LONG) / 16 / 3600, rel=0.1)
    assert emulator.requests == []
    assert keys(s3) == []


def test_a_skip_and_a_dry_run_read_no_connection(s3: Any, emulator: Emulator) -> None:
    speak()
    assert speak(fluxions_conn_id="missing")["skipped"]
    assert speak(text="Another.", dry_run=True, fluxions_conn_id="missing")["pieces"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text": ""}, "is empty"),
        ({"text": "a\x00"}, "control character"),
        ({"text": ["a"]}, "must be a string, not list"),
        ({"voice": ""}, "voice must be"),
        ({"voice": "mave"}, "Voices: maeve, rory, asha, u-42"),
    ],
)
def test_what_no_retry_can_fix_fails_at_once(s3: Any, emulator: Emulator, options: dict[str, Any], said: str) -> None:
    with pytest.raises(AirflowFailException, match=said):
        speak(**options)
    assert emulator.renders == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"destination": f"s3://{OUTPUT}/a.txt"},
        {"destination": f"s3://{OUTPUT}/a"},
        {"temperature": -1},
        {"max_seconds": 0},
        {"price_per_speech_hour": 1, "price_per_1000_characters": 1},
        {"extra_args": {"Metadata": {}}},
    ],
)
def test_a_wrong_argument_is_refused_when_the_dag_is_parsed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\."):
        FluxionsTextToSpeechOperator(task_id="t", **{"text": "a", "destination": URI, **wrong})


def test_a_bucket_that_does_not_exist_fails_at_no_charge(s3: Any, emulator: Emulator) -> None:
    with pytest.raises((AirflowFailException, FluxionsStorageError)):
        speak(destination="s3://no-such-bucket/a.wav")
    assert emulator.requests == []


def test_a_text_whose_audio_stays_incomplete_fails_for_good(s3: Any, emulator: Emulator) -> None:
    emulator.add_fault(Fault(path=RENDER, cut_to_bytes=10_044, times=None))
    with pytest.raises(AirflowFailException, match="rendered 2 times, and the audio is not complete") as raised:
        speak()
    assert isinstance(raised.value.__cause__, FluxionsError)
    assert raised.value.__cause__.renders_lost == len(emulator.renders) == 2
    assert keys(s3) == []


def test_digits_that_native_rendering_made_a_number_are_spoken(s3: Any, emulator: Emulator) -> None:
    speak(text=42)
    assert emulator.renders[0].text == "42"


def test_a_sentence_that_ends_in_a_file_name_opens_no_file() -> None:
    task = FluxionsTextToSpeechOperator(task_id="t", text="Details are in README.md", destination=URI)
    assert not task.template_ext
    assert set(task.template_fields) >= {"text", "destination", "voice"}


def test_a_text_can_be_included_from_a_file_of_the_dag_folder(tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("Once upon a time.")
    with DAG("d", schedule=None, template_searchpath=[str(tmp_path)]):
        task = FluxionsTextToSpeechOperator(task_id="t", text="{% include 'story.txt' %}", destination=URI)
    task.render_template_fields({})
    assert task.text == "Once upon a time."


def test_the_log_has_the_measured_cost(s3: Any, emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        speak(price_per_1000_characters=10)
    assert "Measured cost: 0.6400." in caplog.text


def test_unknown_tags_are_reported(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    speak(text="A [music] and a [breath].")
    assert "and might speak them: [music]." in caplog.text


def test_extra_args_reach_s3(s3: Any) -> None:
    speak(extra_args={"StorageClass": "STANDARD_IA"})
    assert stored(s3)["StorageClass"] == "STANDARD_IA"


def test_assets_lineage_and_links_name_the_audio(s3: Any) -> None:
    asset, events = Asset(URI), outlet_events()
    operator = FluxionsTextToSpeechOperator(task_id="t", text=TEXT, destination=URI, outlets=[asset])
    result = operator.execute({**task_context(), "outlet_events": events})
    assert events[asset].extra == result
    lineage = operator.get_openlineage_facets_on_complete(None)
    assert [(one.namespace, one.name) for one in lineage.outputs] == [(f"s3://{OUTPUT}", "speech/hello.wav")]
    assert lineage.run_facets["fluxions"].audioSeconds == result["audio_seconds"]


def test_the_hook_speaks_and_lists_voices(s3: Any, emulator: Emulator) -> None:
    hook = FluxionsHook()
    assert [voice.id for voice in hook.list_voices()] == ["maeve", "rory", "asha", "u-42"]
    assert hook.synthesize("Hello.", voice="asha").voice_id == "asha.h8ff7e07da"
