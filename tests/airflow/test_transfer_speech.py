"""From texts in S3 to spoken audio in S3."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, Asset

from airflow_provider_fluxions.api.errors import FluxionsAuthenticationError, FluxionsCreditError
from airflow_provider_fluxions.api.job_reference import piece_reference, speech_reference
from airflow_provider_fluxions.api.speech_audio import SpeechAudio
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.emulator import Emulator, Fault, ToneSynthesizer
from airflow_provider_fluxions.speech.pieces import cut_text
from airflow_provider_fluxions.task import metrics
from airflow_provider_fluxions.transfers import FluxionsConvertOperator
from harness.faulty_s3 import FaultyS3
from harness.processes import wait_until
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.dags import EXAMPLES
from tests.airflow.outlets import outlet_events
from tests.airflow.speaking import (
    BOOK,
    LONG,
    TTS,
    audio_of,
    lines,
    metadata_of,
    pieces,
    rows_of,
    speak,
    speaker,
    texts,
    tomorrow,
)  # fmt: skip
from tests.airflow.transferring import outputs

pytestmark = pytest.mark.usefixtures("fluxions_connection")


def test_each_text_becomes_audio_under_its_own_name(s3: Any, emulator: Emulator) -> None:
    texts(s3, a_txt="Hello there.", **{"news/b_md": "# Title\n\nText."})
    lines(s3, {"id": "welcome", "text": "Hi."}, {"id": "x/bye", "text": "Bye."})
    summary = speak()
    assert outputs(s3) == {f"out/{name}.wav" for name in ("a.txt", "news/b.md", "p.jsonl/welcome", "p.jsonl/x/bye")}
    assert (summary["completed"], summary["renders"], summary["renders_lost"]) == (4, 4, 0)
    assert [one.text for one in emulator.renders if "Title" in one.text] == ["Title\n\nText."]


def test_the_summary_counts_characters_and_seconds(s3: Any) -> None:
    texts(s3, a_txt="Hello there.")
    summary = speak(price_per_1000_characters=2.0)
    with audio_of(s3, "out/a.txt.wav") as audio:
        seconds = audio.getnframes() / audio.getframerate()
    assert summary["characters"] == 12
    assert summary["audio_seconds"] == pytest.approx(seconds, abs=0.001)
    assert (summary["cost"], summary["estimated_cost"]) == (0.024, 0.024)


def test_a_rerun_renders_nothing(s3: Any, emulator: Emulator) -> None:
    texts(s3, a_txt="Hello.", b_txt="You.")
    speak()
    emulator.clear_requests()
    summary = speak(tomorrow())
    assert (summary["already_done"], summary["completed"], summary["renders"]) == (2, 0, 0)
    assert emulator.requests == []


@pytest.mark.parametrize("changed", [{"voice": "rory"}, {"temperature": 0.5}, {"verify_chunks": False}])
def test_another_voice_or_option_is_work_again(s3: Any, emulator: Emulator, changed: dict[str, Any]) -> None:
    texts(s3, a_txt="Hello.")
    speak()
    assert speak(tomorrow(), **changed)["completed"] == 1
    assert len(emulator.renders) == 2


def test_a_changed_text_is_work_again_and_the_others_are_not(s3: Any) -> None:
    texts(s3, a_txt="Hello.", b_txt="You.")
    speak()
    texts(s3, a_txt="Hello again.")
    summary = speak(tomorrow())
    assert (summary["completed"], summary["already_done"]) == (1, 1)


def test_a_line_that_moves_within_its_file_is_not_work_again(s3: Any) -> None:
    lines(s3, {"id": "a", "text": "Hello."})
    speak()
    lines(s3, {"id": "new", "text": "First."}, {"id": "a", "text": "Hello."})
    summary = speak(tomorrow())
    assert (summary["completed"], summary["already_done"]) == (1, 1)


def test_the_full_voice_id_is_stored_with_each_result(s3: Any, emulator: Emulator) -> None:
    texts(s3, a_txt="Hello.")
    summary = speak()
    voice_id = emulator.renders[0].voice_id
    assert metadata_of(s3, "out/a.txt.wav")["fluxions-voice-id"] == voice_id
    row = rows_of(s3, summary)[0]
    assert (row["voice"], row["voice_id"], row["status"]) == ("maeve", voice_id, "completed")


def test_a_new_checkpoint_renders_again_only_if_asked_for(s3: Any, emulator: Emulator) -> None:
    texts(s3, a_txt="Hello.")
    speak()
    emulator.rotate_checkpoint()
    assert speak(tomorrow())["already_done"] == 1
    assert speak(tomorrow(), rerender_on_new_checkpoint=True)["completed"] == 1
    assert metadata_of(s3, "out/a.txt.wav")["fluxions-voice-id"] == emulator.renders[-1].voice_id
    assert speak(task_context(run_id="later"), rerender_on_new_checkpoint=True)["already_done"] == 1


def test_voices_are_listed_once_a_task(s3: Any, emulator: Emulator) -> None:
    lines(s3, {"id": "a", "text": "One."}, {"id": "b", "text": "Two.", "voice": "rory"}, {"id": "c", "text": "Three."})
    speak()
    assert [request.path for request in emulator.requests if "voices" in request.path] == ["/vui/voices"]


def test_an_unknown_voice_fails_the_task_at_once_and_names_those_that_exist(s3: Any, emulator: Emulator) -> None:
    texts(s3, **{f"t{number}_txt": f"Text {number}." for number in range(20)})
    with pytest.raises(AirflowFailException, match="maeve"):
        speak(voice="nobody", max_in_flight=1)
    assert emulator.renders == []
    assert sum(request.path == TTS for request in emulator.requests) == 1


def test_an_unknown_voice_of_one_line_fails_alone(s3: Any) -> None:
    lines(s3, {"id": "a", "text": "One.", "voice": "nobody"}, {"id": "b", "text": "Two."})
    with pytest.raises(AirflowFailException, match=r"1 of 2 inputs failed.*a: .*maeve"):
        speak()
    assert outputs(s3) == {"out/p.jsonl/b.wav"}


def test_texts_that_cannot_be_spoken_fail_alone_with_the_reason(s3: Any) -> None:
    texts(s3, good_txt="Hello.", empty_txt=" ", bell_txt="a\x07b")
    s3.put_object(Bucket=INPUT, Key="latin.txt", Body=b"caf\xe9")
    lines(s3, {"id": "../up", "text": "x"}, {"id": "a", "text": "x"}, {"id": "a", "text": "y"})
    summary = speak(fail_on="none")
    assert (summary["completed"], summary["failed"]) == (1, 6)
    errors = " ".join(row["error"] or "" for row in rows_of(s3, summary))
    for reason in ("empty", "control character", "not UTF-8", "cannot name an audio file", "on lines 2, 3"):
        assert reason in errors


def test_a_text_that_the_service_refuses_fails_alone(s3: Any, emulator: Emulator) -> None:
    texts(s3, a_txt="Good.", b_txt="Bad.")
    emulator.add_fault(Fault(path=TTS, text="Bad*", status=422, times=None))
    with pytest.raises(AirflowFailException, match=r"1 of 2 inputs failed.*b\.txt"):
        speak()
    assert outputs(s3) == {"out/a.txt.wav"}


@pytest.mark.parametrize(("status", "error"), [(401, FluxionsAuthenticationError), (402, FluxionsCreditError)])
def test_a_refused_key_and_an_empty_account_end_the_run_at_once(
    s3: Any, emulator: Emulator, status: int, error: type[Exception]
) -> None:
    texts(s3, **{f"t{number}_txt": f"Text {number}." for number in range(30)})
    emulator.add_fault(Fault(path=TTS, status=status, times=None))
    with pytest.raises(error):
        speak(max_in_flight=2)
    assert sum(request.path == TTS for request in emulator.requests) <= 3


@pytest.mark.parametrize(
    ("fault", "options", "reason"),
    [
        ({"cut_to_bytes": 10_044, "text": "Bad*", "times": None}, {}, "too short"),
        ({}, {"max_seconds": 2}, "reached max_seconds"),
    ],
)
def test_audio_that_is_incomplete_twice_is_the_failure_of_its_text(
    s3: Any, emulator: Emulator, fault: dict[str, Any], options: dict[str, Any], reason: str
) -> None:
    texts(s3, a_txt="Good.", b_txt="Bad " + "words that are cut off. " * 3)
    if fault:
        emulator.add_fault(Fault(path=TTS, **fault))
    summary = speak(fail_on="none", **options)
    assert (summary["completed"], summary["failed"]) == (1, 1)
    assert (summary["renders"], summary["renders_lost"], len(emulator.renders)) == (3, 2, 3)
    row = next(row for row in rows_of(s3, summary) if row["error"])
    assert reason in row["error"]
    assert (row["renders"], row["renders_lost"]) == (2, 2)


def test_unknown_tags_are_reported_and_sent(s3: Any, emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    texts(s3, a_txt="Well [breath] then [yodel] so.")
    summary = speak()
    assert rows_of(s3, summary)[0]["unknown_tags"] == ["[yodel]"]
    assert "yodel" in caplog.text
    assert "[yodel]" in emulator.renders[0].text


def test_equal_texts_are_rendered_once(s3: Any, emulator: Emulator) -> None:
    texts(s3, a_txt="Hello.", b_txt="Hello.\n")
    summary = speak()
    assert (summary["completed"], summary["renders"], len(emulator.renders)) == (2, 1, 1)
    assert outputs(s3) == {"out/a.txt.wav", "out/b.txt.wav"}


@pytest.mark.parametrize(("limit", "name"), [({"max_inputs": 1}, "max_inputs"), ({"max_characters": 11}, "max_char")])
def test_more_than_the_budget_renders_nothing(s3: Any, emulator: Emulator, limit: dict[str, int], name: str) -> None:
    texts(s3, a_txt="Hello.", b_txt="Again.")
    with pytest.raises(AirflowFailException, match=name):
        speak(**limit)
    assert (emulator.requests, outputs(s3)) == ([], set())


def test_a_dry_run_returns_the_estimate_and_does_nothing(s3: Any, emulator: Emulator) -> None:
    texts(s3, a_txt="word " * 32, b_txt="Hello.")
    texts(s3, c_txt=" ")
    found = speak(dry_run=True, price_per_speech_hour=3600)
    assert (found["to_render"], found["characters"], found["failed"]) == (2, 165, 1)
    assert found["cost"] == pytest.approx(found["audio_seconds"], abs=0.01)
    assert (emulator.requests, s3.list_objects_v2(Bucket=OUTPUT)["KeyCount"]) == ([], 0)


def test_characters_and_seconds_are_estimated_before_the_first_render_also_without_a_price(
    s3: Any, caplog: pytest.LogCaptureFixture
) -> None:
    texts(s3, a_txt="word " * 32)
    row = rows_of(s3, speak())[0]
    assert "To be spoken: 159 characters, about 0.003 h." in caplog.text
    assert (row["characters"], row["estimated_seconds"], row["estimated_cost"]) == (159, pytest.approx(10, 0.05), None)


def test_the_cost_of_an_hour_is_estimated_before_and_measured_after(s3: Any) -> None:
    texts(s3, a_txt="word " * 32)
    summary = speak(price_per_speech_hour=3600)
    assert summary["cost"] == pytest.approx(summary["audio_seconds"], abs=0.01)
    assert summary["estimated_cost"] == pytest.approx(10, 0.05)


def test_assets_lineage_metrics_and_links_of_a_transfer(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    texts(s3, a_txt="Hello.", b_txt="You.")
    lines(s3, {"id": "one", "text": " "})
    counts: dict[str, int] = {}

    class Counter:
        @staticmethod
        def incr(name: str, count: int = 1, *, tags: dict[str, Any]) -> None:
            assert tags == {"fluxions_conn_id": "fluxions_default"}
            counts[name] = counts.get(name, 0) + count

    monkeypatch.setattr(metrics, "Stats", Counter)
    asset, events = Asset(f"s3://{OUTPUT}/out/"), outlet_events()
    operator, context = speaker(outlets=[asset], fail_on="none", formats=("wav", "vtt")), task_context()
    summary = operator.execute({**context, "outlet_events": events})
    assert events[asset].extra == summary
    assert context["ti"].pushed["result_uri"] == summary["manifest"]
    lineage = operator.get_openlineage_facets_on_complete(None)
    assert {one.name for one in lineage.inputs} == {"a.txt", "b.txt"}
    manifest = summary["manifest"].removeprefix(f"s3://{OUTPUT}/")
    results = {f"out/{name}.txt.{end}" for name in "ab" for end in ("wav", "vtt")}
    assert {one.name for one in lineage.outputs} == {*results, manifest}
    assert lineage.run_facets["fluxions"].audioSeconds == summary["audio_seconds"]
    assert counts == {"fluxions.renders": 2, "fluxions.speech_seconds": 2, "fluxions.failures": 1}


def test_shards_share_files_and_lines_and_each_is_spoken_once(s3: Any, emulator: Emulator) -> None:
    texts(s3, **{f"t{number}_txt": f"Text {number}." for number in range(5)})
    lines(s3, *({"id": f"l{number}", "text": f"Line {number}."} for number in range(15)))
    counts = [speak(shard_index=index, shard_count=3)["completed"] for index in range(3)]
    assert (sum(counts), len(emulator.renders), len(outputs(s3))) == (20, 20, 20)
    assert min(counts) > 0


def test_two_texts_of_one_name_are_refused(s3: Any, emulator: Emulator) -> None:
    texts(s3, a_txt="One.", a_md="Two.")
    with pytest.raises(AirflowFailException, match="key_template"):
        speak(key_template="{stem}{extension}")
    assert emulator.requests == []


def test_the_own_folders_of_a_destination_in_the_source_are_no_texts(s3: Any) -> None:
    texts(s3, a_txt="Hello.")
    here = f"s3://{INPUT}/"
    assert speak(destination=here)["completed"] == 1
    summary = speak(tomorrow(), destination=here)
    assert (summary["inputs"], summary["already_done"]) == (1, 1)


def speech_of(text: str) -> SpeechAudio:
    speech = ToneSynthesizer().speak(text, "maeve")
    return SpeechAudio(speech.pcm, speech.sample_rate, 1, "maeve")


def second_piece() -> str:
    return cut_text(LONG)[1].text


def voice_of(piece: str) -> str:
    return piece.split("/")[-2]


def test_an_unexpected_exception_is_the_failure_of_its_text(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_fluxions.speech.encoding import AUDIO_FORMATS

    texts(s3, a_txt="Hello.")
    operator = speaker()
    monkeypatch.delitem(AUDIO_FORMATS, "wav")  # type: ignore[arg-type]
    with pytest.raises(AirflowFailException):
        operator.execute(task_context())


# Long texts


def test_a_long_text_is_joined_from_pieces_that_are_removed_then(s3: Any, emulator: Emulator) -> None:
    texts(s3, book_txt=LONG)
    summary = speak(formats=("wav", "json"))
    row = rows_of(s3, summary)[0]
    assert row["pieces"] == len(emulator.renders) == summary["renders"] == 2
    assert pieces(s3) == []
    with audio_of(s3, "out/book.txt.wav") as audio:
        seconds = audio.getnframes() / audio.getframerate()
    assert seconds == pytest.approx(sum(one.audio_seconds for one in emulator.renders) + 0.6, abs=0.01)
    assert float(metadata_of(s3, "out/book.txt.wav")["fluxions-audio-seconds"]) == pytest.approx(seconds, abs=0.001)


def test_a_piece_is_named_by_its_text_its_reference_and_the_full_voice_id(s3: Any, emulator: Emulator) -> None:
    texts(s3, book_txt=LONG)
    emulator.add_fault(Fault(path=TTS, text="Word b*", status=422))
    with pytest.raises(AirflowFailException):
        speak()
    (made,), options = emulator.renders, SpeechOptions()
    reference, piece = speech_reference(LONG, "maeve", options), piece_reference(made.text, made.voice_id, options)
    assert pieces(s3) == [f"out/_pieces/{reference}/maeve.h8ff7e07da/{piece}.wav"]


def test_s3_accepts_the_lifecycle_rules_of_the_page(s3: Any) -> None:
    page = (EXAMPLES.parent / "docs" / "howto" / "speech.md").read_text()
    rules = json.loads(next(block for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL) if "Rules" in block))
    s3.put_bucket_lifecycle_configuration(Bucket=OUTPUT, LifecycleConfiguration=rules)
    kept = s3.get_bucket_lifecycle_configuration(Bucket=OUTPUT)["Rules"]
    assert kept[0]["Filter"] == {"Prefix": "news/_pieces/"}
    assert kept[1]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_a_text_that_failed_halfway_renders_only_what_is_missing(s3: Any, emulator: Emulator) -> None:
    texts(s3, book_txt=LONG)
    emulator.add_fault(Fault(path=TTS, text="Word b*", status=422))
    with pytest.raises(AirflowFailException):
        speak()
    assert len(pieces(s3)) == 1
    summary = speak(task_context(try_number=2))
    assert (summary["completed"], summary["renders"], len(emulator.renders)) == (1, 1, 2)
    assert pieces(s3) == []


def test_a_new_checkpoint_during_a_long_text_starts_it_again(s3: Any, emulator: Emulator) -> None:
    texts(s3, book_txt=LONG)
    emulator.add_fault(Fault(path=TTS, text="Word b*", status=422))
    with pytest.raises(AirflowFailException):
        speak()
    emulator.rotate_checkpoint()
    summary = speak(task_context(try_number=2))
    voice_ids = [one.voice_id for one in emulator.renders]
    assert summary["renders"] == 2
    assert voice_ids[1] == voice_ids[2] != voice_ids[0]
    assert pieces(s3) == []


def test_a_checkpoint_that_goes_between_two_pieces_leaves_no_mixed_file(s3: Any, emulator: Emulator) -> None:
    texts(s3, book_txt=LONG)
    first = speaker(max_in_flight=1)
    emulator.add_fault(Fault(path=TTS, text="Word b*", status=404))
    with pytest.raises(AirflowFailException, match="voice"):
        first.execute(task_context())
    emulator.rotate_checkpoint()
    speak(task_context(try_number=2))
    assert len({one.voice_id for one in emulator.renders[-2:]}) == 1


def test_audio_of_another_source_that_appeared_during_a_long_text_is_not_replaced(
    s3: Any, faulty_s3: FaultyS3, emulator: Emulator
) -> None:
    texts(s3, book_txt=BOOK)
    emulator.add_fault(Fault(path=TTS, text="Word f*", hold="before_body", name="last"))

    def meanwhile() -> None:
        wait_until(lambda: len(emulator.renders) == 5 or None, "all renders but the last", 60)
        other = {"fluxions-reference": "0" * 16, "fluxions-source": "s3://elsewhere/a.txt"}
        s3.put_object(Bucket=OUTPUT, Key="out/book.txt.wav", Body=b"of another text", Metadata=other)
        emulator.hold_board.release()

    with ThreadPoolExecutor() as pool:
        other_run = pool.submit(meanwhile)
        row = rows_of(s3, speak(fail_on="none"))[0]
        other_run.result()
    assert "would replace those of s3://elsewhere/a.txt" in row["error"]
    assert s3.get_object(Bucket=OUTPUT, Key="out/book.txt.wav")["Body"].read() == b"of another text"
    assert s3.list_multipart_uploads(Bucket=OUTPUT).get("Uploads", []) == []


def test_a_piece_that_another_run_stored_meanwhile_stays_and_is_joined(s3: Any, emulator: Emulator) -> None:
    texts(s3, book_txt=LONG)
    emulator.add_fault(Fault(path=TTS, text="Word b*", hold="before_body", name="second"))
    longer = speech_of("Word a0. " * 100)

    def meanwhile() -> None:
        wait_until(lambda: pieces(s3) or None, "the first piece", 60)
        (first,) = pieces(s3)
        second = f"{first.rpartition('/')[0]}/{piece_reference(second_piece(), voice_of(first), SpeechOptions())}.wav"
        s3.put_object(Bucket=OUTPUT, Key=second, Body=longer.wav)
        emulator.hold_board.release()

    with ThreadPoolExecutor() as pool:
        other_run = pool.submit(meanwhile)
        seconds = speak()["audio_seconds"]
        other_run.result()
    first_seconds = next(one.audio_seconds for one in emulator.renders if one.text.startswith("Word a"))
    assert seconds == pytest.approx(first_seconds + 0.6 + longer.duration, abs=0.01)


# Formats


def test_every_audio_format_is_written_with_the_same_frames(s3: Any) -> None:
    import io

    import soundfile

    texts(s3, a_txt="Hello there, this is a test of formats.")
    speak(formats=("mp3", "opus", "ogg", "flac", "wav"))
    with audio_of(s3, "out/a.txt.wav") as audio:
        frames = audio.getnframes()
    for extension in ("flac", "ogg", "mp3", "opus"):
        data = s3.get_object(Bucket=OUTPUT, Key=f"out/a.txt.{extension}")["Body"].read()
        found = soundfile.SoundFile(io.BytesIO(data))
        assert abs(found.frames / found.samplerate - frames / 24_000) < 0.05, extension


@pytest.mark.slow
@pytest.mark.parametrize("base", ["wav", "flac"])
def test_a_format_that_is_added_later_is_made_from_stored_audio(s3: Any, emulator: Emulator, base: str) -> None:
    texts(s3, a_txt="Hello.", book_txt=LONG)
    speak(formats=(base, "json"))
    emulator.clear_requests()
    summary = speak(tomorrow(), formats=("mp3", "wav", "flac", "vtt"))
    assert (summary["completed"], summary["renders"], emulator.requests) == (2, 0, [])
    names = {f"out/{name}.{end}" for name in ("a.txt", "book.txt") for end in ("mp3", "wav", "flac", "vtt", "json")}
    assert outputs(s3) == names
    assert (
        metadata_of(s3, "out/a.txt.mp3")["fluxions-voice-id"]
        == metadata_of(s3, f"out/a.txt.{base}")["fluxions-voice-id"]
    )


def test_captions_that_are_added_later_need_the_time_line_of_a_long_text(s3: Any, emulator: Emulator) -> None:
    texts(s3, a_txt="Hello.", book_txt=LONG)
    speak()
    with pytest.raises(AirflowFailException, match=r"1 of 2 inputs failed.*Put json into formats"):
        speak(tomorrow(), formats=("wav", "vtt"))
    assert "out/a.txt.vtt" in outputs(s3)
    assert len(emulator.renders) == 3


def test_lossy_audio_alone_is_rendered_again_for_a_lossless_format(s3: Any, emulator: Emulator) -> None:
    texts(s3, a_txt="Hello.")
    speak(formats=("mp3",))
    assert speak(tomorrow(), formats=("mp3", "wav"))["renders"] == 1
    assert len(emulator.renders) == 2


@pytest.mark.parametrize("extension", ["wav", "mp3"])
def test_the_second_piece_starts_in_the_audio_where_the_time_line_has_it(s3: Any, extension: str) -> None:
    import array
    import io

    import soundfile

    texts(s3, book_txt=LONG)
    speak(formats=(extension, "json"))
    read = lambda end: s3.get_object(Bucket=OUTPUT, Key=f"out/book.txt.{end}")["Body"].read()  # noqa: E731
    start = json.loads(read("json"))["pieces"][1]["start_sample"]
    with soundfile.SoundFile(io.BytesIO(read(extension))) as file:
        samples = array.array("h", bytes(file.buffer_read(dtype="int16")))
    # A pause of 0.6 s ends with the piece, whose first 5 ms are faded.
    silent = max(abs(one) for one in samples[start - 9_000 : start - 1_200])
    loud = max(abs(one) for one in samples[start : start + 1_200])
    assert (silent < 200, loud > 1_000) == (True, True)


def test_other_captions_are_made_of_a_stored_time_line(s3: Any) -> None:
    texts(s3, a_txt="Hello there. This is it.")
    speak(formats=("wav", "json"))
    source, destination = f"s3://{OUTPUT}/out/", f"s3://{OUTPUT}/srt/"
    FluxionsConvertOperator(task_id="c", source=source, destination=destination, formats=("srt",)).execute(tomorrow())
    (key,) = [key for key in outputs(s3) if key.startswith("srt/")]
    captions = s3.get_object(Bucket=OUTPUT, Key=key)["Body"].read().decode()
    assert captions.startswith("1\n00:00:00,000 --> ")
    assert "Hello there." in captions
