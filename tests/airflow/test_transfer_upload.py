"""One large object, written while its content is made."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import soundfile

from airflow_provider_fluxions.api.errors import FluxionsStorageError
from airflow_provider_fluxions.storage import ObjectAddress, ObjectChangedError, ObjectUpload, WriteOptions
from airflow_provider_fluxions.storage.s3_store import S3Store
from harness.faulty_s3 import FaultyS3, S3Fault
from tests.airflow.conftest import OUTPUT

MIB = 1024 * 1024
PART = 5 * MIB


@pytest.fixture
def upload(s3: Any) -> Callable[..., ObjectUpload]:
    def begin(key: str = "k", store: S3Store | None = None) -> ObjectUpload:
        return ObjectUpload(
            store or S3Store(), ObjectAddress("s3", OUTPUT, key), "audio/wav", {"a": "1"}, part_bytes=PART
        )

    return begin


def stored(s3: Any, key: str = "k") -> bytes:
    data: bytes = s3.get_object(Bucket=OUTPUT, Key=key)["Body"].read()
    return data


def in_progress(s3: Any) -> list[Any]:
    return list(s3.list_multipart_uploads(Bucket=OUTPUT).get("Uploads", ()))


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 7])
def test_it_stores_what_was_written(s3: Any, upload: Callable[..., ObjectUpload], size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    with upload() as file:
        for start in range(0, size, 700_001):
            file.write(content[start : min(size, start + 700_001)])
        file.complete()
    assert stored(s3) == content[:size]
    head = s3.head_object(Bucket=OUTPUT, Key="k")
    assert (head["ContentType"], head["Metadata"]) == ("audio/wav", {"fluxions-a": "1"})


def test_a_part_waits_until_the_store_wants_it(s3: Any, upload: Callable[..., ObjectUpload]) -> None:
    store, expected = S3Store(), []
    store.client.meta.events.register(
        "before-send.s3.UploadPart", lambda request, **_: expected.append(request.headers.get("Expect"))
    )
    with upload(store=store) as file:
        file.write(bytes(2 * PART + 1))
        file.complete()
    assert expected == [b"100-continue"] * 3


def test_bytes_of_the_first_part_can_be_changed_until_the_end(s3: Any, upload: Callable[..., ObjectUpload]) -> None:
    with upload() as file:
        file.write(b"\0" * (2 * PART + 3))
        file.seek(4)
        file.write(b"size")
        file.seek(0, 2)
        file.write(b"end")
        file.complete()
    assert stored(s3) == b"\0\0\0\0size" + b"\0" * (2 * PART - 5) + b"end"


def test_bytes_behind_the_first_part_cannot_be_changed(s3: Any, upload: Callable[..., ObjectUpload]) -> None:
    def change(file: ObjectUpload) -> None:
        with file:
            file.write(b"\0" * (2 * PART))
            file.seek(PART - 1)
            file.write(b"ab")
            file.complete()

    with pytest.raises(FluxionsStorageError, match="changed byte 5,242,880"):
        change(upload())
    assert in_progress(s3) == []


def test_all_parts_but_the_last_have_the_same_size(s3: Any, upload: Callable[..., ObjectUpload]) -> None:
    with upload() as file:
        file.write(b"\0" * (3 * PART + 5))
        file.complete()
    sizes = [s3.head_object(Bucket=OUTPUT, Key="k", PartNumber=number)["ContentLength"] for number in (1, 2, 3, 4)]
    assert sizes == [PART, PART, PART, 5]


def test_the_first_part_is_sent_last(s3: Any, upload: Callable[..., ObjectUpload]) -> None:
    store, numbers = S3Store(), list[int]()
    store.client.meta.events.register(
        "provide-client-params.s3.UploadPart", lambda params, **_: numbers.append(params["PartNumber"])
    )
    with upload(store=store) as file:
        file.write(b"\0" * (3 * PART + 5))
        file.complete()
    assert numbers == [2, 3, 4, 1]


def test_an_error_in_the_block_leaves_no_object_and_no_parts(s3: Any, upload: Callable[..., ObjectUpload]) -> None:
    def fail(file: ObjectUpload) -> None:
        with file:
            file.write(b"\0" * (3 * PART))
            assert len(in_progress(s3)) == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail(upload())
    assert in_progress(s3) == []
    assert "Contents" not in s3.list_objects_v2(Bucket=OUTPUT)


def test_a_refused_part_is_the_error_of_the_block(
    s3: Any, faulty_s3: FaultyS3, upload: Callable[..., ObjectUpload]
) -> None:
    store = S3Store()
    faulty_s3.add_fault(S3Fault(method="PUT", target="*partNumber=3*", code="AccessDenied", times=None))

    def write(file: ObjectUpload) -> None:
        with file:
            file.write(b"\0" * (4 * PART))
            file.write(b"more")
            file.complete()

    with pytest.raises(FluxionsStorageError, match="AccessDenied"):
        write(upload(store=store))
    assert in_progress(s3) == []


def test_the_user_s_arguments_are_those_of_the_object(s3: Any, upload: Callable[..., ObjectUpload]) -> None:
    store = S3Store(writing=WriteOptions({"StorageClass": "STANDARD_IA"}))
    with upload("large", store) as file:
        file.write(b"\0" * (2 * PART))
        file.complete()
    with upload("small", store) as file:
        file.write(b"\0")
        file.complete()
    for key in ("large", "small"):
        assert s3.head_object(Bucket=OUTPUT, Key=key)["StorageClass"] == "STANDARD_IA"


@pytest.mark.parametrize(
    ("container", "subtype"),
    [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")],
)
def test_an_encoder_that_seeks_back_writes_the_same_file_as_to_disk(
    s3: Any, upload: Callable[..., ObjectUpload], container: str, subtype: str
) -> None:
    def encode(file: Any) -> None:
        with soundfile.SoundFile(file, "w", 24_000, 1, subtype, format=container) as encoder:
            for number in range(20):
                encoder.buffer_write(bytes(number + one % 7 for one in range(48_000)), dtype="int16")

    expected = io.BytesIO()
    encode(expected)
    with upload() as file:
        encode(file)
        file.complete()
    found = soundfile.SoundFile(io.BytesIO(stored(s3)))
    assert found.frames == 480_000
    if container != "OGG":  # whose stream has a random serial number
        assert stored(s3) == expected.getvalue()


def test_a_block_that_ends_without_completing_leaves_no_object_and_no_parts(
    s3: Any, upload: Callable[..., ObjectUpload]
) -> None:
    with upload() as file:
        file.write(b"\0" * (3 * PART))
    assert in_progress(s3) == []
    assert "Contents" not in s3.list_objects_v2(Bucket=OUTPUT)


@pytest.mark.parametrize("size", [1, 2 * PART])
def test_an_object_that_appeared_meanwhile_is_not_replaced(
    s3: Any, faulty_s3: FaultyS3, upload: Callable[..., ObjectUpload], size: int
) -> None:
    with upload(store=S3Store()) as file:
        file.write(b"a" * size)
        s3.put_object(Bucket=OUTPUT, Key="k", Body=b"of another run")
        with pytest.raises(ObjectChangedError):
            file.complete("")
    assert stored(s3) == b"of another run"
    assert in_progress(s3) == []


def test_an_upload_whose_object_changed_can_be_completed_for_the_new_version(
    s3: Any, faulty_s3: FaultyS3, upload: Callable[..., ObjectUpload]
) -> None:
    store = S3Store()
    with upload(store=store) as file:
        file.write(b"a" * 2 * PART)
        s3.put_object(Bucket=OUTPUT, Key="k", Body=b"old")
        with pytest.raises(ObjectChangedError):
            file.complete("")
        found = store.head(ObjectAddress("s3", OUTPUT, "k"))
        assert found is not None
        file.complete(found.version)
    assert stored(s3) == b"a" * 2 * PART


@pytest.mark.parametrize("is_there", [True, False])
def test_a_store_without_conditions_is_asked_for_the_version_before_the_upload_is_completed(
    s3: Any, faulty_s3: FaultyS3, upload: Callable[..., ObjectUpload], is_there: bool
) -> None:
    faulty_s3.set_store(conditional_puts="refused")
    if is_there:
        s3.put_object(Bucket=OUTPUT, Key="k", Body=b"of another run")
    with upload(store=S3Store()) as file:
        file.write(b"a" * 2 * PART)
        if is_there:
            with pytest.raises(ObjectChangedError):
                file.complete("")
        else:
            file.complete("")
    assert len(stored(s3)) == (len(b"of another run") if is_there else 2 * PART)


def test_an_upload_whose_parts_were_removed_is_not_complete(
    s3: Any, faulty_s3: FaultyS3, upload: Callable[..., ObjectUpload]
) -> None:
    with upload(store=S3Store()) as file:
        file.write(b"a" * 3 * PART)
        (one,) = in_progress(s3)
        s3.abort_multipart_upload(Bucket=OUTPUT, Key="k", UploadId=one["UploadId"])
        with pytest.raises(FluxionsStorageError):
            file.complete("")
    assert "Contents" not in s3.list_objects_v2(Bucket=OUTPUT)
