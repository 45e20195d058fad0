"""The threads of a transfer: running uploads and writes, and their results."""

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
    """Running uploads and writes, and the callbacks for their results in the deciding thread."""

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
        """After an error, cancel waiting work, wait for running work and record its results."""
        if error is not None:
            for future in self._open:
                # Running work cannot be cancelled: an upload that the service has accepted must still be recorded.
                future.cancel()
        self._stack.close()
        if error is not None:
            self._note_rest()

    def _note_rest(self) -> None:
        for future, (_, done, _) in self._open.items():
            if not future.cancelled() and future.exception() is None:
                # The manifest then contains these jobs, so the next try reuses them without a scan.
                done(future.result())

    @property
    def is_busy(self) -> bool:
        """Whether an upload or write is running."""
        return bool(self._open)

    @property
    def uploads_running(self) -> int:
        """Number of running uploads."""
        return sum(is_upload for is_upload, _, _ in self._open.values())

    @property
    def writes_running(self) -> int:
        """Number of inputs with running or waiting writes."""
        return len(self._open) - self.uploads_running

    def upload(self, act: Callable[[], UploadResult], done: Done, failed: Failed) -> None:
        """Start an upload."""
        self._open[self._uploads.submit(act)] = (True, done, failed)

    def write(self, act: Callable[[], WriteResult], done: Done, failed: Failed) -> None:
        """Start to write results."""
        self._open[self._writes.submit(act)] = (False, done, failed)

    def pause(self, seconds: float, clock: Clock) -> None:
        """Wait until an upload or write is finished, at most this long."""
        if self._open:
            wait(self._open, timeout=seconds, return_when=FIRST_COMPLETED)
        else:
            clock.sleep(seconds)

    def collect(self) -> None:
        """Pass on the results of finished work. An exception of one input's work fails this input.

        :raises FluxionsError: if an error concerns all inputs.
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
