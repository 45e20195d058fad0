"""Audio that can be sent more than once: where it is, how long it is, and how to open it afresh."""

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
    """What an upload needs of an open source."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most ``size`` bytes, nothing at the end."""

    def close(self) -> None:
        """Release the source."""


@runtime_checkable
class AudioSource(Protocol):
    """One recording that can be opened again for every attempt.

    ``version`` changes when the content does (ETag, or size and modification time); "" where nobody knows.
    A source may also have a ``content_type``: the media type that its store has for it, a text or None.
    """

    @property
    def uri(self) -> str:
        """Where it lies, for logs and references."""

    @property
    def size_bytes(self) -> int:
        """Its length, which is promised to the server before the first byte."""

    @property
    def version(self) -> str:
        """What tells two contents at the same place apart."""

    def open(self) -> Readable:
        """Open it at its first byte.

        :raises FluxionsAudioError: it is gone or unreadable.
        """


@dataclass(frozen=True)
class Audio:
    """An audio source made of plain parts.

    :param content_type: The media type that its store has for it. Default None: not known.
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

    :raises FluxionsAudioError: there is nothing to send, or it cannot be sent again after a failure.
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
            raise FluxionsAudioError(f"The audio file {path} {what} on this worker.")
        facts = path.stat()
        path.open("rb").close()  # unreadable files are found before a job is promised anything
    except OSError as error:
        raise FluxionsAudioError(f"The audio file {path} cannot be read: {error.strerror}.") from error
    return Audio(str(path), facts.st_size, f"{facts.st_size}-{facts.st_mtime_ns}", lambda: _reopened(path))


def _reopened(path: Path) -> Readable:
    try:
        return path.open("rb")
    except OSError as error:
        raise FluxionsAudioError(f"The audio file {path} was there and is not any more: {error.strerror}.") from error


def _open_file(file: BinaryIO) -> Audio:
    try:
        start = file.tell()
        size = file.seek(0, os.SEEK_END) - start
        file.seek(start)
        if not isinstance(file.read(0), bytes):
            raise TypeError("opened as text")
    except (AttributeError, OSError, TypeError, ValueError) as error:  # ValueError: it is closed
        raise FluxionsAudioError(
            "The audio must be bytes, a path, or a binary file that can seek, so that a failed upload can start "
            f"again; got {type(file).__name__}."
        ) from error

    def reopen() -> Readable:
        file.seek(start)
        return cast("Readable", _Unclosed(file))

    return Audio(str(getattr(file, "name", type(file).__name__)), size, "", reopen)


class _Unclosed:
    """A caller's file: read, never closed by us."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read

    def close(self) -> None:
        """Leave the caller's file open."""


class UploadGuard(Protocol):
    """Who has a say in an upload. Its methods run in the thread that uploads; what they raise ends the upload."""

    def beat(self) -> None:
        """Note that another block was sent."""

    def before_last_byte(self) -> None:
        """Raise if the recording must not arrive whole: with its last byte, the service makes a job of it."""


class UploadBody:
    """A request body of known length that reads a source once, in blocks, and counts those that it gave.

    ``requests`` takes the length from ``len`` and streams because the object is iterable; without a ``read``
    urllib3 sends each block as it comes instead of cutting it into pieces of 16 KiB (1 MiB blocks measured
    three to four times faster). A source that turns out longer or shorter than promised raises, so that no
    half recording is ever accepted as a whole one.

    The last byte is sent alone, after everything before it was handed to the system and the guard had its say. One
    byte, because a process that is stopped in the middle of a send completes it when it continues.

    :param guard: Asked before the last byte. Default None: nobody is asked.
    """

    def __init__(self, source: AudioSource, guard: UploadGuard | None = None) -> None:
        self._source = source
        self._guard = guard
        self._file = source.open()
        self._first: bytes | None = None
        self._bytes_read = 0
        self.len = source.size_bytes
        self.bytes_given = 0

    def first_bytes(self) -> bytes:
        """Return the first block, which is still sent in its turn.

        :raises FluxionsAudioError: the source breaks off, or is shorter than promised.
        """
        if self._first is None:
            self._first = self._read()
        return self._first

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks.

        :raises FluxionsAudioError: the source ends early, goes on too long, or breaks off.
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
                # With the last block the server has a whole recording, and makes a job of it: first see that
                # nothing follows.
                self._read()
                if self._guard is not None:
                    if len(block) > 1:
                        yield block[:-1]
                    self._guard.before_last_byte()
                    block = block[-1:]
            yield block
            block = self._read()

    def _read(self) -> bytes:
        try:
            block = self._file.read(BLOCK_BYTES)
        except OSError as error:
            raise FluxionsAudioError(
                f"Reading {self._source.uri} broke off after {self._bytes_read} of {self.len} bytes: {error}.",
                transient=True,
            ) from error
        self._bytes_read += len(block)
        if self._bytes_read > self.len or (not block and self._bytes_read < self.len):
            raise FluxionsAudioError(
                f"{self._source.uri} changed while it was read: {self.len} bytes were announced, "
                f"{self._bytes_read} came.",
                transient=True,
            )
        return block

    def close(self) -> None:
        """Release the source."""
        self._file.close()
