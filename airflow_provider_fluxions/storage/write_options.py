"""Options for writing results to S3: the user's arguments of `put_object`, and compression. No I/O."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.json_values import shown

_COMPRESSIBLE = ("text/", "application/json", "application/x-ndjson", "application/x-subrip")


@dataclass(frozen=True)
class WriteOptions:
    """Options for writing objects.

    :param extra_args: Further arguments of boto3's ``put_object``, such as ``ServerSideEncryption``,
        ``SSEKMSKeyId``, ``StorageClass``, ``ACL`` or ``Tagging``.
    :param gzip: Compress text and set ``Content-Encoding``. Default False.
    """

    extra_args: Mapping[str, Any] = field(default_factory=dict)
    gzip: bool = False

    def __post_init__(self) -> None:
        """Check the arguments.

        :raises FluxionsInputError: if the user is not allowed to set one of them.
        """
        if not isinstance(self.extra_args, Mapping):
            raise FluxionsInputError(f"extra_args must be like {{'StorageClass': ...}}, not {shown(self.extra_args)}.")
        ours = sorted({"Bucket", "Key", "Body", "Metadata", "ContentType", "ContentEncoding"} & set(self.extra_args))
        if ours:
            raise FluxionsInputError(f"extra_args must not contain {', '.join(ours)}, because the transfer sets them.")

    def packed(self, body: bytes, content_type: str) -> tuple[bytes, dict[str, Any]]:
        """Return a body for storage, and its arguments."""
        extra = dict(self.extra_args)
        # Parquet is compressed inside, and players of audio do not unpack gzip.
        if not self.gzip or not content_type.startswith(_COMPRESSIBLE):
            return body, extra
        # Without a time in the header, the same text gives the same object.
        return gzip.compress(body, mtime=0), {**extra, "ContentEncoding": "gzip"}
