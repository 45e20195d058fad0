"""Receive an upload of any size in constant memory."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import IO

from airflow_provider_fluxions.emulator.multipart import MultipartFile
from airflow_provider_fluxions.emulator.recognition import Upload

_HEAD_BYTES = 1_048_576


class Intake:
    """Hashes and counts the audio, keeps its head, and spools it to a file for a recogniser.

    Use it as a context manager, which removes the file after an exception.
    """

    def __init__(self, spool: Path | None) -> None:
        self.size_bytes = 0
        self.head = bytearray()
        self._hash = hashlib.sha256()
        self._file: IO[bytes] | None = None
        if spool is not None:
            self._file = tempfile.NamedTemporaryFile(dir=spool, prefix="upload-", delete=False)  # noqa: SIM115

    def __enter__(self) -> Intake:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
            if kind is not None:
                Path(self._file.name).unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Add the next bytes of the audio."""
        self.size_bytes += len(chunk)
        self._hash.update(chunk)
        if len(self.head) < _HEAD_BYTES:
            self.head += chunk[: _HEAD_BYTES - len(self.head)]
        if self._file is not None:
            self._file.write(chunk)

    def upload(self) -> Upload:
        """Return the upload; its file is complete on disk."""
        path = None
        if self._file is not None:
            self._file.flush()
            path = Path(self._file.name)
        return Upload(self._hash.hexdigest(), self.size_bytes, bytes(self.head), path)


async def take_in(body: AsyncIterator[bytes], content_type: str, intake: Intake) -> str | None:
    """Read a whole body, raw or multipart with a field ``file``, and return the part's filename.

    :raises ApiError: if the multipart body is broken.
    """
    if not content_type.lower().startswith("multipart/form-data"):
        async for chunk in body:
            intake.write(chunk)
        return None
    parser = MultipartFile(content_type, "file", intake.write)
    async for chunk in body:
        parser.feed(chunk)
    parser.finish()
    return parser.filename
