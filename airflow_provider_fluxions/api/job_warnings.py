"""Log a warning if the service changes file names, because a recording can then be charged twice."""

from __future__ import annotations

import logging
import threading

from airflow_provider_fluxions.api.job_reference import references_in
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.api.printable import printable

log = logging.getLogger(__name__)


class LostReferences:
    """Warns once about jobs without their reference. Threads can share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._has_warned = False

    def check(self, job: Job) -> None:
        """Warn if the file name of a job has no reference.

        :param job: A job that was submitted with a reference, as read by its id. A job without a name is ignored,
            because some responses omit it. A job from the service's cache is ignored, because it has the name of an
            older submit.
        """
        if not job.filename or job.cached or references_in(job.filename):
            return
        with self._lock:
            if self._has_warned:
                return
            self._has_warned = True
        log.warning(
            "Fluxions shows job %s as %s, without the reference that it was submitted with. If Fluxions changes file "
            "names like that, a retry cannot find the job of a failed try, and the recording can be charged again.",
            job.id,
            printable(repr(job.filename)),
        )


# One line for all, because one process can run thousands of jobs.
_lost = LostReferences()


def warn_of_lost_reference(job: Job) -> None:
    """Log once in the life of the process that the API returned a submitted job without its reference.

    :param job: See `LostReferences.check`.
    """
    _lost.check(job)


def warn_of_other_options(non_speech_asked: bool, job: Job) -> None:
    """Log if the service returned a result for other options, because its cache might compare only the bytes."""
    if job.non_speech is not None and job.non_speech != non_speech_asked:
        log.warning(
            "Job %s was transcribed with non_speech=%s instead of %s: probably an earlier result from "
            "the service's cache. Set cache=False and clear the task to transcribe it again.",
            job.id, job.non_speech, non_speech_asked,
        )  # fmt: skip
