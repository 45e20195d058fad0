"""A service that changes file names takes away the protection from paying twice: log it."""

from __future__ import annotations

import logging
import threading

from airflow_provider_fluxions.api.job_reference import references_in
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.api.printable import printable

log = logging.getLogger(__name__)


class LostReferences:
    """Warns once of jobs that the API shows without their reference. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._has_warned = False

    def check(self, job: Job) -> None:
        """Warn if the file name of a job has no reference.

        :param job: A job that was submitted with a reference, as the API shows it by its id. Nothing is logged about
            one without a name, which some responses leave out, or one from the service's cache, which has the name of
            an older submit.
        """
        if not job.filename or job.cached or references_in(job.filename):
            return
        with self._lock:
            if self._has_warned:
                return
            self._has_warned = True
        log.warning(
            "Fluxions shows job %s as %s, without the reference that it was submitted with. If Fluxions changes file "
            "names like that, a retry cannot find the job of a lost try, and the recording can be charged again.",
            job.id,
            printable(repr(job.filename)),
        )


# One process can run thousands of jobs: one line for all of them.
_lost = LostReferences()


def warn_of_lost_reference(job: Job) -> None:
    """Log once for the life of the process that the API shows a job of ours without its reference.

    :param job: See `LostReferences.check`.
    """
    _lost.check(job)


def warn_of_other_options(non_speech_asked: bool, job: Job) -> None:
    """Say so where the service answered with a result for other options (its cache may know only the bytes)."""
    if job.non_speech is not None and job.non_speech != non_speech_asked:
        log.warning(
            "Job %s was transcribed with non_speech=%s, but this task asked for %s: probably an earlier result from "
            "the service's cache. Set cache=False and clear the task to transcribe it again.",
            job.id, job.non_speech, non_speech_asked,
        )  # fmt: skip
