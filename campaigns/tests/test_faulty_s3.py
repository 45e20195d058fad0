"""The door that makes trouble, as boto3 meets it over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ResponseStreamingError

from campaigns.faulty_s3 import FaultyS3, S3Fault
from harness.s3 import LocalS3

BUCKET = "recordings"


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalS3]:
    with LocalS3(tmp_path_factory.mktemp("s3") / "s3.log") as storage:
        storage.create_bucket(BUCKET)
        storage.put(BUCKET, "a.wav", b"sound" * 1000)
        yield storage


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def door(buckets: LocalS3, slept: list[float]) -> Iterator[FaultyS3]:
    with FaultyS3(buckets, sleep=slept.append) as faulty:
        yield faulty


@pytest.fixture
def client(door: FaultyS3) -> Any:
    """One that tries once."""
    fields = door.airflow_connection()
    return boto3.client(
        "s3",
        endpoint_url=fields["extra"]["endpoint_url"],
        region_name=fields["extra"]["region_name"],
        aws_access_key_id=fields["login"],
        aws_secret_access_key=fields["password"],
        config=Config(proxies={}, retries={"max_attempts": 0}),
    )


def test_without_a_fault_it_passes_everything_on(client: Any) -> None:
    assert client.get_object(Bucket=BUCKET, Key="a.wav")["Body"].read() == b"sound" * 1000


@pytest.mark.parametrize(("status", "code"), [(500, "InternalError"), (503, "SlowDown")])
def test_a_refusal_has_the_code_that_s3_gives_it(door: FaultyS3, client: Any, status: int, code: str) -> None:
    door.add_fault(S3Fault(method="GET", status=status))
    with pytest.raises(ClientError) as refused:
        client.get_object(Bucket=BUCKET, Key="a.wav")
    assert refused.value.response["Error"]["Code"] == code


def test_a_fault_meets_as_many_requests_of_its_method_as_it_says(door: FaultyS3, client: Any) -> None:
    door.add_fault(S3Fault("two", method="HEAD", times=2, status=503))
    client.get_object(Bucket=BUCKET, Key="a.wav")
    for _ in range(2):
        with pytest.raises(ClientError):
            client.head_object(Bucket=BUCKET, Key="a.wav")
    assert client.head_object(Bucket=BUCKET, Key="a.wav")["ContentLength"] == 5000
    assert door.hits == {"two": 2}


@pytest.mark.parametrize("is_carried_out", [True, False])
def test_a_refused_write_may_have_been_carried_out(
    door: FaultyS3, client: Any, buckets: LocalS3, is_carried_out: bool
) -> None:
    key = f"written-{is_carried_out}"
    door.add_fault(S3Fault(method="PUT", status=500, is_carried_out=is_carried_out))
    with pytest.raises(ClientError):
        client.put_object(Bucket=BUCKET, Key=key, Body=b"text")
    assert buckets.keys(BUCKET, key) == [key] * is_carried_out


def test_a_cut_answer_ends_in_the_middle_of_its_body(door: FaultyS3, client: Any) -> None:
    door.add_fault(S3Fault(method="GET", is_cut=True))
    body = client.get_object(Bucket=BUCKET, Key="a.wav")["Body"]
    with pytest.raises(ResponseStreamingError):
        body.read()


def test_a_slow_answer_is_the_genuine_one(door: FaultyS3, client: Any, slept: list[float]) -> None:
    door.add_fault(S3Fault(latency_seconds=2.0))
    assert client.head_object(Bucket=BUCKET, Key="a.wav")["ContentLength"] == 5000
    assert slept == [2.0]


def test_cleared_faults_meet_nobody(door: FaultyS3, client: Any) -> None:
    door.add_fault(S3Fault(status=500, times=99))
    door.clear_faults()
    assert client.head_object(Bucket=BUCKET, Key="a.wav")["ContentLength"] == 5000
