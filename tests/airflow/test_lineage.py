"""What OpenLineage and Airflow's collector of hook-level lineage are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import attr
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsAudioError
from airflow_provider_fluxions.emulator import EmulatorServer, OutcomeRule, Transition
from airflow_provider_fluxions.operators import FluxionsSubmitOperator
from airflow_provider_fluxions.sensors import FluxionsTranscriptionSensor
from airflow_provider_fluxions.storage import ObjectAddress
from airflow_provider_fluxions.storage.s3_hook import MAX_ASSETS, HookLineage
from airflow_provider_fluxions.task.lineage import MAX_DATASETS, MAX_JOB_IDS, dataset_names, job_uri, operator_lineage
from airflow_provider_fluxions.transfers import FluxionsConvertOperator, FluxionsToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context

connected = pytest.mark.usefixtures("fluxions_connection")


def uris(datasets: Any) -> list[str]:
    return [f"{dataset.namespace}/{dataset.name}" for dataset in datasets]


def told(operator: Any, *, failed: bool = False) -> tuple[list[str], list[str], dict[str, Any]]:
    """What an operator tells OpenLineage: inputs, outputs and its run facet."""
    method = operator.get_openlineage_facets_on_failure if failed else operator.get_openlineage_facets_on_complete
    lineage = method(SimpleNamespace())
    facet = attr.asdict(lineage.run_facets["fluxions"])
    return uris(lineage.inputs), uris(lineage.outputs), {k: v for k, v in facet.items() if not k.startswith("_")}


def figures(**changes: Any) -> dict[str, Any]:
    return {"jobIds": [], "jobs": 0, "inputs": 0, "outputs": 0, "audioSeconds": None, "cost": None, **changes}


def test_an_address_is_named_by_its_bucket_and_key() -> None:
    names = dataset_names(["s3://b/calls/a b%.mp3", "s3://b", "s3://b/", job_uri("main", 7)])
    assert names == [("fluxions://main", "transcriptions/7"), ("s3://b", "/"), ("s3://b", "calls/a b%.mp3")]


def test_the_arn_of_an_access_point_is_the_place_of_its_objects() -> None:
    place = "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/calls"
    assert dataset_names([f"{place}/a.mp3"]) == [(place, "a.mp3")]


def test_too_many_files_are_named_by_their_folders_and_too_many_folders_by_theirs() -> None:
    one_folder = [f"s3://b/calls/{number}.mp3" for number in range(101)]
    assert dataset_names(one_folder) == [("s3://b", "calls/")]
    folders = [f"s3://b/calls/{number}/a.mp3" for number in range(5000)]
    assert dataset_names([*folders, "s3://c/x.mp3"]) == [("s3://b", "calls/"), ("s3://c", "/")]
    assert dataset_names([f"s3://b/{number}/x/y.mp3" for number in range(101)]) == [("s3://b", "/")]


@given(st.lists(st.text("ab/", max_size=12), max_size=60), st.integers(1, 10))
def test_names_are_bounded_and_each_file_lies_in_one_of_them(keys: list[str], limit: int) -> None:
    names = dataset_names([f"s3://b/{key}" for key in keys], limit)
    assert len(names) <= limit
    exact = {name for _, name in names}
    for key in keys:
        assert (key or "/") in exact or any(name == "/" or key.startswith(name) for name in exact)


def test_an_event_of_thousands_of_files_stays_small() -> None:
    files = [f"s3://b/{number % 300}/{number}.mp3" for number in range(9000)]
    lineage = operator_lineage(files, files[:1], job_ids=range(9000), audio_seconds=1.5, cost=0.25)
    facet = lineage.run_facets["fluxions"]
    assert len(lineage.inputs) <= MAX_DATASETS
    assert len(facet.jobIds) == MAX_JOB_IDS
    assert (facet.jobs, facet.inputs, facet.outputs, facet.audioSeconds, facet.cost) == (9000, 9000, 1, 1.5, 0.25)


@connected
def test_a_submit_reads_its_recording_and_makes_a_job(s3: Any) -> None:
    s3.put_object(Bucket=INPUT, Key="a.mp3", Body=b"audio")
    operator = FluxionsSubmitOperator(task_id="t", audio=f"s3://{INPUT}/a.mp3")
    job_id = operator.execute(task_context())
    job = job_uri("fluxions_default", job_id)
    assert told(operator) == (
        [f"s3://{INPUT}/a.mp3"], [job], figures(jobIds=[str(job_id)], jobs=1, inputs=1, outputs=1)
    )  # fmt: skip


@connected
def test_a_resumed_submit_tells_all_although_it_is_another_instance(
    s3: Any, fluxions_emulator: EmulatorServer, client: FluxionsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = json.loads(os.environ["AIRFLOW_CONN_FLUXIONS_DEFAULT"])
    connection["extra"] = {"price_per_audio_hour": 3600}
    monkeypatch.setenv("AIRFLOW_CONN_FLUXIONS_DEFAULT", json.dumps(connection))
    s3.put_object(Bucket=INPUT, Key="a.mp3", Body=b"audio")
    fluxions_emulator.emulator.set_transition(Transition.after_reads(2))
    arguments: dict[str, Any] = {"audio": f"s3://{INPUT}/a.mp3", "wait_for_completion": True, "deferrable": True}
    with pytest.raises(TaskDeferred) as deferral:
        FluxionsSubmitOperator(task_id="t", **arguments).execute(task_context())
    kwargs = deferral.value.kwargs
    assert kwargs is not None
    client.get_transcription(kwargs["job_id"])

    resumed = FluxionsSubmitOperator(task_id="t", **arguments)
    job_id = resumed.execute_complete(task_context(), {}, **kwargs)
    seconds = client.get_transcription(job_id).audio_duration
    assert seconds
    job = job_uri("fluxions_default", job_id)
    assert told(resumed) == (
        [f"s3://{INPUT}/a.mp3"],
        [job],
        figures(jobIds=[str(job_id)], jobs=1, inputs=1, outputs=1, audioSeconds=seconds, cost=round(seconds, 4)),
    )


@connected
def test_a_submit_that_failed_names_what_it_read(s3: Any) -> None:
    operator = FluxionsSubmitOperator(task_id="t", audio=f"s3://{INPUT}/absent.mp3")
    with pytest.raises(FluxionsAudioError):
        operator.execute(task_context())
    assert told(operator, failed=True) == ([f"s3://{INPUT}/absent.mp3"], [], figures(inputs=1))


@connected
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_sensor_names_its_jobs_and_their_audio(client: FluxionsClient, deferrable: bool) -> None:
    ids = [client.submit(b"%d" % number, filename="a.mp3").id for number in range(2)]
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=ids, deferrable=deferrable)
    sensor.execute(task_context())
    seconds = sum(client.get_transcription(job_id).audio_duration or 0 for job_id in ids)
    inputs, outputs, facet = told(sensor)
    assert (sorted(inputs), outputs) == (sorted(job_uri("fluxions_default", job_id) for job_id in ids), [])
    assert facet == figures(jobIds=[str(one) for one in ids], jobs=2, inputs=2, audioSeconds=pytest.approx(seconds))


@connected
def test_a_sensor_of_a_failed_job_names_it(client: FluxionsClient, fluxions_emulator: EmulatorServer) -> None:
    fluxions_emulator.emulator.add_outcome(OutcomeRule("bad.mp3", error_message="noise"))
    job_id = client.submit(b"audio", filename="bad.mp3").id
    sensor = FluxionsTranscriptionSensor(task_id="t", job_id=job_id, deferrable=True)
    with pytest.raises(AirflowFailException):
        sensor.execute(task_context())
    assert told(sensor, failed=True)[2]["jobIds"] == [str(job_id)]


@connected
def test_results_and_conversions_join_jobs_to_files(s3: Any, client: FluxionsClient) -> None:
    job_id = client.submit(b"audio", filename="a.mp3").id
    store = FluxionsToS3Operator(task_id="t", job_id=job_id, destination=f"s3://{OUTPUT}/d/")
    stored = store.execute(task_context())
    seconds = client.get_transcription(job_id).audio_duration
    assert told(store) == (
        [job_uri("fluxions_default", job_id)],
        stored,
        figures(jobIds=[str(job_id)], jobs=1, inputs=1, outputs=1, audioSeconds=seconds),
    )
    s3.put_object(Bucket=OUTPUT, Key="d/broken.json", Body=b"{")
    convert = FluxionsConvertOperator(
        task_id="t", source=f"s3://{OUTPUT}/d/", destination=f"s3://{OUTPUT}/vtt/", formats=("vtt",)
    )
    with pytest.raises(AirflowFailException):
        convert.execute(task_context())
    vtt = f"s3://{OUTPUT}/vtt/a-{job_id}.vtt"
    assert told(convert, failed=True) == (stored, [vtt], figures(inputs=1, outputs=1))


class Collector:
    """Airflow's collector, as far as it is told anything: it takes the place of a plugin that reads lineage."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []

    def add_input_asset(self, hook: Any, *, scheme: str, asset_kwargs: dict[str, str]) -> None:
        self.seen.append(("read", scheme, "{bucket}/{key}".format(**asset_kwargs)))

    def add_output_asset(self, hook: Any, *, scheme: str, asset_kwargs: dict[str, str]) -> None:
        self.seen.append(("wrote", scheme, "{bucket}/{key}".format(**asset_kwargs)))


def test_each_object_is_reported_once_in_each_direction_and_a_bounded_number_of_them() -> None:
    collector = Collector()
    lineage = HookLineage(object(), collector)
    for _ in range(2):
        lineage.read(ObjectAddress("s3", "b", "k"))
        lineage.wrote(ObjectAddress("s3", "b", "k"))
    assert collector.seen == [("read", "s3", "b/k"), ("wrote", "s3", "b/k")]
    for number in range(1000):
        lineage.read(ObjectAddress("s3", "b", str(number)))
    assert len(collector.seen) == MAX_ASSETS + 1


@pytest.mark.slow
def test_parsing_loads_no_openlineage() -> None:
    code = (
        "import sys; from airflow_provider_fluxions import operators, sensors, transfers, triggers, assets; "
        "operators.FluxionsSubmitOperator(task_id='a', audio='s3://b/k'); "
        "print([m for m in sys.modules if m.startswith('openlineage.') or 'openlineage.extractors' in m])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip().splitlines()[-1] == "[]"
