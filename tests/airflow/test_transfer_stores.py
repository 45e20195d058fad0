"""Bucket to bucket: S3 that breaks off, refuses, or is behind a proxy that changes what it says."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_fluxions.api.errors import FluxionsStorageError, FluxionsTransferError
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.emulator import Emulator
from airflow_provider_fluxions.pipeline.executor import TransferExecutor
from airflow_provider_fluxions.pipeline.input_errors import failure_text, is_input_error, is_transient
from harness.faulty_s3 import FaultyS3, S3At, S3Fault
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.transferring import outputs, put, read, transfer

pytestmark = pytest.mark.usefixtures("fluxions_connection")

MANIFEST = f"s3://{OUTPUT}/out/_manifests/a_dag/manual__1/a_task.jsonl"


class Bucket(FaultyS3):
    """An S3 whose requests can be counted, and before one of which something can happen."""

    def __init__(self, behind: S3At) -> None:
        super().__init__(behind, sleep=lambda _: self.meanwhile())
        self.meanwhile: Callable[[], object] = lambda: None

    def close(self, method: str, target: str) -> None:
        """Close the connection at these requests."""
        self.add_fault(S3Fault(method=method, target=target, closes=True, times=None))

    def before(self, method: str, target: str, meanwhile: Callable[[], object]) -> None:
        """Let something happen before the first such request."""
        self.meanwhile = meanwhile
        self.add_fault(S3Fault(method=method, target=target, latency_seconds=1))

    def count(self, method: str, target: str) -> None:
        """Count these requests from now on as `hits` of the method."""
        self.add_fault(S3Fault(name=method, method=method, target=target, times=None))


@pytest.fixture
def bucket(s3: Any, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """Let `aws_default` lead there, without botocore's retries."""
    with Bucket(S3At(s3_url)) as proxy:
        connection = proxy.airflow_connection()
        connection["extra"]["config_kwargs"] = {"retries": {"total_max_attempts": 1}}
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
        yield proxy


def statuses(s3: Any) -> dict[str, str]:
    return {row["path"]: row["status"] for row in map(json.loads, read(s3, MANIFEST).splitlines())}


@pytest.mark.parametrize("max_in_flight", [1, 50])
def test_a_connection_that_s3_closes_at_one_recording_fails_that_recording_alone(
    s3: Any, bucket: Bucket, max_in_flight: int
) -> None:
    put(s3, "a.mp3", "b.mp3", "c.mp3")
    bucket.close("GET", "*/a.mp3")
    with pytest.raises(FluxionsTransferError, match="1 of 3 inputs") as caught:
        transfer("", max_in_flight=max_in_flight)
    assert caught.value.transient
    assert outputs(s3) == {"out/b.mp3.json", "out/c.mp3.json"}
    assert statuses(s3) == {"a.mp3": "failed", "b.mp3": "completed", "c.mp3": "completed"}


def test_a_connection_that_s3_closes_at_one_result_fails_that_recording_alone(
    s3: Any, emulator: Emulator, bucket: Bucket
) -> None:
    put(s3, "a.mp3", "b.mp3", "c.mp3")
    bucket.close("PUT", "*/a.mp3.json")
    with pytest.raises(FluxionsTransferError, match="1 of 3 inputs") as caught:
        transfer("", max_in_flight=1)
    assert caught.value.transient
    assert outputs(s3) == {"out/b.mp3.json", "out/c.mp3.json"}
    assert len(emulator.jobs) == 3


def test_a_store_that_takes_no_result_at_all_stops_the_night(s3: Any, emulator: Emulator, bucket: Bucket) -> None:
    put(s3, *(f"{n:02}.mp3" for n in range(40)))
    bucket.add_fault(S3Fault(method="PUT", target="*.json", code="SlowDown", times=None))
    with pytest.raises(FluxionsStorageError, match="SlowDown"):
        transfer("", max_in_flight=2)
    assert len(emulator.jobs) < 20


def test_any_exception_of_one_inputs_work_is_that_inputs_failure() -> None:
    failures: list[Exception] = []
    with TransferExecutor(1) as executor:
        executor.upload(lambda: 1 // 0, failures.append, failures.append)  # type: ignore[arg-type, return-value]
        executor.pause(10, Clock())
        executor.collect()
    (error,) = failures
    assert isinstance(error, ZeroDivisionError)
    assert is_input_error(error)
    assert not is_transient(error)


def test_an_unexpected_exception_is_logged_with_its_traceback_and_on_printable_lines() -> None:
    try:
        raise OverflowError("a line\nthat forges another")
    except OverflowError as error:
        text = failure_text(error)
    assert text.startswith("unexpected OverflowError: a line that forges another\nTraceback (most recent call last):\n")
    assert "test_transfer_stores.py" in text
    assert failure_text(FluxionsStorageError("S3 refused\nit")) == "S3 refused it"


class Killed(BaseException):
    """As Airflow's own exceptions of timeouts and kills."""


def test_the_manifest_is_written_when_airflow_ends_the_task(s3: Any, bucket: Bucket) -> None:
    put(s3, "a.mp3", "b.mp3")

    def kill(*_: Any) -> None:
        raise Killed

    bucket.before("GET", "*/b.mp3", lambda: os.kill(os.getpid(), signal.SIGUSR1))
    earlier = signal.signal(signal.SIGUSR1, kill)
    try:
        with pytest.raises(Killed):
            transfer("", upload_workers=1, max_in_flight=1)
    finally:
        signal.signal(signal.SIGUSR1, earlier)
    assert statuses(s3)["a.mp3"] == "completed"


@pytest.mark.parametrize("names", ["capitalized", "upper"])
def test_results_are_recognized_whatever_the_case_of_their_metadata_names(
    s3: Any, emulator: Emulator, bucket: Bucket, names: str
) -> None:
    put(s3, "a.mp3", "b.mp3")
    bucket.set_store(metadata_names=names)
    assert transfer("")["completed"] == 2
    bucket.count("PUT", "*.json")
    assert transfer("", task_context(run_id="another"))["already_done"] == 2
    assert bucket.hits["PUT"] == 0
    assert len(emulator.jobs) == 2


def test_a_result_of_another_recording_is_kept_whatever_the_case_of_its_metadata_names(s3: Any, bucket: Bucket) -> None:
    put(s3, "one/a.mp3", "two/a.mp3")
    bucket.set_store(metadata_names="capitalized")
    transfer("one/")
    with pytest.raises(AirflowFailException, match=r"would replace those of s3://fluxions-input/one/a\.mp3"):
        transfer("two/")


def test_a_store_that_drops_metadata_is_named_after_the_first_result(
    s3: Any, emulator: Emulator, bucket: Bucket
) -> None:
    put(s3, *(f"{n:02}.mp3" for n in range(20)))
    bucket.set_store(metadata_names="dropped")
    with pytest.raises(AirflowFailException, match="drops metadata"):
        transfer("", max_in_flight=1)
    assert len(emulator.jobs) < 10


def test_metadata_are_checked_with_one_request_a_run_and_with_none_where_results_were_recognized(
    s3: Any, bucket: Bucket
) -> None:
    put(s3, "a.mp3", "b.mp3", "c.mp3")
    bucket.count("HEAD", "*.json")
    transfer("")
    assert bucket.hits["HEAD"] == 1
    put(s3, "d.mp3")
    transfer("", task_context(run_id="another"))
    assert bucket.hits["HEAD"] == 1 + 3


@pytest.mark.parametrize("conditional_puts", [None, "refused"])
def test_a_result_that_another_dag_wrote_meanwhile_is_kept_and_the_later_input_fails(
    s3: Any, bucket: Bucket, conditional_puts: str | None
) -> None:
    put(s3, "one/a.mp3", "one/b.mp3")
    bucket.set_store(conditional_puts=conditional_puts)

    def write_another() -> None:
        metadata = {"fluxions-reference": "0" * 16, "fluxions-source": "s3://elsewhere/a.mp3"}
        s3.put_object(Bucket=OUTPUT, Key="out/a.mp3.json", Body=b"another", Metadata=metadata)

    bucket.before("GET", "*/one/a.mp3", write_another)
    with pytest.raises(AirflowFailException, match=r"1 of 2 inputs .*would replace those of s3://elsewhere/a\.mp3"):
        transfer("one/")
    assert read(s3, f"s3://{OUTPUT}/out/a.mp3.json") == "another"


@pytest.mark.parametrize("conditional_puts", [None, "refused"])
def test_the_result_of_an_earlier_version_is_replaced(s3: Any, bucket: Bucket, conditional_puts: str | None) -> None:
    put(s3, "a.mp3", body=b"first")
    bucket.set_store(conditional_puts=conditional_puts)
    transfer("")
    put(s3, "a.mp3", body=b"second")
    bucket.count("PUT", "*/a.mp3.json")
    assert transfer("")["completed"] == 1
    assert bucket.hits["PUT"] == (1 if conditional_puts is None else 2)
    assert s3.head_object(Bucket=OUTPUT, Key="out/a.mp3.json")["Metadata"]["fluxions-job-id"] == "2"


def test_a_result_that_was_written_before_its_response_was_lost_is_the_inputs_own(s3: Any, bucket: Bucket) -> None:
    put(s3, "a.mp3")

    def write_it() -> None:
        (ref,) = (row["reference"] for row in map(json.loads, read(s3, MANIFEST).splitlines()))
        metadata = {"fluxions-reference": ref, "fluxions-source": f"s3://{INPUT}/a.mp3"}
        s3.put_object(Bucket=OUTPUT, Key="out/a.mp3.json", Body=b"{}", Metadata=metadata)

    bucket.before("PUT", "*/a.mp3.json", write_it)
    assert transfer("")["completed"] == 1


def test_a_store_that_ignores_start_after_is_named_instead_of_being_listed_for_ever(s3: Any, bucket: Bucket) -> None:
    s3.put_object(Bucket=OUTPUT, Key="out/0001.txt", Body=b"")
    put(s3, "9999.mp3")
    bucket.set_store(start_after=False)
    with pytest.raises(AirflowFailException, match="ignores start-after"):
        transfer("")


def test_a_recording_behind_weak_etags_is_read_and_its_result_recognized(s3: Any, bucket: Bucket) -> None:
    put(s3, "a.mp3")
    bucket.set_store(etags="weak")
    assert transfer("")["completed"] == 1
    assert transfer("", task_context(run_id="another"))["already_done"] == 1


def test_a_store_without_etags_tells_versions_by_size_and_time(s3: Any, emulator: Emulator, bucket: Bucket) -> None:
    put(s3, "a.mp3")
    bucket.set_store(etags="missing")
    assert transfer("")["completed"] == 1
    assert transfer("", task_context(run_id="another"))["already_done"] == 1
    put(s3, "a.mp3", body=b"longer than before")
    assert transfer("", task_context(run_id="a third"))["completed"] == 1
    assert len(emulator.jobs) == 2


def test_a_store_without_etags_and_times_works(s3: Any, bucket: Bucket) -> None:
    put(s3, "a.mp3")
    bucket.set_store(etags="missing", last_modified=False)
    assert transfer("")["completed"] == 1


def test_an_archived_recording_is_to_be_restored_and_fails_alone_for_good(
    s3: Any, emulator: Emulator, bucket: Bucket
) -> None:
    put(s3, "a.mp3", "b.mp3")
    bucket.set_store(archived="*/a.mp3")
    with pytest.raises(AirflowFailException, match=r"1 of 2 inputs .*is archived .*Restore it"):
        transfer("", price_per_audio_hour=1.0)
    assert len(emulator.jobs) == 1


def test_a_recording_that_may_not_be_read_fails_alone_for_good(s3: Any, emulator: Emulator, bucket: Bucket) -> None:
    put(s3, "a.mp3", "b.mp3")
    bucket.set_store(denied="*/a.mp3")
    with pytest.raises(AirflowFailException, match=r"1 of 2 inputs .*is not allowed to do this"):
        transfer("", max_audio_hours=1)
    assert len(emulator.jobs) == 1


def test_buckets_whose_requester_pays_are_read_if_the_argument_says_so(s3: Any, bucket: Bucket) -> None:
    put(s3, "a.mp3")
    bucket.set_store(requester_pays=True)
    with pytest.raises(FluxionsStorageError, match="is not allowed to do this"):
        transfer("")
    assert transfer("", requester_pays=True)["completed"] == 1


def test_the_payer_can_be_named_by_extra_args_as_well(s3: Any) -> None:
    put(s3, "a.mp3")
    assert transfer("", requester_pays=True, extra_args={"RequestPayer": "requester"})["completed"] == 1


def test_a_bucket_in_another_region_is_named_with_its_region(s3: Any, bucket: Bucket) -> None:
    put(s3, "a.mp3")
    bucket.add_fault(S3Fault(code="PermanentRedirect", times=None))
    with pytest.raises(FluxionsStorageError, match=r"in another region \(eu-central-1\)\. Set region_name"):
        transfer("")
