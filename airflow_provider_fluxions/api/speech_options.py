"""How a text is spoken: the options of a render. No I/O."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.json_values import shown


@dataclass(frozen=True)
class SpeechOptions:
    """The options of a render. None leaves the choice to the service.

    :param temperature: Variation of the speech, 0 or more. There is no seed: two renders of a text differ.
    :param max_seconds: Longest render in seconds. A render that reaches it counts as cut off.
    :param verify_chunks: Let the service transcribe what it speaks and render misread parts again. It does so unless
        this is False, and answers later.
    :raises FluxionsInputError: on construction, if a value cannot be sent.
    """

    temperature: float | None = None
    max_seconds: float | None = None
    verify_chunks: bool | None = None

    def __post_init__(self) -> None:
        if self.temperature is not None and not (_is_number(self.temperature) and self.temperature >= 0):
            raise FluxionsInputError(f"temperature must be a number, 0 or more, not {shown(self.temperature)}.")
        if self.max_seconds is not None and not (_is_number(self.max_seconds) and self.max_seconds > 0):
            raise FluxionsInputError(f"max_seconds must be a number above 0, not {shown(self.max_seconds)}.")
        if self.verify_chunks is not None and not isinstance(self.verify_chunks, bool):
            raise FluxionsInputError(f"verify_chunks must be True, False or None, not {shown(self.verify_chunks)}.")

    def fields(self) -> dict[str, Any]:
        """Return the options as the service names them, if they are set."""
        given = {
            "temperature": self.temperature,
            "max_secs": self.max_seconds,
            "verify_chunks": self.verify_chunks,
        }
        return {name: value for name, value in given.items() if value is not None}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
