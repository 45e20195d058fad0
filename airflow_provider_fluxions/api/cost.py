"""The cost of transcribing, from the user's price per hour. The package contains no price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.json_values import shown


def parse_price(value: Any, name: str = "price_per_audio_hour") -> float | None:
    """Return a price in the user's currency, or None.

    :param name: Name of the argument, for the message.
    :raises FluxionsInputError: if it is not a number, or is below 0.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool):
            raise TypeError(value)
        price = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise FluxionsInputError(f"{name} must be a number, not {shown(value)}.") from error
    if not math.isfinite(price) or price < 0:
        raise FluxionsInputError(f"{name} must be 0 or more, not {shown(value)}.")
    return price


def cost_of(audio_seconds: float | None, price_per_audio_hour: float | None) -> float | None:
    """Return the cost of audio, billed by the second, with four decimals; None without a price or a length."""
    if audio_seconds is None or price_per_audio_hour is None:
        return None
    return round(audio_seconds / 3600 * price_per_audio_hour, 4)


def cost_line(audio_seconds: float, price_per_audio_hour: float) -> str:
    """Return an amount of audio and its cost, for a log."""
    cost = cost_of(audio_seconds, price_per_audio_hour)
    return f"{audio_seconds / 3600:.3f} h of audio (cost={cost:.4f}, price_per_audio_hour={price_per_audio_hour:g})"


@dataclass(frozen=True)
class SpeechPrice:
    """The price of speech, in the user's currency: by the hour of audio or by 1,000 characters, or unknown."""

    per_speech_hour: float | None = None
    per_1000_characters: float | None = None

    @classmethod
    def checked(cls, price_per_speech_hour: Any = None, price_per_1000_characters: Any = None) -> SpeechPrice:
        """Return a price from an operator's arguments; None for both: unknown.

        :raises FluxionsInputError: one cannot be a price, or both are given.
        """
        by_hour = parse_price(price_per_speech_hour, "price_per_speech_hour")
        by_characters = parse_price(price_per_1000_characters, "price_per_1000_characters")
        if by_hour is not None and by_characters is not None:
            raise FluxionsInputError("Give price_per_speech_hour or price_per_1000_characters, not both.")
        return cls(by_hour, by_characters)

    def cost(self, characters: int, audio_seconds: float | None) -> float | None:
        """Return the cost of a text, to four decimals; None if the price, or the duration, is not known."""
        if self.per_1000_characters is not None:
            return round(characters / 1000 * self.per_1000_characters, 4)
        return cost_of(audio_seconds, self.per_speech_hour)
