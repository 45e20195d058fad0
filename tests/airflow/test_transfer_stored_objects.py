"""Stored objects are read with a bound, whatever they unpack to."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import FluxionsStorageError
from airflow_provider_fluxions.storage import ObjectAddress, ObjectTooLargeError
from airflow_provider_fluxions.storage.bounded_read import read_stored_object
from airflow_provider_fluxions.storage.s3_store import S3Store
from tests.airflow.conftest import OUTPUT


def read_bytes(data: bytes, encoding: str | None = "gzip", limit: int = 1000) -> bytes:
    return read_stored_object("s3://b/k", io.BytesIO(data), encoding, limit)


def test_a_small_object_that_unpacks_to_more_than_the_limit_is_refused_without_being_unpacked() -> None:
    bomb = gzip.compress(bytes(20_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(ObjectTooLargeError, match="s3://b/k has more than the 100,000 bytes"):
            read_bytes(bomb, limit=100_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_many_members_together_have_one_limit() -> None:
    with pytest.raises(ObjectTooLargeError):
        read_bytes(gzip.compress(b"x" * 400) * 3)


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=5), st.integers(0, 3))
def test_whatever_was_packed_comes_back(parts: list[bytes], zeros: int) -> None:
    data = b"".join(gzip.compress(part) for part in parts) + bytes(zeros)
    assert read_bytes(data) == b"".join(parts)


@given(st.binary(max_size=100))
def test_bytes_that_are_not_gzip_are_content_or_an_error_with_the_address(data: bytes) -> None:
    assert read_bytes(data, None) == data
    if data.strip(b"\0"):
        with pytest.raises(FluxionsStorageError, match=r"^s3://b/k is stored with Content-Encoding gzip and cannot be"):
            read_bytes(data)


def test_an_object_that_was_replaced_is_not_read_as_the_one_that_was_found(s3: Any) -> None:
    s3.put_object(Bucket=OUTPUT, Key="k", Body=b"old")
    store = S3Store("aws_default")
    address = ObjectAddress("s3", OUTPUT, "k")
    found = store.head(address)
    assert found is not None
    assert store.get(address, version=found.version) == b"old"
    s3.put_object(Bucket=OUTPUT, Key="k", Body=b"new")
    assert store.get(address) == b"new"
    with pytest.raises(FluxionsStorageError, match="k"):
        store.get(address, version=found.version)
