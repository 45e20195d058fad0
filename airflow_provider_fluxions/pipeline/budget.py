"""The audio that a transfer is about to transcribe, and its limits."""

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
from airflow_provider_fluxions.storage import ObjectStore, StoredObject
from airflow_provider_fluxions.storage.audio_duration import UNKNOWN_BYTES_PER_SECOND, audio_seconds

log = logging.getLogger(__name__)

MAX_SHOWN_UNKNOWN = 3


@dataclass(frozen=True)
class Estimate:
    """The estimate of the inputs to transcribe.

    :param audio_seconds: Seconds of inputs with a length in their header; None if headers were not read.
    :param guessed_seconds: Seconds of the others, at 8,000 bytes per second.
    :param unknown: Some inputs without a length in their header.
    :param each: Seconds of each input, read or guessed, in their order; empty if headers were not read.
    """

    inputs: int
    bytes: int
    audio_seconds: float | None = None
    guessed_seconds: float = 0.0
    unknown: tuple[str, ...] = ()
    each: tuple[float, ...] = ()

    @property
    def total_seconds(self) -> float | None:
        """Read and guessed seconds together."""
        return None if self.audio_seconds is None else self.audio_seconds + self.guessed_seconds


@dataclass(frozen=True)
class Budget:
    """The maximum that a transfer submits. None: no limit."""

    max_inputs: int | None = None
    max_audio_hours: float | None = None

    @classmethod
    def checked(cls, max_inputs: Any, max_audio_hours: Any) -> Budget:
        """Return a budget of values that can come from templates, in which numbers are text.

        :raises FluxionsInputError: if a value is not a number, or is below 0.
        """
        return cls(
            optional_number_of("max_inputs", max_inputs, int),
            optional_number_of("max_audio_hours", max_audio_hours, float),
        )

    @property
    def needs_seconds(self) -> bool:
        """Whether the lengths of audio are needed."""
        return self.max_audio_hours is not None

    def check(self, estimate: Estimate) -> None:
        """Check that the work is within the budget.

        :raises FluxionsBudgetError: if it is not.
        """
        if self.max_inputs is not None and estimate.inputs > self.max_inputs:
            raise FluxionsBudgetError(
                f"{estimate.inputs} new inputs exceed max_inputs={self.max_inputs}. Nothing was "
                "submitted. Check the new inputs with dry_run=True, then raise the limit or narrow the source."
            )
        hours = (estimate.total_seconds or 0.0) / 3600
        if self.max_audio_hours is not None and hours > self.max_audio_hours:
            guess = ""
            if estimate.unknown:
                some = ", ".join(estimate.unknown[:MAX_SHOWN_UNKNOWN])
                guess = f" {estimate.guessed_seconds / 3600:.2f} of them are guessed from sizes, of {some} and others."
            raise FluxionsBudgetError(
                f"About {hours:.2f} hours of new audio exceed "
                f"max_audio_hours={self.max_audio_hours:g}.{guess} Nothing was submitted. Raise the limit or "
                "narrow the source."
            )


def estimate(store: ObjectStore, pool: Executor, inputs: Sequence[StoredObject], *, with_seconds: bool) -> Estimate:
    """Return the estimate for these recordings.

    :param with_seconds: Read their headers, with one or a few requests for each.
    :raises FluxionsStorageError: if the store refused a request.
    """
    size = sum(one.size_bytes for one in inputs)
    if not with_seconds:
        return Estimate(len(inputs), size)
    lengths = list(pool.map(partial(_header_seconds, store), inputs))
    unknown = [one for one, seconds in zip(inputs, lengths, strict=True) if seconds is None]
    guessed = [one.size_bytes / UNKNOWN_BYTES_PER_SECOND for one in inputs]
    return Estimate(
        len(inputs),
        size,
        sum(seconds for seconds in lengths if seconds is not None),
        sum(one.size_bytes for one in unknown) / UNKNOWN_BYTES_PER_SECOND,
        tuple(one.uri for one in unknown),
        tuple(guess if seconds is None else seconds for seconds, guess in zip(lengths, guessed, strict=True)),
    )


def _header_seconds(store: ObjectStore, found: StoredObject) -> float | None:
    """Return the length in a header, or None. If the header cannot be read, the upload reports the reason."""
    try:
        return audio_seconds(found.key, found.size_bytes, partial(store.read_range, found))
    except Exception as error:
        if not is_input_error(error):
            raise
        # The upload reads the object again and reports the reason, so an estimate never fails an input.
        log.debug("Could not read the header of %s: %s", found.uri, failure_text(error))
        return None
