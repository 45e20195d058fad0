"""Read and write objects in S3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from airflow_provider_fluxions.storage.address import ObjectAddress
from airflow_provider_fluxions.storage.object_store import Capabilities, ObjectChangedError, ObjectStore, UploadedPart
from airflow_provider_fluxions.storage.s3_errors import (
    is_changed,
    is_unknown_condition,
    s3_exceptions,
    storage_errors,
)
from airflow_provider_fluxions.storage.s3_objects import metadata_to_s3
from airflow_provider_fluxions.storage.s3_reader import S3Reader

DELETES_IN_FLIGHT = 8
# What each part needs of the arguments that the user gave for the object: keys of server-side encryption.
_OF_EACH_PART = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5", "ExpectedBucketOwner")


class S3Store(S3Reader, ObjectStore):
    """The `ObjectStore` of ``s3://``. Use one instance per task; threads can share it. See `S3Reader`."""

    capabilities = Capabilities()

    def put(
        self,
        address: ObjectAddress,
        body: bytes,
        content_type: str,
        metadata: Mapping[str, str],
        *,
        expected: str | None = None,
    ) -> None:
        """See `ObjectStore`."""
        stored, extra = self.writing.packed(body, content_type)
        arguments = {"Body": stored, "ContentType": content_type, "Metadata": metadata_to_s3(metadata), **extra}
        self._write(address, self.client.put_object, arguments, expected)

    def begin_upload(self, address: ObjectAddress, content_type: str, metadata: Mapping[str, str]) -> str:
        """See `ObjectStore`."""
        arguments = {"ContentType": content_type, "Metadata": metadata_to_s3(metadata), **self.writing.extra_args}
        with storage_errors(address.uri):
            answer = self.client.create_multipart_upload(**{**self.named(address), **arguments})
        return str(answer["UploadId"])

    def upload_part(self, address: ObjectAddress, upload_id: str, number: int, body: bytes) -> UploadedPart:
        """See `ObjectStore`."""
        keys = {name: value for name, value in self.writing.extra_args.items() if name in _OF_EACH_PART}
        with storage_errors(address.uri):
            answer = self.client.upload_part(
                **self.named(address), **keys, UploadId=upload_id, PartNumber=number, Body=body
            )
        sums = {
            name: value
            for name, value in answer.items()
            if name.startswith("Checksum") and name[8:].isupper() and isinstance(value, str)
        }
        return {"PartNumber": number, "ETag": answer["ETag"], **sums}

    def abort_upload(self, address: ObjectAddress, upload_id: str) -> None:
        """See `ObjectStore`."""
        with storage_errors(address.uri):
            self.client.abort_multipart_upload(**self.named(address), UploadId=upload_id)

    def complete_upload(
        self, address: ObjectAddress, upload_id: str, parts: Sequence[UploadedPart], *, expected: str | None = None
    ) -> None:
        """See `ObjectStore`."""
        arguments = {"UploadId": upload_id, "MultipartUpload": {"Parts": parts}}
        self._write(address, self.client.complete_multipart_upload, arguments, expected)

    def delete(self, addresses: Iterable[ObjectAddress]) -> None:
        """See `ObjectStore`. One request each, several at a time: stores differ in what they take of many at once."""

        def delete(address: ObjectAddress) -> None:
            with storage_errors(address.uri):
                self.client.delete_object(**self.named(address))

        with ThreadPoolExecutor(DELETES_IN_FLIGHT, thread_name_prefix="fluxions-delete") as pool:
            list(pool.map(delete, addresses))

    def _write(
        self,
        address: ObjectAddress,
        write: Callable[..., Any],
        arguments: Mapping[str, Any],
        expected: str | None,
    ) -> None:
        """Call the client, with the condition that the object is ``expected`` where the store supports it."""
        request = {**self.named(address), **arguments}  # extra_args can name the payer as well
        with storage_errors(address.uri):
            self._write_if(address, partial(write, **request), write.__name__, expected)
        self.lineage.wrote(address)

    def _write_if(self, address: ObjectAddress, write: Callable[..., Any], call: str, expected: str | None) -> None:
        if expected is None:
            write()
            return
        if call in self.unconditional:  # second best: send a HEAD right before
            found = self.head(address)
            if (found.version if found else "") != expected:
                raise ObjectChangedError(f"{address.uri} changed.")
            write()
            return
        condition = {"IfMatch": f'"{expected}"'} if expected else {"IfNoneMatch": "*"}
        try:
            write(**condition)
        except s3_exceptions() as error:
            if is_changed(error):
                raise ObjectChangedError(f"{address.uri} changed.") from error
            if not is_unknown_condition(error):
                raise
            # Once for the whole task: the store responds to every condition of this call in the same way.
            self.unconditional.add(call)
            self._write_if(address, write, call, expected)
