"""The cost of a task, in its log and as XComs: an estimate before the submit, and the measured cost after it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api.audio import AudioSource
from airflow_provider_fluxions.api.cost import cost_line, cost_of
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.storage.audio_duration import UNKNOWN_BYTES_PER_SECOND, source_seconds

log = logging.getLogger(__name__)

ESTIMATE_XCOM = "estimated_cost"
COST_XCOM = "cost"


@dataclass(frozen=True)
class CostReport:
    """Reports the cost of a task with a price. Without a price it reads and logs nothing.

    :param price_per_audio_hour: Price in the user's currency, or None.
    :param ti: The task instance that gets the XComs ``estimated_cost`` and ``cost``.
    """

    price_per_audio_hour: float | None
    ti: Any

    def before(self, source: AudioSource) -> None:
        """Report the estimated cost of a recording, from its header, else from its size.

        :raises FluxionsAudioError: if it cannot be opened.
        """
        if self.price_per_audio_hour is None:
            return
        # This opens the recording once more, so only tasks with a price do it.
        seconds, by = source_seconds(source), "by its header"
        if seconds is None:
            seconds, by = source.size_bytes / UNKNOWN_BYTES_PER_SECOND, "guessed from its size"
        log.info("%s has about %s (%s).", printable(source.uri), cost_line(seconds, self.price_per_audio_hour), by)
        self.ti.xcom_push(ESTIMATE_XCOM, cost_of(seconds, self.price_per_audio_hour))

    def report(self, estimate: float | None, cost: float | None) -> None:
        """Report amounts that are computed elsewhere, such as those of speech, which has a price of its own.

        :param estimate: The estimated cost, for the XCom ``estimated_cost``. None: not known.
        :param cost: The measured cost, for the log and the XCom ``cost``. None: not known.
        """
        if estimate is not None:
            self.ti.xcom_push(ESTIMATE_XCOM, estimate)
        if cost is not None:
            log.info("Measured cost: %.4f.", cost)
            self.ti.xcom_push(COST_XCOM, cost)

    def after(self, seconds: float | None) -> float | None:
        """Report the cost of jobs, from the seconds that the service measured; return it, or None if unknown."""
        cost = cost_of(seconds, self.price_per_audio_hour)
        if cost is None or seconds is None or self.price_per_audio_hour is None:
            return None
        log.info("Fluxions measured %s.", cost_line(seconds, self.price_per_audio_hour))
        self.ti.xcom_push(COST_XCOM, cost)
        return cost
