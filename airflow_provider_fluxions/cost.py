"""What transcribing costs, for those who say what an hour costs them. Nothing here knows a price."""

from __future__ import annotations

import math
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.read import shown


def checked_price(value: Any) -> float | None:
    """Return a price per hour of audio, in the user's currency; None where there is none.

    :raises FluxionsInputError: no number, or below 0.
    """
    if value is None or value == "":
        return None
    try:
        price = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise FluxionsInputError(f"price_per_audio_hour must be a number, not {shown(value)}.") from error
    if not math.isfinite(price) or price < 0:
        raise FluxionsInputError(f"price_per_audio_hour must be 0 or more, not {shown(value)}.")
    return price


def cost_of(audio_seconds: float | None, price_per_audio_hour: float | None) -> float | None:
    """Return what so much audio costs, billed by the second, to four decimals; None without a price or a length."""
    if audio_seconds is None or price_per_audio_hour is None:
        return None
    return round(audio_seconds / 3600 * price_per_audio_hour, 4)


def in_words(audio_seconds: float, price_per_audio_hour: float) -> str:
    """Return an amount of audio and what it costs, for a log."""
    cost = cost_of(audio_seconds, price_per_audio_hour)
    return f"{audio_seconds / 3600:.3f} hours of audio, which cost {cost:.4f} at {price_per_audio_hour:g} an hour"
