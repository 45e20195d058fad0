"""The rate at which triggers fire, from Airflow's configuration."""

from __future__ import annotations

import logging
import math

from airflow.providers.common.compat.sdk import conf

from airflow_provider_fluxions.polling.event_rate_limit import DEFAULT_EVENTS_PER_SECOND

log = logging.getLogger(__name__)


def events_per_second() -> float:
    """Return ``[fluxions] events_per_second``; the default, with a warning, if it is not a number above 0."""
    text = conf.get("fluxions", "events_per_second", fallback="") or DEFAULT_EVENTS_PER_SECOND
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    # An error would end every wait of the triggerer.
    if not 0 < rate < math.inf:
        log.warning(
            "[fluxions] events_per_second must be a number above 0, not %r. Using %.0f.",
            text,
            DEFAULT_EVENTS_PER_SECOND,
        )
        return DEFAULT_EVENTS_PER_SECOND
    return rate
