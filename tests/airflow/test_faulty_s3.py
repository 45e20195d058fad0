"""The S3 proxy with faults, as boto3 meets it over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    ResponseStreamingError,
)

from harness.faulty_s3 import STATUSES, FaultyS3, S3At, S3Fault
from tests.airflow.conftest import INPUT

SOUND = b"sound" * 1000


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def proxy(s3: Any, s3_url: str, slept: list[float]) -> Iterator[FaultyS3]:
    s3.put_object(Bucket=INPUT, Key="a.wav", Body=SOUND, Metadata={"fluxions-reference": "0a1b"})
    with FaultyS3(S3At(s3_url), sleep=slept.append) as faulty:
        yield faulty


@pytest.fixture
def client(proxy: FaultyS3) -> Any:
    """One that tries once."""
    return boto3.client(
        "s3",
        endpoint_url=proxy.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(proxies={}, retries={"max_attempts": 0}),
    )


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def read(client: Any) -> bytes:
    return bytes(client.get_object(Bucket=INPUT, Key="a.wav")["Body"].read())


def listed(client: Any, **arguments: Any) -> list[dict[str, Any]]:
    return list(client.list_objects_v2(Bucket=INPUT, **arguments).get("Contents", ()))


def test_without_a_fault_all_requests_pass(client: Any) -> None:
    assert read(client) == SOUND
    (record,) = listed(client)
    assert (record["Key"], record["StorageClass"]) == ("a.wav", "STANDARD")


@pytest.mark.parametrize("code", sorted(STATUSES))
def test_a_refusal_has_the_code_and_the_status_that_s3_gives_it(proxy: FaultyS3, client: Any, code: str) -> None:
    proxy.add_fault(S3Fault(method="GET", code=code, times=None))
    with pytest.raises(ClientError) as refused:
        read(client)
    assert code_of(refused) == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == STATUSES[code]


def test_a_redirect_names_the_region_of_the_bucket(proxy: FaultyS3, client: Any) -> None:
    proxy.add_fault(S3Fault(code="PermanentRedirect", times=None))
    with pytest.raises(ClientError) as refused:
        client.head_object(Bucket=INPUT, Key="a.wav")
    headers = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-bucket-region"] == "eu-central-1"


def test_a_fault_meets_as_many_requests_of_its_kind_as_it_says(proxy: FaultyS3, client: Any) -> None:
    proxy.add_fault(S3Fault("two", method="HEAD", target=f"/{INPUT}/a.*", times=2, skip=1, code="SlowDown"))
    read(client)
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(client.head_object(Bucket=INPUT, Key="a.wav")["ContentLength"])
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])
    assert outcomes == [5000, "503", "503", 5000]
    assert proxy.hits == {"two": 2}


@pytest.mark.parametrize("is_carried_out", [True, False])
@pytest.mark.parametrize("fault", [{"code": "InternalError"}, {"closes": True}])
def test_a_failed_write_may_have_been_carried_out(
    proxy: FaultyS3, client: Any, s3: Any, is_carried_out: bool, fault: dict[str, Any]
) -> None:
    proxy.add_fault(S3Fault(method="PUT", is_carried_out=is_carried_out, **fault))
    with pytest.raises((ClientError, ConnectionClosedError)):
        client.put_object(Bucket=INPUT, Key="written", Body=b"text")
    assert len(listed(s3, Prefix="written")) == is_carried_out


def test_a_connection_may_be_closed_before_the_answer(proxy: FaultyS3, client: Any) -> None:
    proxy.add_fault(S3Fault(method="GET", closes=True))
    with pytest.raises(ConnectionClosedError):
        read(client)
    assert read(client) == SOUND


def test_a_connection_may_be_closed_amid_the_answer(proxy: FaultyS3, client: Any) -> None:
    proxy.add_fault(S3Fault(method="GET", is_cut=True))
    with pytest.raises((ResponseStreamingError, IncompleteReadError)):
        read(client)


def test_a_slow_answer_is_the_genuine_one(proxy: FaultyS3, client: Any, slept: list[float]) -> None:
    proxy.add_fault(S3Fault(latency_seconds=2.0))
    assert client.head_object(Bucket=INPUT, Key="a.wav")["ContentLength"] == 5000
    assert slept == [2.0]


def test_after_a_clear_no_request_meets_a_fault(proxy: FaultyS3, client: Any) -> None:
    proxy.add_fault(S3Fault(code="InternalError", times=None))
    proxy.clear_faults()
    assert client.head_object(Bucket=INPUT, Key="a.wav")["ContentLength"] == 5000


def test_a_code_without_a_status_is_refused() -> None:
    with pytest.raises(ValueError, match="code must be one of"):
        S3Fault(code="Slowdown")


def test_an_archived_object_is_listed_as_such_and_cannot_be_read(proxy: FaultyS3, client: Any, s3: Any) -> None:
    s3.put_object(Bucket=INPUT, Key="2019/b c.wav", Body=b"old")
    proxy.set_store(archived=f"/{INPUT}/2019/b *")
    assert [record["StorageClass"] for record in listed(client)] == ["GLACIER", "STANDARD"]
    assert client.head_object(Bucket=INPUT, Key="2019/b c.wav")["StorageClass"] == "GLACIER"
    with pytest.raises(ClientError) as refused:
        client.get_object(Bucket=INPUT, Key="2019/b c.wav")
    assert code_of(refused) == "InvalidObjectState"
    assert read(client) == SOUND


def test_a_denied_object_is_listed_and_cannot_be_read(proxy: FaultyS3, client: Any) -> None:
    proxy.set_store(denied="*/a.wav")
    assert len(listed(client)) == 1
    with pytest.raises(ClientError) as refused:
        read(client)
    assert code_of(refused) == "AccessDenied"


def test_a_bucket_may_want_the_requester_to_pay(proxy: FaultyS3, client: Any) -> None:
    proxy.set_store(requester_pays=True)
    with pytest.raises(ClientError) as refused:
        listed(client)
    assert code_of(refused) == "AccessDenied"
    assert len(listed(client, RequestPayer="requester")) == 1


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("capitalized", {"Fluxions-Reference": "0a1b"}),
        ("upper", {"FLUXIONS-REFERENCE": "0a1b"}),
        ("dropped", {}),
    ],
)
def test_names_of_metadata_come_back_in_another_case_or_not_at_all(
    proxy: FaultyS3, client: Any, names: Any, found: dict[str, str]
) -> None:
    proxy.set_store(metadata_names=names)
    assert client.head_object(Bucket=INPUT, Key="a.wav")["Metadata"] == found


def test_etags_may_be_weak(proxy: FaultyS3, client: Any) -> None:
    proxy.set_store(etags="weak")
    etag = listed(client)[0]["ETag"]
    assert etag.startswith('W/"')
    assert client.head_object(Bucket=INPUT, Key="a.wav")["ETag"] == etag


def test_etags_and_times_may_be_missing(proxy: FaultyS3, client: Any) -> None:
    proxy.set_store(etags="missing", last_modified=False)
    for answer in (listed(client)[0], client.head_object(Bucket=INPUT, Key="a.wav")):
        assert not {"ETag", "LastModified"} & answer.keys()


def test_a_listing_may_ignore_where_it_is_to_start(proxy: FaultyS3, client: Any) -> None:
    assert listed(client, StartAfter="b") == []
    proxy.set_store(start_after=False)
    assert [record["Key"] for record in listed(client, StartAfter="b")] == ["a.wav"]


def test_a_store_may_refuse_conditional_puts(proxy: FaultyS3, client: Any) -> None:
    proxy.set_store(conditional_puts="refused")
    with pytest.raises(ClientError) as refused:
        client.put_object(Bucket=INPUT, Key="a.wav", Body=b"other", IfNoneMatch="*")
    assert code_of(refused) == "NotImplemented"
    client.put_object(Bucket=INPUT, Key="a.wav", Body=b"other")


def test_a_store_may_ignore_conditions_of_puts(proxy: FaultyS3, client: Any) -> None:
    with pytest.raises(ClientError):
        client.put_object(Bucket=INPUT, Key="a.wav", Body=b"other", IfNoneMatch="*")
    proxy.set_store(conditional_puts="ignored")
    client.put_object(Bucket=INPUT, Key="a.wav", Body=b"other", IfNoneMatch="*")
    assert read(client) == b"other"


@pytest.mark.parametrize("change", [{"etags": "strong"}, {"metadata_names": "odd"}, {"conditional_puts": "maybe"}])
def test_an_unknown_kind_of_store_is_refused(proxy: FaultyS3, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        proxy.set_store(**change)


def test_tasks_reach_the_buckets_through_the_proxy_of_the_fixture(faulty_s3: FaultyS3, s3: Any) -> None:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    s3.put_object(Bucket=INPUT, Key="a.wav", Body=SOUND)
    faulty_s3.add_fault(S3Fault("seen", code="AccessDenied", times=None))
    with pytest.raises(ClientError):
        S3Hook().get_conn().head_object(Bucket=INPUT, Key="a.wav")
    assert faulty_s3.hits["seen"] == 1
