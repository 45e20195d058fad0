"""The demo's round trip: known sentences are spoken, transcribed and compared, by the example DAG."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from harness.airflow import LocalAirflow
from harness.database import TaskStates
from harness.processes import HarnessError
from harness.s3 import LocalS3

DAG_ID = "fluxions_speech_round_trip"
TASKS = ("write", "speak", "transcribe", "compare")
# About a minute; a busy machine takes many times as long.
RUN_SECONDS = 1800.0
SHOWN_SENTENCES = 5


def round_trip(airflow: LocalAirflow, bucket: str) -> None:
    """Run the example DAG to its end.

    :raises HarnessError: it did not succeed; with the end of the log of the task that failed.
    """
    run_id = airflow.trigger(DAG_ID, conf={"destination": f"s3://{bucket}/round-trip/"})
    state = airflow.wait(DAG_ID, run_id, RUN_SECONDS, on_change=_reporter())
    if state == "success":
        return
    states = airflow.database.task_states(DAG_ID, run_id)
    failed = next((task for task in TASKS if states.get((task, -1)) not in ("success", None)), TASKS[-1])
    log = airflow.task_log(DAG_ID, run_id, failed)
    raise HarnessError(f"the DAG run ended as {state}; the end of the log of {failed}:\n{log[-3000:]}")


def show(storage: LocalS3, bucket: str) -> None:
    """Print the word error rate and the sentences with most errors.

    :raises HarnessError: no results were kept.
    """
    kept = [key for key in storage.keys(bucket) if "_wer/" in key]
    if not kept:
        raise HarnessError(f"the run succeeded, but s3://{bucket}/ has no results of the comparison")
    result = json.loads(storage.get(bucket, kept[0]))
    sentences = sorted(result["sentences"], key=lambda one: -one["wer"])
    rate, raw = result["word_error_rate"], result["raw_word_error_rate"]
    print(
        f"\n{len(sentences)} sentences spoken and transcribed. Word error rate: {rate:.2%}, not normalized {raw:.2%}\n"
    )
    for one in sentences[:SHOWN_SENTENCES]:
        print(f"  spoken  {one['spoken']}\n  heard   {one['heard']}\n")
    audio = [key for key in storage.keys(bucket) if key.endswith(".wav")]
    print(f"{len(audio)} audio files such as s3://{bucket}/{audio[0]}")
    print(f"Results: s3://{bucket}/{kept[0]}\n")


def _reporter() -> Callable[[TaskStates], None]:
    begun = time.monotonic()

    def report(states: TaskStates) -> None:
        known = ", ".join(f"{task} {states.get((task, -1)) or 'waits'}" for task in TASKS)
        print(f"  {time.monotonic() - begun:6.1f} s  {known}", flush=True)

    return report
