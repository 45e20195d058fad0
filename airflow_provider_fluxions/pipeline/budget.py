"""What a transfer is going to transcribe, and whether it may."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

from airflow_provider_fluxions.api.arguments import optional_number_of
from airflow_provider_fluxions.api.errors import FluxionsBudgetError
from airflow_provider_fluxions.pipeline.input_errors import failure_text, is_input_error
from airflow_provider_fluxions.storage import S3Object, S3Store
from airflow_provider_fluxions.storage.audio_duration import UNKNOWN_BYTES_PER_SECOND, audio_seconds

log = logging.getLogger(__name__)

MAX_SHOWN_UNKNOWN = 3


@dataclass(frozen=True)
class Estimate:
    """What is to be transcribed.

    :param audio_seconds: of inputs whose header tells; None where nobody looked.
    :param guessed_seconds: of the others, at 8,000 bytes a second.
    :param unknown: some inputs whose header does not tell.
    :param each: seconds of each input, told or guessed, in their order; empty where nobody looked.
    """

    inputs: int
    bytes: int
    audio_seconds: float | None = None
    guessed_seconds: float = 0.0
    unknown: tuple[str, ...] = ()
    each: tuple[float, ...] = ()

    @property
    def total_seconds(self) -> float | None:
        """Told and guessed seconds together."""
        return None if self.audio_seconds is None else self.audio_seconds + self.guessed_seconds


@dataclass(frozen=True)
class Budget:
    """The most that a transfer may submit; None: as much as there is."""

    max_inputs: int | None = None
    max_audio_hours: float | None = None

    @classmethod
    def checked(cls, max_inputs: Any, max_audio_hours: Any) -> Budget:
        """Return a budget of values that may come from templates, where numbers are text.

        :raises FluxionsInputError: one is no number, or below 0.
        """
        return cls(
            optional_number_of("max_inputs", max_inputs, int),
            optional_number_of("max_audio_hours", max_audio_hours, float),
        )

    @property
    def needs_seconds(self) -> bool:
        """Whether lengths of audio have to be known."""
        return self.max_audio_hours is not None

    def check(self, estimate: Estimate) -> None:
        """Do nothing if the work is within the budget.

        :raises FluxionsBudgetError: it is not.
        """
        if self.max_inputs is not None and estimate.inputs > self.max_inputs:
            raise FluxionsBudgetError(
                f"{estimate.inputs} inputs are to be transcribed, and max_inputs is {self.max_inputs}. Nothing was "
                "submitted. Look at what is new in the source, then raise the limit or narrow the source."
            )
        hours = (estimate.total_seconds or 0.0) / 3600
        if self.max_audio_hours is not None and hours > self.max_audio_hours:
            guess = ""
            if estimate.unknown:
                some = ", ".join(estimate.unknown[:MAX_SHOWN_UNKNOWN])
                guess = f" {estimate.guessed_seconds / 3600:.2f} of them are guessed from sizes, of {some} and others."
            raise FluxionsBudgetError(
                f"About {hours:.2f} hours of audio are to be transcribed, and max_audio_hours is "
                f"{self.max_audio_hours:g}.{guess} Nothing was submitted. Raise the limit or narrow the source."
            )


def estimate(store: S3Store, pool: Executor, inputs: Sequence[S3Object], *, with_seconds: bool) -> Estimate:
    """Return what these recordings are together.

    :param with_seconds: read their headers, a request or a few each.
    :raises FluxionsStorageError: S3 refused.
    """
    size = sum(one.size_bytes for one in inputs)
    if not with_seconds:
        return Estimate(len(inputs), size)
    told = list(pool.map(partial(_told_seconds, store), inputs))
    unknown = [one for one, seconds in zip(inputs, told, strict=True) if seconds is None]
    guessed = [one.size_bytes / UNKNOWN_BYTES_PER_SECOND for one in inputs]
    return Estimate(
        len(inputs),
        size,
        sum(seconds for seconds in told if seconds is not None),
        sum(one.size_bytes for one in unknown) / UNKNOWN_BYTES_PER_SECOND,
        tuple(one.uri for one in unknown),
        tuple(guess if seconds is None else seconds for seconds, guess in zip(told, guessed, strict=True)),
    )


def _told_seconds(store: S3Store, found: S3Object) -> float | None:
    """Return what a header says; None if it says nothing or cannot be read: the upload reports why."""
    try:
        return audio_seconds(found.key, found.size_bytes, partial(store.read_range, found))
    except Exception as error:
        if not is_input_error(error):
            raise
        log.debug("The header of %s cannot be read: %s", found.uri, failure_text(error))
        return None
