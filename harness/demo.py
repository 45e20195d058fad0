"""The demo: one recording from S3 to S3 through a real Airflow, shown step by step. Run by scripts/demo.

With ``--speech``: known sentences are spoken, transcribed and compared.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.api.models import Transcription
from harness import demo_speech
from harness.airflow import LocalAirflow
from harness.database import TaskStates
from harness.demo_folders import keep, make_home
from harness.demo_screen import DemoScreen, expectation, run_seconds, sentence
from harness.emulator import LocalEmulator
from harness.processes import HarnessError
from harness.s3 import LocalS3
from harness.settings import LOGIN, PASSWORD
from harness.task_logs import last_failure

ROOT = Path(__file__).resolve().parent.parent
DAG_ID = "fluxions_bucket_to_bucket"
TASK_ID = "transcribe"
INPUT, OUTPUT = "fluxions-input", "fluxions-output"
RUN_ID = "demo"
# Recognition of a short recording may be quicker than the hosted service, too quick for a deferral to be seen.
JOB_SECONDS = 6.0


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; 0 when the transcript was shown, 1 when something failed, 130 when interrupted."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    home, screen = make_home(), DemoScreen()
    try:
        with ExitStack() as stack:
            _run(options, home, stack, screen)
    except (HarnessError, OSError) as error:
        (home / "error.txt").write_text(f"{error}\n")
        print(
            f"\nThe demo failed: {sentence(str(error))}\nDetails: {home}/error.txt; all logs: {home}", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        print(f"\nInterrupted; everything is stopped. Logs: {home}")
        return 130
    if options.keep:
        keep(home)
        print(f"Logs and database: {home}")
    else:
        shutil.rmtree(home, ignore_errors=True)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("audio", nargs="?", type=Path, default=ROOT / "samples" / "dialogue.mp3")
    parser.add_argument("--speech", action="store_true", help="speak known sentences, transcribe them and compare")
    parser.add_argument("--ui", action="store_true", help="keep Airflow running until Ctrl-C")
    parser.add_argument("--keep", action="store_true", help="keep logs and database")
    options = parser.parse_args(arguments)
    if not options.audio.is_file():
        parser.error(f"there is no file {options.audio}")
    return options


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _run(options: argparse.Namespace, home: Path, stack: ExitStack, screen: DemoScreen) -> None:
    emulator = LocalEmulator(
        home / "emulator",
        speech_recognition=True,
        voice=options.speech,
        after_seconds=None if options.speech else JOB_SECONDS,
    )
    storage = LocalS3(home / "s3.log")
    airflow = LocalAirflow(
        sys.executable,
        home / "airflow",
        ROOT / "dags_examples",
        env=_settings(storage.url),
        template_cache=Path(sys.prefix) / "airflow-db",
    )
    for service in (emulator, storage):
        service.start()
        stack.callback(service.stop)
    with screen.step(f"Airflow {airflow.version}: making its database"):
        airflow.prepare()
    with screen.step("Fluxions emulator with speech recognition, and a local S3"):
        emulator.wait_ready()
        storage.wait_ready()
    # Airflow's link to a result leads a browser to the local S3.
    storage.create_bucket(INPUT, OUTPUT, acl="public-read")
    with screen.step(f"Airflow: starting {', '.join(airflow.components.names)}"):
        stack.enter_context(airflow)
    _add_connections(airflow, fluxions_default=emulator.airflow_connection(), aws_default=storage.airflow_connection())
    if options.speech:
        with screen.step(f"Sentences -> audio -> transcripts: DAG {demo_speech.DAG_ID}"):
            _switch_on(airflow, demo_speech.DAG_ID)
            demo_speech.round_trip(airflow, OUTPUT)
        demo_speech.show(storage, OUTPUT)
    else:
        _demonstrate(airflow, storage, options.audio, home, screen)
    if options.ui:
        _keep_up(airflow.url, storage.url, emulator.url)
    print("Stopping everything")


def _demonstrate(airflow: LocalAirflow, storage: LocalS3, audio: Path, home: Path, screen: DemoScreen) -> None:
    source, audio_seconds = _upload(audio, storage), _length_seconds(audio)
    if expected := expectation(audio_seconds):
        screen.say(expected)
    with screen.step(f"{source} -> Fluxions -> s3://{OUTPUT}/: DAG {DAG_ID}", _recognition(home / "emulator")):
        _transcribe(airflow, source, run_seconds(audio_seconds), screen)
    _show(storage)


def _switch_on(airflow: LocalAirflow, dag_id: str) -> None:
    airflow.wait_for_dag(dag_id)
    airflow.rest.unpause(dag_id)


def _settings(s3_url: str) -> dict[str, str]:
    """Airflow's settings: only the DAG of the demo is switched on, and links to results lead to the local S3."""
    return {
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__FLUXIONS__S3_LINK": f"{s3_url}/{{bucket}}/{{key}}",
    }


def _add_connections(airflow: LocalAirflow, **connections: dict[str, Any]) -> None:
    """Put the connections into Airflow's database, where its pages show them, and people can test and edit them."""
    for conn_id, fields in connections.items():
        extra = {"extra": json.dumps(fields["extra"])} if "extra" in fields else {}
        airflow.rest.add_connection(conn_id, **{**fields, **extra})


def _length_seconds(audio: Path) -> float | None:
    """The length that the file's header has, None if it has none."""
    from tinytag import TinyTag, TinyTagException

    try:
        return TinyTag.get(audio).duration
    except TinyTagException:
        return None


def _recognition(folder: Path) -> Callable[[], str]:
    """What the emulator wrote last about its recognition."""

    def last() -> str:
        log = folder / "emulator.log"
        lines = re.findall(r"^Recognized .*", log.read_text(errors="replace"), re.MULTILINE) if log.exists() else []
        return f"{lines[-1][0].lower()}{lines[-1][1:]}" if lines else ""

    return last


def _upload(audio: Path, storage: LocalS3) -> str:
    # The operator reads *, ? and [ as a pattern, so a name is made plain before it becomes a key.
    return storage.put(INPUT, re.sub(r"[^\w.+-]", "_", audio.name), audio)


def _transcribe(airflow: LocalAirflow, source: str, seconds: float, screen: DemoScreen) -> None:
    _switch_on(airflow, DAG_ID)
    conf = {"source": source, "destination": f"s3://{OUTPUT}/transcripts/"}
    run_id = airflow.trigger(DAG_ID, RUN_ID, conf=conf)
    state = airflow.wait(DAG_ID, run_id, seconds, on_change=_task_reporter(screen))
    if state != "success":
        failure = last_failure(airflow.task_log(DAG_ID, run_id, TASK_ID))
        raise HarnessError(f"the task {TASK_ID} failed: {failure.message or failure.error or 'its log has no error'}")


def _task_reporter(screen: DemoScreen) -> Callable[[TaskStates], None]:
    def report(states: TaskStates) -> None:
        state = states.get((TASK_ID, -1)) or "waiting for the scheduler"
        meaning = ": it waits in the triggerer and holds no worker" if state == "deferred" else ""
        screen.say(f"  task {TASK_ID} {state}{meaning}")

    return report


def _show(storage: LocalS3) -> None:
    stored = storage.keys(OUTPUT)
    results = [key for key in stored if key.endswith(".json")]
    if not results:
        raise HarnessError(f"the run succeeded, but no JSON result is in s3://{OUTPUT}/; there is: {stored}")
    for key in results:
        print(f"\nTranscript in s3://{OUTPUT}/{key}\n")
        segments = Transcription.from_json(json.loads(storage.get(OUTPUT, key))).segments
        if not segments:
            raise HarnessError(f"s3://{OUTPUT}/{key} holds no transcript")
        for segment in segments:
            times = f"{_clock(segment.start)} - {_clock(segment.end)}"
            print(f"  {times}  speaker {segment.speaker}: {segment.text}")
    print("\nStored in S3\n")
    for key in stored:
        print(f"  s3://{OUTPUT}/{key}")
    print()


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "--:--.-"
    tenths = round(seconds * 10)
    return f"{tenths // 600:02d}:{tenths // 10 % 60:02d}.{tenths % 10}"


def _keep_up(airflow_url: str, s3_url: str, emulator_url: str) -> None:
    print(
        f"""Airflow:   {airflow_url}  login {LOGIN}, password {PASSWORD}
Local S3:  {s3_url}  results: {s3_url}/{OUTPUT}
Emulator:  {emulator_url}

To transcribe another recording, put it into the local S3:
  curl -T my.mp3 {s3_url}/{INPUT}/my.mp3
Then trigger the DAG {DAG_ID} in Airflow; it skips recordings that have results.
Connections: Admin > Connections. Ctrl-C stops everything.""",
        flush=True,
    )
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(main())
