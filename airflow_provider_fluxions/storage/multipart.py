"""One large object, written in order while its content is made, with constant memory.

The first part is sent last, so its bytes can be changed until then: encoders write lengths into the header of a file
when its content is complete.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType

from airflow_provider_fluxions.api.errors import FluxionsStorageError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.storage.address import ObjectAddress
from airflow_provider_fluxions.storage.object_store import ObjectStore, UploadedPart

log = logging.getLogger(__name__)

# All parts but the last have this size: S3 needs 5 MiB, and Cloudflare R2 refuses parts of different sizes.
PART_BYTES = 5 * 1024 * 1024
# Parts that are sent while the next one is made; each is in memory.
PARTS_IN_FLIGHT = 1
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
MAX_PARTS = 10_000


class ObjectUpload:
    """A file open for writing that becomes one object with `complete`.

    A content of at most one part is one PUT. A larger one is a multipart upload, which is aborted if its block ends
    before it is complete. No reader ever sees a part of it. Holds two parts in memory, and those that are being sent.

    Seeking back is possible within the first part only.

    :param part_bytes: size of a part; a test can make it smaller.
    """

    def __init__(
        self,
        store: ObjectStore,
        address: ObjectAddress,
        content_type: str,
        metadata: Mapping[str, str],
        *,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._store, self._address = store, address
        self._content_type, self._metadata = content_type, metadata
        self._part_bytes = part_bytes
        self._first, self._rest = bytearray(), bytearray()
        self._position = self._size = 0
        self._upload_id: str | None = None
        self._last_part = 1
        self._pool = ThreadPoolExecutor(PARTS_IN_FLIGHT, thread_name_prefix="fluxions-upload")
        self._sending: set[Future[tuple[int, UploadedPart]]] = set()
        self._parts: list[tuple[int, UploadedPart]] = []
        self._error: BaseException | None = None
        self._is_sent = self._is_complete = False

    def __enter__(self) -> ObjectUpload:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A part that arrives after the abort would stay.
        self._pool.shutdown(cancel_futures=True)
        if not self._is_complete:
            self._abort()

    def complete(self, expected: str | None = None) -> None:
        """Make the object of what was written. After an `ObjectChangedError`, it can be called again.

        :param expected: the version to replace, or empty if there must be no object. Default None: replace any.
        :raises ObjectChangedError: the object is not ``expected``. Nothing was written.
        :raises FluxionsStorageError: the store refused, or see `check`.
        """
        self.check()
        if self._upload_id is None and not self._rest:
            body = bytes(self._first)
            self._store.put(self._address, body, self._content_type, self._metadata, expected=expected)
        else:
            self._send_all()
            parts = [part for _, part in sorted(self._parts, key=lambda one: one[0])]
            self._store.complete_upload(self._address, self._upload_id or "", parts, expected=expected)
        self._is_complete = True

    def write(self, data: bytes, /) -> int:
        """Write at the position: at the end, or over bytes of the first part.

        An encoder in C calls this and drops exceptions. So the first error is kept: `check` raises it, and what is
        written later is dropped.
        """
        if self._error is None:
            try:
                self._write(memoryview(data))
            except BaseException as error:  # Airflow's timeouts are not Exceptions
                self._error = error
        self._position += len(data)
        return len(data)

    def check(self) -> None:
        """Raise the first error of a write, if there was one.

        :raises FluxionsStorageError: the store refused, or a byte outside of the first part was changed.
        """
        if self._error is not None:
            raise self._error

    def _write(self, view: memoryview) -> None:
        if self._position == self._size:
            self._append(view)
        elif self._position < len(self._first):
            self._overwrite(view)
        else:
            raise self._moved(self._position)

    def _moved(self, position: int) -> FluxionsStorageError:
        return FluxionsStorageError(
            f"{self._address.uri} cannot be written: its encoder changed byte {position:,}, behind the first "
            f"{self._part_bytes:,} bytes.",
            transient=False,
        )

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move the position; see `io.IOBase.seek`."""
        self._position = max(0, offset + {0: 0, 1: self._position, 2: self._size}[whence])
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def _overwrite(self, view: memoryview) -> None:
        room = len(self._first) - self._position
        if len(view) > room and self._size > len(self._first):
            raise self._moved(len(self._first))
        inside = view[:room]
        self._first[self._position : self._position + len(inside)] = inside
        self._append(view[room:])

    def _append(self, view: memoryview) -> None:
        self._size += len(view)
        view = _fill(self._first, view, self._part_bytes)
        while view:
            # A part is sent when more follows: the last one may be smaller, and there must be one.
            if len(self._rest) == self._part_bytes:
                # The next part gets a new buffer: to delete from the start of this one would move the rest.
                body, self._rest = self._rest, bytearray()
                self._send_next(body)
            view = _fill(self._rest, view, self._part_bytes)

    def _send_next(self, body: bytearray) -> None:
        self._last_part += 1
        self._send(self._last_part, body)

    def _send(self, number: int, body: bytearray) -> None:
        """Send a part in a thread; wait first until fewer than the maximum are being sent."""
        if number > MAX_PARTS:
            raise FluxionsStorageError(
                f"{self._address.uri} would have more than {MAX_PARTS:,} parts.", transient=False
            )
        if self._upload_id is None:
            self._upload_id = self._store.begin_upload(self._address, self._content_type, self._metadata)
        self._wait(PARTS_IN_FLIGHT - 1)
        # A copy, made after the wait: botocore copies a bytearray as well, and sends it without `Expect: 100-continue`.
        self._sending.add(self._pool.submit(self._upload, self._upload_id, number, bytes(body)))

    def _wait(self, most: int) -> None:
        """Wait until at most so many parts are being sent.

        :raises FluxionsStorageError: the store refused one.
        """
        while len(self._sending) > most:
            done, self._sending = wait(self._sending, return_when=FIRST_COMPLETED)
            self._parts += [one.result() for one in done]

    def _upload(self, upload_id: str, number: int, body: bytes) -> tuple[int, UploadedPart]:
        return number, self._store.upload_part(self._address, upload_id, number, body)

    def _send_all(self) -> None:
        """Send what is left, the first part last, once."""
        if self._is_sent:
            return
        if self._rest:
            self._send_next(self._rest)
        self._send(1, self._first)
        self._wait(0)
        self._is_sent = True

    def _abort(self) -> None:
        """Remove the parts that were sent; a lifecycle rule removes those of a process that died."""
        if self._upload_id is None:
            return
        try:
            self._store.abort_upload(self._address, self._upload_id)
        except FluxionsStorageError as error:
            log.warning("The parts of the upload of %s were not removed: %s", self._address.uri, printable(error))


def _fill(part: bytearray, view: memoryview, size_bytes: int) -> memoryview:
    """Append to a part up to its size; return the bytes that it has no room for."""
    room = size_bytes - len(part)
    part += view[:room]
    return view[room:]
