"""Jobs that cannot be read though the service answers, and when to give them up. No I/O."""

from __future__ import annotations

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.ids import key_of


class Trouble:
    """Since when the reads of which jobs fail.

    :param patience_seconds: how long a job's reads may fail before it is given up.
    """

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._seen: dict[str, tuple[float, float]] = {}  # the first and the last instant, by job

    def lasts_too_long(self, job_id: JobId, now: float) -> bool:
        """Note that a job could not be read; return whether that has gone on for so long that it is given up.

        Trouble after a long while without is new trouble.
        """
        first, last = self._seen.get(key_of(job_id), (now, now))
        if now - last > self._patience / 3:
            first = now
        self._seen[key_of(job_id)] = first, now
        return now - first >= self._patience
