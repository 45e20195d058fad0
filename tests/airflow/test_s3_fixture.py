"""The fixture of a local S3."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.hooks.s3 import S3Hook


def test_the_aws_connection_leads_to_the_local_s3(fluxions_s3: Any) -> None:
    fluxions_s3.create_bucket(Bucket="recordings")
    S3Hook("aws_default").load_string("hello", "a.txt", "recordings")
    assert fluxions_s3.get_object(Bucket="recordings", Key="a.txt")["Body"].read() == b"hello"


def test_each_test_has_an_empty_s3(fluxions_s3: Any) -> None:
    assert fluxions_s3.list_buckets()["Buckets"] == []
