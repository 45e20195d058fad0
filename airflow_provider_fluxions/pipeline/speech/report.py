"""What a speech transfer estimates, allows and returns. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_fluxions.api.arguments import optional_number_of
from airflow_provider_fluxions.api.cost import SpeechPrice
from airflow_provider_fluxions.api.errors import FluxionsBudgetError, FluxionsDeadlineError
from airflow_provider_fluxions.api.humanize import counted
from airflow_provider_fluxions.pipeline.ignored import describe_ignored
from airflow_provider_fluxions.pipeline.records import State, count_states
from airflow_provider_fluxions.pipeline.report import NOTHING_IGNORED, ignored_facts
from airflow_provider_fluxions.pipeline.speech.records import SpeechInput, records_of, units_of


@dataclass(frozen=True)
class SpeechEstimate:
    """What is to be rendered: texts that are the same count once, stored pieces of earlier tries are not deducted."""

    inputs: int
    characters: int
    audio_seconds: float

    @classmethod
    def of(cls, inputs: Sequence[SpeechInput]) -> SpeechEstimate:
        """Return the estimate for the inputs that are to be rendered."""
        units = [unit for unit in units_of(inputs) if unit.first.base is None]
        return cls(
            sum(len(unit.inputs) for unit in units),
            sum(unit.first.characters for unit in units),
            round(sum(unit.first.record.estimated_seconds or 0.0 for unit in units), 3),
        )


@dataclass(frozen=True)
class SpeechBudget:
    """The most that a transfer may render; None: no limit."""

    max_inputs: int | None = None
    max_characters: int | None = None

    @classmethod
    def checked(cls, max_inputs: Any, max_characters: Any) -> SpeechBudget:
        """Return a budget of values that may come from templates, where numbers are text.

        :raises FluxionsInputError: one is not a number of 0 or more.
        """
        return cls(
            optional_number_of("max_inputs", max_inputs, int), optional_number_of("max_characters", max_characters, int)
        )

    def check(self, work: SpeechEstimate) -> None:
        """Do nothing if the work is within the budget.

        :raises FluxionsBudgetError: it is not.
        """
        for name, found, limit in (
            ("max_inputs", work.inputs, self.max_inputs),
            ("max_characters", work.characters, self.max_characters),
        ):
            if limit is not None and found > limit:
                what = "inputs" if name == "max_inputs" else "characters"
                raise FluxionsBudgetError(
                    f"{found:,} {what} are to be spoken, and {name} is {limit:,}. Nothing was rendered. Check what is "
                    "new in the source, then raise the limit or narrow the source."
                )


def summarize_speech(
    inputs: Sequence[SpeechInput], manifest: str, price: SpeechPrice, ignored: Mapping[str, int] = NOTHING_IGNORED
) -> dict[str, Any]:
    """Return the counts of a run's work, its costs with a price, and the manifest's address.

    ``cost`` is that of this run's complete renders; lost renders may have been charged, too.
    """
    counts = count_states(records_of(inputs))
    completed = [one for one in inputs if one.record.state is State.COMPLETED]
    paid = [one for one in inputs if one.paid_characters]
    estimated = price.cost(
        sum(one.characters for one in paid), sum(one.record.estimated_seconds or 0.0 for one in paid)
    )
    return {
        "inputs": len(inputs) - counts[State.SKIPPED],
        "completed": counts[State.COMPLETED],
        "already_done": counts[State.ALREADY_DONE],
        "failed": counts[State.FAILED],
        "skipped": counts[State.SKIPPED],
        **ignored_facts(ignored),
        "bytes": sum(one.record.item.source.size_bytes for one in completed),
        "characters": sum(one.characters for one in completed),
        "audio_seconds": round(sum(one.record.audio_seconds or 0.0 for one in completed), 3),
        "renders": sum(one.renders for one in inputs),
        "renders_lost": sum(one.renders_lost for one in inputs),
        **_known("cost", price.cost(sum(one.paid_characters for one in paid), sum(one.paid_seconds for one in paid))),
        **_known("estimated_cost", estimated),
        "manifest": manifest,
    }


def forecast_speech(
    inputs: Sequence[SpeechInput], price: SpeechPrice, ignored: Mapping[str, int] = NOTHING_IGNORED
) -> dict[str, Any]:
    """Return what a dry run found: counts, and the characters, seconds and cost of what would be rendered."""
    counts, work = count_states(records_of(inputs)), SpeechEstimate.of(inputs)
    return {
        "dry_run": True,
        "inputs": len(inputs) - counts[State.SKIPPED],
        "to_render": work.inputs,
        "to_write_from_stored": sum(one.record.state is State.TO_DO and one.base is not None for one in inputs),
        "already_done": counts[State.ALREADY_DONE] + counts[State.COMPLETED],
        "failed": counts[State.FAILED],
        "skipped": counts[State.SKIPPED],
        **ignored_facts(ignored),
        "characters": work.characters,
        "audio_seconds": work.audio_seconds,
        **_known("cost", price.cost(work.characters, work.audio_seconds)),
    }


def speech_sentence(summary: Mapping[str, Any], ignored: Mapping[str, int]) -> str:
    """Return a run's summary for the log."""
    parts = [
        f"{counted(summary['inputs'], 'text')}: {summary['completed']:,} spoken",
        f"{summary['already_done']:,} already done",
        f"{summary['failed']:,} failed",
        f"{summary['skipped']:,} skipped for age or size",
    ]
    audio = f"{summary['characters']:,} characters, {summary['audio_seconds'] / 3600:.3f} h of speech"
    renders = f"{counted(summary['renders'], 'render')}, {summary['renders_lost']:,} lost"
    cost = f", cost {summary['cost']}" if "cost" in summary else ""
    others = f" Ignored {describe_ignored(ignored)}: not in suffixes." if ignored else ""
    return f"{', '.join(parts)}. {audio}, {renders}{cost}.{others} Manifest: {summary['manifest']}"


def speech_too_late(inputs: Sequence[SpeechInput], timeout_seconds: float) -> FluxionsDeadlineError:
    """Return the error for a speech transfer whose time is up."""
    waiting = count_states(records_of(inputs))[State.TO_DO]
    return FluxionsDeadlineError(
        f"After {timeout_seconds:g} s, {counted(waiting, 'text')} had not been spoken. Their stored pieces and all "
        "finished audio are kept. Give the task a longer timeout or a larger max_in_flight, or map it over shards; "
        "then clear it."
    )


def _known(name: str, cost: float | None) -> dict[str, float]:
    return {} if cost is None else {name: cost}
