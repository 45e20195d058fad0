"""What every object store must do. A store's test derives a class, and gives it the fixtures `store` and `bucket`."""

from __future__ import annotations

from contextlib import closing

import pytest

from airflow_provider_fluxions.api.errors import FluxionsAudioError, FluxionsError, FluxionsStorageError
from airflow_provider_fluxions.storage import (
    ObjectAddress,
    ObjectChangedError,
    ObjectStore,
    ObjectTooLargeError,
    ObjectUpload,
    StoredObject,
)

PART = 5 * 1024 * 1024


def put(store: ObjectStore, address: ObjectAddress, body: bytes = b"body", **metadata: str) -> StoredObject:
    store.put(address, body, "audio/wav", metadata)
    found = store.head(address)
    assert found is not None
    return found


class StoreContract:
    """The rules. `bucket` is the address of an empty bucket."""

    @pytest.fixture
    def store(self) -> ObjectStore:
        raise NotImplementedError

    @pytest.fixture
    def bucket(self) -> ObjectAddress:
        raise NotImplementedError

    def test_what_does_not_exist_has_no_head(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        assert store.head(bucket.at("k")) is None
        assert store.head(ObjectAddress(bucket.scheme, "another-bucket", "k")) is None

    def test_a_missing_bucket_is_an_error(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        store.require_bucket(bucket)
        missing = ObjectAddress(bucket.scheme, "another-bucket")
        with pytest.raises(FluxionsStorageError, match="another-bucket"):
            store.require_bucket(missing)
        with pytest.raises(FluxionsStorageError):
            store.put(missing.at("k"), b"", "text/plain", {})
        with pytest.raises(FluxionsStorageError):
            list(store.list(missing))

    @pytest.mark.parametrize("key", ["k", "a%20b?c#d e.wav", "2026/é/ü.wav", "a//b", "take[1].wav"])
    def test_a_key_is_literal(self, store: ObjectStore, bucket: ObjectAddress, key: str) -> None:
        put(store, bucket.at(key))
        assert [one.key for one in store.list(bucket)] == [key]
        assert store.get(bucket.at(key)) == b"body"

    def test_a_head_says_what_was_written(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        found = put(store, bucket.at("k"), b"12345", reference="r", audio_seconds="1.5")
        assert (found.address, found.size_bytes, found.content_type) == (bucket.at("k"), 5, "audio/wav")
        assert dict(found.metadata) == {"reference": "r", "audio_seconds": "1.5"}
        assert found.version
        assert found.modified_at is not None
        assert found.modified_at.tzinfo is not None

    def test_another_content_has_another_version(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        assert put(store, bucket.at("k"), b"old").version != put(store, bucket.at("k"), b"new").version

    def test_a_listing_is_in_order_below_its_prefix(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        for key in ("b/2", "a", "b/10", "b", "b/1/x", "c"):
            put(store, bucket.at(key), key.encode())
        found = list(store.list(bucket.at("b/")))
        assert [one.key for one in found] == ["b/1/x", "b/10", "b/2"]
        assert [one.size_bytes for one in found] == [5, 4, 3]
        assert [one.version for one in found] == [getattr(store.head(one.address), "version", None) for one in found]
        assert [one.key for one in store.list(bucket)] == ["a", "b", "b/1/x", "b/10", "b/2", "c"]

    def test_pages_begin_behind_any_key(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        if not store.capabilities.start_after:
            pytest.skip("the store cannot")
        keys = [f"p/{number}" for number in range(5)]
        for key in keys:
            put(store, bucket.at(key))
        start, listed = "p/", set[str]()
        while True:
            page = store.page(bucket.at("p/"), start)
            listed |= page.keys
            if page.last_key is None:
                break
            start = page.last_key
        assert listed == set(keys)
        assert store.page(bucket.at("p/"), "p/2x").keys == {"p/3", "p/4"}
        assert store.page(bucket.at("p/"), "p/4").keys == frozenset()

    def test_folders_end_with_a_slash(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        for key in ("out/day=1/a", "out/day=1/b", "out/day=2/x/y", "out/day", "other/day=3/a"):
            put(store, bucket.at(key))
        assert list(store.folders(bucket.at("out/day="))) == ["day=1/", "day=2/"]

    def test_a_whole_object_is_read_up_to_a_limit(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        put(store, bucket.at("k"), b"12345")
        assert store.get(bucket.at("k"), 5) == b"12345"
        with pytest.raises(ObjectTooLargeError):
            store.get(bucket.at("k"), 4)
        with pytest.raises(FluxionsStorageError):
            store.get(bucket.at("missing"))

    def test_an_object_is_read_in_its_version(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        old = put(store, bucket.at("k"), b"old one")
        assert store.get(old.address, version=old.version) == b"old one"
        with closing(store.open(old)) as body:
            assert (body.read(3), body.read()) == (b"old", b" one")
        with closing(store.open(old, (4, 6))) as body:
            assert body.read() == b"one"
        put(store, bucket.at("k"), b"new one")
        with pytest.raises(FluxionsStorageError, match="k"):
            store.get(old.address, version=old.version)
        with pytest.raises(FluxionsStorageError, match="k"):
            store.open(old)

    def test_a_range_is_read(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        found = put(store, bucket.at("k"), b"0123456789")
        assert (store.read_range(found, 2, 3), store.read_range(found, 8, 100)) == (b"234", b"89")
        store.delete([found.address])
        with pytest.raises(FluxionsError):
            store.read_range(found, 0, 1)

    def test_a_recording_is_sent_in_the_version_that_was_found(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        source = store.audio(put(store, bucket.at("k"), b"old"))
        assert (source.uri, source.size_bytes) == (bucket.at("k").uri, 3)
        for _ in range(2):
            with closing(source.open()) as body:
                assert body.read() == b"old"
        put(store, bucket.at("k"), b"new")
        with pytest.raises(FluxionsAudioError) as caught:
            source.open()
        assert caught.value.transient

    def test_a_write_replaces_only_what_is_expected(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        address = bucket.at("k")
        store.put(address, b"1", "text/plain", {}, expected="")
        with pytest.raises(ObjectChangedError):
            store.put(address, b"2", "text/plain", {}, expected="")
        first = store.head(address)
        assert first is not None
        store.put(address, b"3", "text/plain", {}, expected=first.version)
        with pytest.raises(ObjectChangedError):
            store.put(address, b"4", "text/plain", {}, expected=first.version)
        assert store.get(address) == b"3"
        store.delete([address])
        with pytest.raises(ObjectChangedError):
            store.put(address, b"5", "text/plain", {}, expected=first.version)
        assert store.head(address) is None

    def test_a_large_object_is_written_in_parts(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        address, body = bucket.at("k"), b"1" * PART + b"2" * PART + b"3"
        with ObjectUpload(store, address, "audio/wav", {"voice_id": "v"}) as upload:
            upload.write(body)
            assert store.head(address) is None
            upload.complete("")
        found = store.head(address)
        assert found is not None
        assert (found.size_bytes, found.content_type, dict(found.metadata)) == (
            len(body),
            "audio/wav",
            {"voice_id": "v"},
        )
        assert store.get(address) == body
        with ObjectUpload(store, address, "audio/wav", {}) as upload:
            upload.write(body[1:])
            with pytest.raises(ObjectChangedError):
                upload.complete("")
            upload.complete(found.version)
        assert store.get(address) == body[1:]

    def test_parts_that_are_removed_make_no_object(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        address = bucket.at("k")
        upload_id = store.begin_upload(address, "audio/wav", {})
        store.upload_part(address, upload_id, 1, b"1")
        assert store.head(address) is None
        store.abort_upload(address, upload_id)
        assert store.head(address) is None

    def test_what_is_deleted_is_gone(self, store: ObjectStore, bucket: ObjectAddress) -> None:
        for key in ("a", "b", "c"):
            put(store, bucket.at(key))
        store.delete([bucket.at("a"), bucket.at("missing"), bucket.at("c")])
        assert [one.key for one in store.list(bucket)] == ["b"]
