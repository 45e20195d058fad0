"""Writing audio that is encoded while it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, cast

from airflow_provider_fluxions.pipeline.conditional_put import write_result
from airflow_provider_fluxions.pipeline.object_metadata import Metadata
from airflow_provider_fluxions.speech.encoding import AudioFormat, open_encoder
from airflow_provider_fluxions.storage import ObjectAddress, ObjectStore, ObjectUpload


def upload_audio(
    store: ObjectStore,
    address: ObjectAddress,
    form: AudioFormat,
    sample_rate: int,
    channels: int,
    blocks: Iterable[bytes],
    metadata: Metadata,
    replaces: str | None,
) -> None:
    """Write audio as one object, whole or not at all. Holds some parts of an upload and one block in memory.

    Audio of the same text that another run has stored by now stays.

    :param blocks: The samples, in order: 16 bits, little-endian, interleaved.
    :param replaces: The version of the object that it replaces; None if there was no object.
    :raises FluxionsTransferError: if a result of another source exists.
    :raises FluxionsStorageError: if the store refused a request.
    """
    with ObjectUpload(store, address, form.content_type, metadata) as upload:
        with open_encoder(cast("BinaryIO", upload), form.extension, sample_rate, channels) as encoder:
            for block in blocks:
                encoder.write(block)
                upload.check()
        write_result(store, address, metadata, replaces, upload.complete)
