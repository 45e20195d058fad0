"""Audio that can be sent more than once: its place, its length, and how to open it again."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast, runtime_checkable

from airflow_provider_fluxions.api.errors import FluxionsAudioError

BLOCK_BYTES = 1 << 20


class Readable(Protocol):
    """The part of an open source that an upload needs."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most ``size`` bytes, and empty bytes at the end."""

    def close(self) -> None:
        """Close the source."""


@runtime_checkable
class AudioSource(Protocol):
    """One recording that can be opened again for every attempt.

    ``version`` changes with the content (ETag, or size and modification time); "" if unknown.
    A source can also have a ``content_type``: the media type in its store, or None.
    """

    @property
    def uri(self) -> str:
        """Its URI, for logs and references."""

    @property
    def size_bytes(self) -> int:
        """Its length, which is sent to the server before the first byte."""

    @property
    def version(self) -> str:
        """The version of its content."""

    def open(self) -> Readable:
        """Open it at its first byte.

        :raises FluxionsAudioError: if it is missing or unreadable.
        """


@dataclass(frozen=True)
class Audio:
    """An audio source from plain values.

    :param content_type: The media type in its store. Default None: unknown.
    """

    uri: str
    size_bytes: int
    version: str
    opener: Callable[[], Readable]
    content_type: str | None = None

    def open(self) -> Readable:
        """Open it at its first byte."""
        return self.opener()


def audio_source(audio: AudioSource | bytes | str | os.PathLike[str] | BinaryIO) -> AudioSource:
    """Return bytes, a local path or a seekable binary file as a source.

    :raises FluxionsAudioError: if it is empty, or cannot be sent again after a failure.
    """
    if isinstance(audio, AudioSource):
        source = audio
    elif isinstance(audio, bytes):
        source = Audio("bytes", len(audio), "", lambda: io.BytesIO(audio))
    elif isinstance(audio, str | os.PathLike):
        source = _local_file(Path(audio))
    else:
        source = _open_file(audio)
    if source.size_bytes <= 0:
        raise FluxionsAudioError(f"The audio is empty: {source.uri} has 0 bytes.")
    return source


def _local_file(path: Path) -> Audio:
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise FluxionsAudioError(
                f"The audio file {path} {what}. Local paths must exist on the machine that runs the task or command."
            )
        facts = path.stat()
        path.open("rb").close()  # check that the file is readable before the submit
    except OSError as error:
        raise FluxionsAudioError(f"The audio file {path} cannot be read: {error.strerror}.") from error
    return Audio(str(path), facts.st_size, f"{facts.st_size}-{facts.st_mtime_ns}", lambda: _reopened(path))


def _reopened(path: Path) -> Readable:
    try:
        return path.open("rb")
    except OSError as error:
        raise FluxionsAudioError(
            f"The audio file {path} was removed or became unreadable: {error.strerror}."
        ) from error


def _open_file(file: BinaryIO) -> Audio:
    try:
        start = file.tell()
        # From the current position, as requests does it, because a caller might have skipped a header.
        size = file.seek(0, os.SEEK_END) - start
        file.seek(start)
        if not isinstance(file.read(0), bytes):
            raise TypeError("opened as text")
    except (AttributeError, OSError, TypeError, ValueError) as error:  # ValueError: the file is closed
        raise FluxionsAudioError(
            "The audio must be bytes, a path, or a seekable binary file, so that a failed upload can start again, "
            f"not {type(file).__name__}."
        ) from error

    def reopen() -> Readable:
        file.seek(start)
        return cast("Readable", _Unclosed(file))

    return Audio(str(getattr(file, "name", type(file).__name__)), size, "", reopen)


class _Unclosed:
    """A caller's file, which is read and never closed here."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read

    def close(self) -> None:
        """Leave the caller's file open."""


class UploadGuard(Protocol):
    """Watches an upload. Its methods run in the upload's thread, and their exceptions end the upload."""

    def beat(self) -> None:
        """Record that another block was sent."""

    def before_last_byte(self) -> None:
        """Raise to stop the upload before its last byte, with which the service would create a job."""


class LastByte(bytes):
    """The last byte of a guarded upload. The connection calls the guard again when the system has room for the byte."""

    guard: UploadGuard


def _last_byte(block: bytes, guard: UploadGuard) -> LastByte:
    last = LastByte(block[-1:])
    last.guard = guard
    return last


class UploadBody:
    """A request body of known length that reads a source once, in blocks, and counts the blocks.

    ``requests`` reads the length from ``len`` and streams because the object is iterable. If a source is longer or
    shorter than its length, it raises, so that the service never accepts a part of a recording as a whole one.

    The last byte is sent alone, as a `LastByte`, after all others were handed to the system and after the guard was
    called. It is only one byte, because a process that is stopped during a send completes this send when it continues.

    :param guard: Called before the last byte. Default None.
    """

    def __init__(self, source: AudioSource, guard: UploadGuard | None = None) -> None:
        self._source = source
        self._guard = guard
        # At once, so that a missing file is an error before the request starts.
        self._file = source.open()
        self._first: bytes | None = None
        self._bytes_read = 0
        # requests reads this name. There is no ``read`` method, because urllib3 would then cut the body into pieces of
        # 16 KiB; blocks of 1 MiB were three to four times as fast.
        self.len = source.size_bytes
        self.bytes_given = 0

    def first_bytes(self) -> bytes:
        """Return the first block. It is still sent in its turn.

        :raises FluxionsAudioError: if the source fails, or is shorter than its length.
        """
        if self._first is None:
            self._first = self._read()
        return self._first

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks.

        :raises FluxionsAudioError: if the source ends early, is too long, or fails.
        """
        for block in self._blocks():
            self.bytes_given += len(block)
            yield block
            if self._guard is not None:
                self._guard.beat()

    def _blocks(self) -> Iterator[bytes]:
        block = self.first_bytes()
        while block:
            if self._bytes_read == self.len:
                # With the last block the server has a whole recording and creates a job, so first check that
                # nothing follows.
                self._read()
                if self._guard is not None:
                    # The last byte goes alone, because a process that is stopped during a send completes this send when
                    # it continues.
                    if len(block) > 1:
                        yield block[:-1]
                    self._guard.before_last_byte()
                    block = _last_byte(block, self._guard)
            yield block
            block = self._read()

    def _read(self) -> bytes:
        try:
            block = self._file.read(BLOCK_BYTES)
        except OSError as error:
            raise FluxionsAudioError(
                f"Reading {self._source.uri} failed after {self._bytes_read} of {self.len} bytes: {error}.",
                transient=True,
            ) from error
        self._bytes_read += len(block)
        if self._bytes_read > self.len or (not block and self._bytes_read < self.len):
            raise FluxionsAudioError(
                f"{self._source.uri} changed while it was read: it has {self._bytes_read} bytes instead of {self.len}.",
                transient=True,
            )
        return block

    def close(self) -> None:
        """Close the source."""
        self._file.close()
