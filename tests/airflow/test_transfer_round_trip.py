"""The example that speaks, transcribes and compares: what it counts, and when it fails."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Transition
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.airflow.conftest import OUTPUT, task_context
from tests.airflow.dags import EXAMPLES
from tests.airflow.echoing import Echo
from tests.airflow.speaking import speak

FOLDER = f"s3://{OUTPUT}/trip/run/"


@pytest.fixture(scope="module")
def example() -> Any:
    spec = importlib.util.spec_from_file_location("speech_round_trip", EXAMPLES / "speech_round_trip.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_spelling_punctuation_and_tags_are_no_word_errors(example: Any) -> None:
    found = example.word_errors({"a": "Doctor Ray comes to-morrow!"}, {"a": "[breath] dr. ray, comes tomorrow"})
    assert (found["word_error_rate"], found["raw_word_error_rate"]) == (0, 1)


def test_a_missing_transcript_is_all_wrong(example: Any) -> None:
    found = example.word_errors({"a": "One two.", "b": "Three four."}, {"a": "One two."})
    assert (found["word_error_rate"], [one["wer"] for one in found["sentences"]]) == (0.5, [0, 1])


def test_there_are_at_least_fifty_sentences_without_digits(example: Any) -> None:
    assert len(set(example.SENTENCES)) >= 50
    assert not any(character.isdigit() for text in example.SENTENCES for character in text)


@pytest.mark.slow
def test_too_many_word_errors_fail_the_run_and_the_results_are_kept(
    s3: Any, example: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    echo, task = Echo(wrong="the"), example.dag.get_task
    emulator = Emulator(api_key="key", transition=Transition.at_once(), recogniser=echo, synthesizer=echo)
    with emulator, EmulatorServer(emulator) as server:
        connection = {"conn_type": "fluxions", "host": server.base_url, "password": "key"}
        monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(connection))
        source = task("write").python_callable(FOLDER)
        speak(source=source, destination=f"{FOLDER}spoken/", key_template="{name}{extension}")
        FluxionsS3ToS3Operator(
            task_id="t", source=f"{FOLDER}spoken/*.wav", destination=f"{FOLDER}transcripts/", poll_interval=0.1,
            key_template="{stem}{extension}",
        ).execute(task_context())  # fmt: skip
    arguments = (FOLDER, f"s3://{OUTPUT}/trip/", "run", "0.05")
    with pytest.raises(AirflowFailException, match=r"word error rate is .*above 0\.05"):
        task("compare").python_callable(*arguments)
    kept = json.loads(s3.get_object(Bucket=OUTPUT, Key="trip/_wer/run.json")["Body"].read())
    assert kept["word_error_rate"] > 0.05
    assert task("compare").python_callable(*arguments[:3], "0.9") == kept["word_error_rate"]
