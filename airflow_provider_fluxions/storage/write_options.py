"""How results are written to S3: what the user asks of `put_object`, and compression. No I/O."""

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
    """How objects are written.

    :param extra_args: what boto3's ``put_object`` takes beside them, such as ``ServerSideEncryption``,
        ``SSEKMSKeyId``, ``StorageClass``, ``ACL`` or ``Tagging``.
    :param gzip: compress text, and say so in ``Content-Encoding``.
    """

    extra_args: Mapping[str, Any] = field(default_factory=dict)
    gzip: bool = False

    def __post_init__(self) -> None:
        """Check the arguments.

        :raises FluxionsInputError: one is not the user's to set.
        """
        if not isinstance(self.extra_args, Mapping):
            raise FluxionsInputError(f"extra_args must be like {{'StorageClass': ...}}, not {shown(self.extra_args)}.")
        ours = sorted({"Bucket", "Key", "Body", "Metadata", "ContentType", "ContentEncoding"} & set(self.extra_args))
        if ours:
            raise FluxionsInputError(f"extra_args may not set {', '.join(ours)}: the transfer does.")

    def packed(self, body: bytes, content_type: str) -> tuple[bytes, dict[str, Any]]:
        """Return a body as it is stored, and the arguments that go with it."""
        extra = dict(self.extra_args)
        if not self.gzip or not content_type.startswith(_COMPRESSIBLE):
            return body, extra
        # Without a time in its header the same text stays the same object.
        return gzip.compress(body, mtime=0), {**extra, "ContentEncoding": "gzip"}
