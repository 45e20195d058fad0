"""Write transcripts in result formats, to stdout or into a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.api.errors import FluxionsInputError, JobId
from airflow_provider_fluxions.api.job_errors import require_completed
from airflow_provider_fluxions.api.job_reference import stem_without_reference
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.cli.screen import Screen
from airflow_provider_fluxions.formats import Choice, choose_installed

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

COLUMNS = ("job_id", "format", "file")
# File systems allow 255; ``.partial`` needs 8 of them during the write.
MAX_NAME_BYTES = 240
MAX_ID_CHARACTERS = 40


@dataclass(frozen=True)
class Export:
    """Formats and their destination; ``folder`` None is stdout."""

    choices: tuple[Choice, ...]
    folder: Path | None

    def write(self, client: FluxionsClient, job_ids: Iterable[JobId], screen: Screen) -> None:
        """Read the transcripts and write each in each format. With a folder, show the written files.

        :raises FluxionsJobFailedError: if a job failed.
        :raises FluxionsNotReadyError: if a job is running.
        :raises FluxionsInputError: if a file cannot be written.
        """
        written: list[dict[str, Any]] = []
        try:
            for job_id in job_ids:
                transcription = require_completed(client.get_transcription(job_id, word_level_timestamps=True))
                for choice in self.choices:
                    written += self._write(transcription, choice, screen)
        finally:
            if self.folder is not None:
                screen.rows(COLUMNS, written)

    def _write(self, transcription: Transcription, choice: Choice, screen: Screen) -> list[dict[str, Any]]:
        rows = []
        for extension, body in choice.files(transcription).items():
            if self.folder is None:
                screen.raw(body)
                continue
            path = self.folder / file_name(stem_without_reference(transcription.filename), transcription.id, extension)
            write_whole(path, body)
            rows.append({"job_id": transcription.id, "format": choice.format.name, "file": str(path)})
        return rows


def plan(
    names: Sequence[str], format_options: Sequence[str], to: str | None, transcripts: int, *, as_json: bool
) -> Export:
    """Return the formats to write, checked before the first submit.

    :param to: The folder, or None for stdout.
    :param transcripts: Number of transcripts. Stdout takes one.
    :raises FluxionsInputError: for an unknown format or option, a missing extra, or more than one file for stdout.
    """
    choices = choose_installed(names, parse_options(format_options))
    if to is None:
        if transcripts * sum(len(choice.extensions) for choice in choices) != 1:
            raise FluxionsInputError("Stdout takes one file of one transcript. Set a folder with --to for more.")
        if as_json:
            raise FluxionsInputError("Stdout takes either the transcript or --output json. Add --to FOLDER.")
    return Export(choices, Path(to) if to is not None else None)


def parse_options(given: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return format options by format from ``FORMAT.NAME=VALUE``. A value that is not JSON is text.

    :raises FluxionsInputError: if an option has another form.
    """
    options: dict[str, dict[str, Any]] = {}
    for item in given:
        path, equals, text = item.partition("=")
        name, dot, option = path.partition(".")
        if not (equals and dot and name and option):
            raise FluxionsInputError(f"--option must look like vtt.preset=netflix, not {item!r}.")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text
        options.setdefault(name, {})[option] = value
    return options


def file_name(stem: str, job_id: JobId, extension: str) -> str:
    """Return ``stem-id.extension`` as a file name that every file system allows, within its folder.

    A job's file name and its id are foreign text: characters that are not printable and slashes become ``_``, and the
    stem is cut so that the name has at most `MAX_NAME_BYTES`.
    """
    tail = f"-{_plain(str(job_id))[:MAX_ID_CHARACTERS]}{extension}"
    room = MAX_NAME_BYTES - len(tail.encode())
    return _plain(stem).encode()[:room].decode(errors="ignore") + tail


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() and char not in "/\\" else "_" for char in text)


def write_whole(path: Path, body: bytes) -> None:
    """Write a file whole: another program never reads a part of it.

    :raises FluxionsInputError: it cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(body)
        partial.replace(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL or a lone surrogate in the folder's name
        raise _not_written(path, error) from error


def check_writable(path: Path) -> None:
    """Do nothing if a file can be written there; its folder is made.

    :raises FluxionsInputError: it cannot, so that nothing needs to be paid to find out.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        partial.touch()
        partial.unlink()
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: Exception) -> FluxionsInputError:
    return FluxionsInputError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}.")
