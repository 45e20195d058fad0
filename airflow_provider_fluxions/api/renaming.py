"""A service that changes file names takes away what protects from paying twice: say so."""

from __future__ import annotations

import logging
import threading

from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.api.reference import references_in

log = logging.getLogger(__name__)

_lock = threading.Lock()
_has_warned = False


def warn_of_lost_reference(job: Job) -> None:
    """Log, once for the life of the process, that the API shows a job of ours without its reference.

    :param job: A job that was submitted with a reference, as the API shows it by its id. A job from the service's
        cache has the name of an older submit, so nothing is said about one.
    """
    global _has_warned
    if not job.filename or job.cached or references_in(job.filename):
        return
    with _lock:
        if _has_warned:
            return
        _has_warned = True
    log.warning(
        "Fluxions shows job %s as %r, without the reference that it was submitted with. If Fluxions changes file names "
        "like that, a retry cannot find the job of a lost try, and the recording can be charged again.",
        job.id,
        job.filename,
    )
