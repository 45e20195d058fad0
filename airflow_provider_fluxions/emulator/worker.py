"""Recognition in a separate thread, one upload at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from airflow_provider_fluxions.emulator.recognition import Recogniser, Recognition, RecognitionError, Upload

Done = Callable[[int, Recognition | None, str | None], None]


class RecognitionWorker:
    """Runs a recogniser and reports each result once, as `done(job_id, recognition, error_message)`."""

    def __init__(self, recogniser: Recogniser, done: Done) -> None:
        self._recogniser = recogniser
        self._done = done
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fluxions-recognition")
        self._waiting: set[Future[Recognition]] = set()

    def enqueue(self, job_id: int, upload: Upload) -> None:
        """Recognise `upload` after the uploads before it."""
        future = self._executor.submit(self._recogniser.recognise, upload)
        self._waiting.add(future)
        future.add_done_callback(lambda finished: self._report(job_id, finished))

    def close(self) -> bool:
        """Start no further recognition; return True if one is still running, which cannot be interrupted."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        return any(future.running() for future in self._waiting.copy())

    def _report(self, job_id: int, finished: Future[Recognition]) -> None:
        self._waiting.discard(finished)
        if finished.cancelled():
            return
        error = finished.exception()
        if error is None:
            self._done(job_id, finished.result(), None)
        elif isinstance(error, RecognitionError):
            self._done(job_id, None, str(error))
        else:
            # A user's recogniser can raise any exception; its job fails, and the server continues.
            self._done(job_id, None, f"Recognition failed: {type(error).__name__}: {error}")
