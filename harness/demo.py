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
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from airflow_provider_fluxions.api.models import Transcription
from harness import demo_speech
from harness.airflow import LocalAirflow
from harness.database import TaskStates
from harness.emulator import LocalEmulator
from harness.processes import HarnessError
from harness.s3 import LocalS3
from harness.settings import LOGIN, PASSWORD

ROOT = Path(__file__).resolve().parent.parent
DAG_ID = "fluxions_bucket_to_bucket"
TASK_ID = "transcribe"
INPUT, OUTPUT = "fluxions-input", "fluxions-output"
RUN_SECONDS = 600.0
# Recognition of a short recording may be quicker than the hosted service, too quick for a deferral to be seen.
JOB_SECONDS = 6.0


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; 0 when the transcript was shown, 1 when something failed, 130 when interrupted."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    home = Path(tempfile.mkdtemp(prefix="fluxions-demo-"))
    try:
        with ExitStack() as stack:
            _run(options, home, stack)
    except (HarnessError, OSError) as error:
        print(f"\nFAILED: {error}\nAll logs: {home}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nInterrupted; everything is stopped. Logs: {home}")
        return 130
    if options.keep:
        print(f"Logs and database: {home}")
    else:
        shutil.rmtree(home, ignore_errors=True)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("audio", nargs="?", type=Path, default=ROOT / "samples" / "dialogue.mp3")
    parser.add_argument("--speech", action="store_true", help="speak known sentences, transcribe them and compare")
    parser.add_argument("--ui", action="store_true", help="keep Airflow running until Ctrl-C, to browse it")
    parser.add_argument("--keep", action="store_true", help="keep logs and database")
    options = parser.parse_args(arguments)
    if not options.audio.is_file():
        parser.error(f"there is no file {options.audio}")
    return options


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _run(options: argparse.Namespace, home: Path, stack: ExitStack) -> None:
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
        template_cache=Path(sys.prefix) / "airflow-db",
    )
    for service in (emulator, storage):
        service.start()
        stack.callback(service.stop)
    with _step(f"Airflow {airflow.version}: making its database"):
        airflow.prepare()
    with _step("Fluxions emulator with speech recognition, and a local S3"):
        emulator.wait_ready()
        storage.wait_ready()
    storage.create_bucket(INPUT, OUTPUT)
    airflow.add_connection("fluxions_default", **emulator.airflow_connection())
    airflow.add_connection("aws_default", **storage.airflow_connection())
    with _step(f"Airflow: starting {', '.join(airflow.components.names)}"):
        stack.enter_context(airflow)
    if options.speech:
        with _step(f"Sentences -> audio -> transcripts: running the DAG {demo_speech.DAG_ID}", newline=True):
            demo_speech.round_trip(airflow, OUTPUT)
        demo_speech.show(storage, OUTPUT)
    else:
        source = _upload(options.audio, storage)
        with _step(f"{source} -> Fluxions -> s3://{OUTPUT}/: running the DAG {DAG_ID}", newline=True):
            _transcribe(airflow, source)
        _show(storage)
    if options.ui:
        _keep_up(airflow)
    print("Stopping everything")


def _upload(audio: Path, storage: LocalS3) -> str:
    # The operator reads *, ? and [ as a pattern, so a name is made plain before it becomes a key.
    return storage.put(INPUT, re.sub(r"[^\w.+-]", "_", audio.name), audio)


def _transcribe(airflow: LocalAirflow, source: str) -> None:
    run_id = airflow.trigger(DAG_ID, conf={"source": source, "destination": f"s3://{OUTPUT}/transcripts/"})
    state = airflow.wait(DAG_ID, run_id, RUN_SECONDS, on_change=_task_reporter())
    if state != "success":
        log = airflow.task_log(DAG_ID, run_id, TASK_ID)
        raise HarnessError(f"the DAG run ended as {state}; the end of its task's log:\n{log[-3000:]}")


def _task_reporter() -> Callable[[TaskStates], None]:
    begun = time.monotonic()

    def report(states: TaskStates) -> None:
        state = states.get((TASK_ID, -1)) or "waiting for the scheduler"
        meaning = ": it waits in the triggerer and holds no worker" if state == "deferred" else ""
        print(f"  {time.monotonic() - begun:6.1f} s  task {TASK_ID} {state}{meaning}", flush=True)

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


def _keep_up(airflow: LocalAirflow) -> None:
    print(f"Airflow is up: {airflow.url}  login {LOGIN}, password {PASSWORD}", flush=True)
    print("Ctrl-C stops everything.", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


@contextmanager
def _step(what: str, *, newline: bool = False) -> Iterator[None]:
    """Say what begins, and when it has ended how many seconds it took."""
    print(f"* {what} ...", end="\n" if newline else "", flush=True)
    begun = time.monotonic()
    yield
    print(f"{'  done in' if newline else ''} {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
