"""Progress bars on stderr, if that is a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from airflow_provider_fluxions.api.audio import AudioSource, Readable
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.cli.screen import Screen
from airflow_provider_fluxions.polling import WatchedJobs

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

MAX_NAME_CHARACTERS = 60


@contextmanager
def shown_upload(source: AudioSource, screen: Screen) -> Iterator[AudioSource]:
    """Return a source that moves a bar when it is read. A new attempt moves it back."""
    if not screen.err.isatty():
        yield source
        return
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with _progress(screen, *columns) as progress:
        task = progress.add_task(printable(last_part(source.uri), MAX_NAME_CHARACTERS), total=source.size_bytes)
        yield _Counted(source, progress, task)


@contextmanager
def shown_wait(watched: WatchedJobs, screen: Screen) -> Iterator[Clock]:
    """Return a clock for the wait. While it sleeps, a bar shows how many jobs have finished."""
    if not screen.err.isatty():
        yield Clock()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn

    with _progress(screen, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()) as progress:
        task = progress.add_task("Jobs ended", total=len(watched.job_ids))

        def sleep(seconds: float) -> None:
            progress.update(task, completed=len(watched.ended))
            time.sleep(seconds)

        yield Clock(sleep=sleep)


@dataclass(frozen=True)
class _Counted:
    """An audio source with a progress bar."""

    source: AudioSource
    progress: Progress
    task: TaskID

    @property
    def uri(self) -> str:
        return self.source.uri

    @property
    def size_bytes(self) -> int:
        return self.source.size_bytes

    @property
    def version(self) -> str:
        return self.source.version

    @property
    def content_type(self) -> str | None:
        return getattr(self.source, "content_type", None)

    def open(self) -> Readable:
        self.progress.reset(self.task)
        # The type requires a whole file object, but only read and close are used.
        return self.progress.wrap_file(cast("BinaryIO", self.source.open()), self.size_bytes, task_id=self.task)


def _progress(screen: Screen, *columns: Any) -> Progress:
    from rich.console import Console
    from rich.progress import Progress, TextColumn

    console = Console(file=screen.err)
    # Plain text, because rich could read a file name as markup.
    return Progress(TextColumn("{task.description}", markup=False), *columns, console=console, transient=True)
