"""From jobs to S3, and from bucket to bucket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsNotReadyError
from airflow_provider_fluxions.emulator import Emulator, Fault, OutcomeRule, Transition
from airflow_provider_fluxions.transfers import FluxionsToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.transferring import Impatient, defer, outputs, put, read, transfer

pytestmark = pytest.mark.usefixtures("fluxions_connection")


def test_results_are_stored_in_each_format_under_readable_names(s3: Any, client: FluxionsClient) -> None:
    job = client.submit(b"audio", filename="interview--0123456789abcdef.mp3")
    operator = FluxionsToS3Operator(
        task_id="t", job_id=job.id, destination=f"s3://{OUTPUT}/d", formats=("json", "text", "srt", "vtt")
    )
    uris = operator.execute(task_context())
    assert uris == [f"s3://{OUTPUT}/d/interview-{job.id}{ending}" for ending in (".json", ".txt", ".srt", ".vtt")]
    stored = json.loads(read(s3, uris[0]))
    assert stored["id"] == job.id
    assert stored["segments"]


def test_results_of_a_running_job_are_not_ready(s3: Any, client: FluxionsClient, emulator: Emulator) -> None:
    emulator.set_transition(Transition.after_reads(100))
    job = client.submit(b"audio", filename="a.mp3")
    with pytest.raises(FluxionsNotReadyError, match="Wait for it before you store its result"):
        FluxionsToS3Operator(task_id="t", job_id=job.id, destination=f"s3://{OUTPUT}/d/").execute(task_context())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("calls/a.mp3", {"out/a.mp3.json"}),
        ("calls/", {"out/a.mp3.json", "out/sub/b.wav.json", "out/sub/deep/c.mp3.json"}),
        ("calls/*.mp3", {"out/a.mp3.json"}),
        ("calls/*/b.*", {"out/sub/b.wav.json"}),
        ("calls/**/*.mp3", {"out/a.mp3.json", "out/sub/deep/c.mp3.json"}),
        ("calls/sub/[bx].wav", {"out/b.wav.json"}),
        ("", {"out/calls/a.mp3.json", "out/calls/sub/b.wav.json", "out/calls/sub/deep/c.mp3.json"}),
    ],
)
def test_a_key_a_prefix_and_globs_take_what_they_name(s3: Any, source: str, expected: set[str]) -> None:
    put(s3, "calls/a.mp3", "calls/notes.txt", "calls/sub/b.wav", "calls/sub/deep/c.mp3")
    put(s3, "calls/folder/", body=b"")
    summary = transfer(source)
    assert outputs(s3) == expected
    assert (summary["completed"], summary["failed"]) == (len(expected), 0)


def test_a_rerun_of_a_finished_night_submits_nothing(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "b.mp3")
    transfer("")
    emulator.clear_requests()
    summary = transfer("", task_context(run_id="tomorrow"))
    assert (summary["already_done"], summary["completed"]) == (2, 0)
    assert emulator.requests == []


def test_a_changed_recording_is_work_again(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "b.mp3")
    transfer("")
    put(s3, "a.mp3", body=b"another take")
    summary = transfer("", task_context(run_id="tomorrow"))
    assert (summary["completed"], len(emulator.jobs)) == (1, 3)


def test_other_options_are_work_again(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    transfer("")
    assert transfer("", non_speech=True)["completed"] == 1


def test_a_new_try_takes_up_the_jobs_of_a_dead_one(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "b.mp3", "c.mp3")
    emulator.set_transition(Transition.after_reads(10_000))
    with pytest.raises(TaskDeferred):
        transfer("", deferrable=True)
    for job in emulator.jobs:
        emulator.force_status(job.id, "completed")
    summary = transfer("", task_context(try_number=2), deferrable=True)
    assert (summary["completed"], len(emulator.jobs)) == (3, 3)


def test_a_deferral_resumes_from_what_it_carried_and_refills(s3: Any, emulator: Emulator) -> None:
    put(s3, *(f"{n}.mp3" for n in range(5)))
    emulator.set_transition(Transition.after_reads(10_000))
    options = {"destination": f"s3://{OUTPUT}/out/", "deferrable": True, "max_in_flight": 2}
    operator = Impatient(task_id="t", source=f"s3://{INPUT}/", **options)
    context = task_context()
    run: Any = operator.execute
    arguments: dict[str, Any] = {}
    for _ in range(10):
        try:
            summary = run(context, **arguments)
            break
        except TaskDeferred as deferred:
            running = [job for job in emulator.jobs if job.status != "completed"]
            assert len(running) <= 2
            emulator.force_status(running[0].id, "completed")
            run, arguments = getattr(operator, deferred.method_name), json.loads(json.dumps(deferred.kwargs))
    assert (summary["completed"], len(emulator.jobs), len(outputs(s3))) == (5, 5, 5)


def test_a_recording_that_changes_while_its_job_runs_is_work_for_the_next_run(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3")
    resume = defer(emulator)
    put(s3, "a.mp3", body=b"another take")
    emulator.force_status(1, "completed")
    assert resume()["completed"] == 1
    emulator.set_transition(Transition())
    summary = transfer("", task_context(run_id="tomorrow"))
    assert (summary["completed"], len(emulator.jobs)) == (1, 2)


def test_one_bad_input_is_reported_at_the_end_and_the_rest_is_done(s3: Any, emulator: Emulator) -> None:
    put(s3, "a.mp3", "bad.mp3", "c.mp3")
    put(s3, "empty.mp3", body=b"")
    emulator.add_outcome(OutcomeRule("bad.mp3", error_message="Too noisy"))
    with pytest.raises(AirflowFailException, match="2 of 4 inputs failed") as caught:
        transfer("")
    assert "Too noisy" in str(caught.value)
    assert "empty.mp3 is empty" in str(caught.value)
    assert outputs(s3) == {"out/a.mp3.json", "out/c.mp3.json"}


def test_a_refused_key_stops_at_once(s3: Any, emulator: Emulator) -> None:
    from airflow_provider_fluxions.api.errors import FluxionsAuthenticationError

    put(s3, *(f"{n}.mp3" for n in range(50)))
    emulator.add_fault(Fault(status=401, times=None))
    with pytest.raises(FluxionsAuthenticationError):
        transfer("")
    assert len(emulator.requests) == 1


def test_the_manifest_has_a_line_for_each_input(s3: Any) -> None:
    put(s3, "a.mp3", "b.mp3")
    rows = [json.loads(line) for line in read(s3, transfer("")["manifest"]).splitlines()]
    assert [row["source"] for row in rows] == [f"s3://{INPUT}/a.mp3", f"s3://{INPUT}/b.mp3"]
    assert {row["status"] for row in rows} == {"completed"}
    assert all(read(s3, uri) for row in rows for uri in row["outputs"])


def test_an_output_that_would_replace_an_input_is_refused_before_anything_is_submitted(
    s3: Any, emulator: Emulator
) -> None:
    put(s3, "a.mp3", "a.mp3.json")
    with pytest.raises(AirflowFailException, match="Choose another destination"):
        transfer("", destination=f"s3://{INPUT}/", suffixes=(".mp3", ".json"))
    assert emulator.jobs == []


def test_an_empty_prefix_is_a_quiet_night(s3: Any) -> None:
    assert transfer("nothing/")["inputs"] == 0
