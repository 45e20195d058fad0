"""What a task tells about its cost, in its log and as XComs: an estimate before it submits, the truth afterwards."""

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
    """Tells the costs of a task that knows a price; one without stays silent, and reads nothing.

    :param price_per_audio_hour: in the user's currency; None: unknown.
    :param ti: the task instance, which takes the XComs ``estimated_cost`` and ``cost``.
    """

    price_per_audio_hour: float | None
    ti: Any

    def before(self, source: AudioSource) -> None:
        """Tell what a recording will probably cost, by its header, else by its size.

        :raises FluxionsAudioError: it cannot be opened.
        """
        if self.price_per_audio_hour is None:
            return
        seconds, by = source_seconds(source), "by its header"
        if seconds is None:
            seconds, by = source.size_bytes / UNKNOWN_BYTES_PER_SECOND, "guessed from its size"
        log.info("%s has about %s (%s).", printable(source.uri), cost_line(seconds, self.price_per_audio_hour), by)
        self.ti.xcom_push(ESTIMATE_XCOM, cost_of(seconds, self.price_per_audio_hour))

    def after(self, seconds: float | None) -> float | None:
        """Report what jobs cost, by the seconds of audio that the service measured; return it, None if unknown."""
        cost = cost_of(seconds, self.price_per_audio_hour)
        if cost is None or seconds is None or self.price_per_audio_hour is None:
            return None
        log.info("Fluxions measured %s.", cost_line(seconds, self.price_per_audio_hour))
        self.ti.xcom_push(COST_XCOM, cost)
        return cost
