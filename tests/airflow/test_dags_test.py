"""`airflow dags test` of each example as it stands, against the emulator and moto's S3."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Transition
from airflow_provider_fluxions.links import JOB_XCOM, RECORDING_XCOM, RESULT_XCOM
from harness.airflow import LocalAirflow
from harness.s3 import LocalS3
from tests.airflow.conftest import INPUT, OUTPUT
from tests.airflow.dags import EXAMPLES, IS_AIRFLOW_2, ROOT, TESTS_DAGS_TOO_SOON
from tests.airflow.echoing import Echo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        TESTS_DAGS_TOO_SOON,
        reason="Airflow 3.0 to 3.2 do not wait until the API in a tested DAG's process is up, and fail the first task",
    ),
]

RECORDINGS = ("dialogue.mp3", "memo.mp3")
LINK_XCOMS = (JOB_XCOM, RECORDING_XCOM, RESULT_XCOM)
# `airflow dags test` cannot create a run with a deadline alert: "'dict' object has no attribute 'hex'" on 3.3.2 and
# 3.4.0b2. test_on_transcription.py runs that example.
NOT_TESTABLE = set() if IS_AIRFLOW_2 else {"landed_by_six"}
DAG_IDS = [f"fluxions_{path.stem}" for path in sorted(EXAMPLES.glob("*.py")) if path.stem not in NOT_TESTABLE]
# One process for all: starting Airflow takes longer than most of them. It leaves with a failed run, so each is caught.
TEST_ALL = """
import sys
from airflow.cli.cli_parser import get_parser

for dag_id in sys.argv[1:]:
    arguments = get_parser().parse_args(["dags", "test", dag_id])
    try:
        arguments.func(arguments)
    except SystemExit as end:
        print(dag_id, "ended:", end)
"""


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalAirflow, LocalS3, str]]:
    """The Airflow in which all examples were tested, S3, and what the commands printed."""
    home: Path = tmp_path_factory.mktemp("dags-test")
    echo = Echo()
    emulator = Emulator(api_key="emulator-key", transition=Transition.at_once(), recogniser=echo, synthesizer=echo)
    with LocalS3(home / "s3.log") as storage, emulator, EmulatorServer(emulator) as fluxions:
        storage.create_bucket(INPUT, OUTPUT)
        for name in RECORDINGS:
            storage.put(INPUT, name, ROOT / "samples" / name)
        storage.put(INPUT, "articles/article.md", ROOT / "samples" / "article.md")
        airflow = LocalAirflow(
            sys.executable, home / "airflow", EXAMPLES, template_cache=Path(sys.prefix) / "airflow-db"
        )
        airflow.add_connection("aws_default", **storage.airflow_connection())
        airflow.add_connection(
            "fluxions_default", conn_type="fluxions", host=fluxions.base_url, password=emulator.api_key
        )
        airflow.prepare()
        done = subprocess.run(
            [sys.executable, "-c", TEST_ALL, *DAG_IDS], env=airflow.env, capture_output=True, text=True
        )
        yield airflow, storage, done.stdout + done.stderr


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_an_example_succeeds(dag_id: str, tested: tuple[LocalAirflow, LocalS3, str]) -> None:
    airflow, _, printed = tested
    runs = airflow.database.rows("select state from dag_run where dag_id = :dag_id", dag_id=dag_id)
    assert runs == [{"state": "success"}], printed[-6000:]


def test_each_recording_was_stored_as_json_by_the_bucket_example(tested: tuple[LocalAirflow, LocalS3, str]) -> None:
    _, storage, printed = tested
    for name in RECORDINGS:
        assert json.loads(storage.get(OUTPUT, f"transcripts/{name}.json"))["status"] == "completed", printed[-6000:]


def test_the_speech_examples_store_audio_captions_and_word_errors(tested: tuple[LocalAirflow, LocalS3, str]) -> None:
    _, storage, printed = tested
    stored = storage.keys(OUTPUT)
    assert {"prompts/prompts.jsonl/welcome.wav", "prompts/prompts.jsonl/tour/start.wav"} <= set(stored), printed[-6000:]
    assert {f"articles/article.{end}" for end in ("mp3", "vtt", "json")} <= set(stored)
    (kept,) = [key for key in stored if key.startswith("round-trip/_wer/")]
    result = json.loads(storage.get(OUTPUT, kept))
    assert (result["word_error_rate"], len(result["sentences"]) >= 50) == (0.0, True)


def test_no_link_reads_an_xcom_that_does_not_exist(tested: tuple[LocalAirflow, LocalS3, str]) -> None:
    _, _, printed = tested
    missing = [line for line in printed.splitlines() if "XCom not found" in line]
    # Airflow itself reads the outputs of mapped tasks one by one until one is not found.
    assert [line for line in missing if any(f"key={key} " in line for key in LINK_XCOMS)] == []
