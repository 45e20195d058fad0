"""The threads of a transfer: uploads and writes under way, and what becomes of their results."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any

from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.pipeline.input_errors import is_input_error
from airflow_provider_fluxions.pipeline.steps import UploadResult, WriteResult

WRITERS = 4

Done = Callable[[Any], None]
Failed = Callable[[Exception], None]


@dataclass
class TransferExecutor:
    """Uploads and writes under way, and what to call with their results in the deciding thread."""

    upload_workers: int
    _open: dict[Future[Any], tuple[bool, Done, Failed]] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> TransferExecutor:
        make = partial(ThreadPoolExecutor, thread_name_prefix="fluxions-transfer")
        self._uploads = self._stack.enter_context(make(self.upload_workers))
        self._writes = self._stack.enter_context(make(WRITERS))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """After an error, drop what has not begun, wait for the rest and note it."""
        if error is not None:
            for future in self._open:
                future.cancel()
        self._stack.close()
        if error is not None:
            self._note_rest()

    def _note_rest(self) -> None:
        for future, (_, done, _) in self._open.items():
            if not future.cancelled() and future.exception() is None:
                done(future.result())

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._open)

    @property
    def uploads_running(self) -> int:
        """Uploads under way."""
        return sum(is_upload for is_upload, _, _ in self._open.values())

    @property
    def writes_running(self) -> int:
        """Inputs whose results are being written, or wait for a writer."""
        return len(self._open) - self.uploads_running

    def upload(self, act: Callable[[], UploadResult], done: Done, failed: Failed) -> None:
        """Begin an upload."""
        self._open[self._uploads.submit(act)] = (True, done, failed)

    def write(self, act: Callable[[], WriteResult], done: Done, failed: Failed) -> None:
        """Begin to write results."""
        self._open[self._writes.submit(act)] = (False, done, failed)

    def pause(self, seconds: float, clock: Clock) -> None:
        """Wait until something is finished, at most so long."""
        if self._open:
            wait(self._open, timeout=seconds, return_when=FIRST_COMPLETED)
        else:
            clock.sleep(seconds)

    def collect(self) -> None:
        """Hand out the results of what is finished. An exception of one input's work is that input's failure.

        :raises FluxionsError: what concerns all.
        """
        for future in [one for one in self._open if one.done()]:
            _, done, failed = self._open.pop(future)
            try:
                result = future.result()
            except Exception as error:
                if not is_input_error(error):
                    raise
                failed(error)
            else:
                done(result)
