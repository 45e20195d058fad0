"""The end of a transfer: its returned summary, and the failures that fail the task. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from airflow_provider_fluxions.api.cost import cost_of
from airflow_provider_fluxions.api.errors import (
    FluxionsDeadlineError,
    FluxionsTransferError,
    JobId,
)
from airflow_provider_fluxions.api.humanize import counted
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.pipeline.budget import Estimate
from airflow_provider_fluxions.pipeline.ignored import describe_ignored, most_frequent
from airflow_provider_fluxions.pipeline.records import InputRecord, State, count_states

MAX_SHOWN_FAILURES = 10
MAX_SHOWN_CHARACTERS = 300
NOTHING_IGNORED: Mapping[str, int] = MappingProxyType({})


def summarize(
    records: Sequence[InputRecord], manifest: str, price: float | None, ignored: Mapping[str, int] = NOTHING_IGNORED
) -> dict[str, Any]:
    """Return counts, ``bytes``, ``audio_seconds`` and ``cost`` of this run's work, and the manifest's URI.

    With a price it also contains ``estimated_cost``, the estimate for the same work before the submit, if there was
    one.
    """
    counts = count_states(records)
    completed = [record for record in records if record.state is State.COMPLETED]
    seconds = round(sum(record.audio_seconds or 0.0 for record in completed), 3)
    return {
        "inputs": len(records) - counts[State.SKIPPED],
        "completed": counts[State.COMPLETED],
        "already_done": counts[State.ALREADY_DONE],
        "failed": counts[State.FAILED],
        "skipped": counts[State.SKIPPED],
        **ignored_facts(ignored),
        "bytes": sum(record.item.source.size_bytes for record in completed),
        "audio_seconds": seconds,
        **_cost(seconds, price),
        **_cost(_estimated(completed), price, "estimated_cost"),
        "manifest": manifest,
    }


def ignored_facts(ignored: Mapping[str, int]) -> dict[str, Any]:
    """Return the number of ignored objects of the source by extension; empty if there are none."""
    return {"ignored": sum(ignored.values()), "ignored_extensions": most_frequent(ignored)} if ignored else {}


def forecast(
    records: Sequence[InputRecord], work: Estimate, price: float | None, ignored: Mapping[str, int] = NOTHING_IGNORED
) -> dict[str, Any]:
    """Return the result of a dry run: counts, and bytes, seconds and cost of the inputs to submit."""
    counts = count_states(records)
    stored = sum(record.state is State.TO_DO and record.stored_key is not None for record in records)
    seconds = round(work.total_seconds or 0.0, 3)
    return {
        "dry_run": True,
        "inputs": len(records) - counts[State.SKIPPED],
        "to_submit": work.inputs,
        "to_write_from_stored": stored,
        "in_flight": counts[State.IN_FLIGHT],
        "already_done": counts[State.ALREADY_DONE] + counts[State.COMPLETED],
        "failed": counts[State.FAILED],
        "skipped": counts[State.SKIPPED],
        **ignored_facts(ignored),
        "bytes": work.bytes,
        "audio_seconds": seconds,
        "audio_seconds_guessed": round(work.guessed_seconds, 3),
        **_cost(seconds, price),
    }


def summary_line(summary: Mapping[str, Any], ignored: Mapping[str, int]) -> str:
    """Return a run's summary for the log."""
    parts = [
        counted(summary["inputs"], "input"),
        f"{summary['completed']:,} transcribed",
        f"{summary['already_done']:,} already done",
        f"{summary['failed']:,} failed",
        f"{summary['skipped']:,} skipped for age or size",
    ]
    audio = f"{summary['audio_seconds'] / 3600:.3f} h of audio"
    cost = f", cost {summary['cost']}" if "cost" in summary else ""
    others = f" Ignored {describe_ignored(ignored)}: not in suffixes." if ignored else ""
    return f"{parts[0]}: {', '.join(parts[1:])}. {audio}{cost}.{others} Manifest: {summary['manifest']}"


def transfer_error(records: Sequence[InputRecord], fail_on: str, manifest: str) -> FluxionsTransferError | None:
    """Return the error of a transfer for its failed inputs, or None."""
    failed = [record for record in records if record.state is State.FAILED]
    # Skipped inputs are neither a success nor a failure for ``fail_on``.
    others = sum(record.state in (State.COMPLETED, State.ALREADY_DONE) for record in records)
    if not failed or fail_on == "none" or (fail_on == "all" and others):
        return None
    shown = "; ".join(
        f"{printable(record.item.source.uri, MAX_SHOWN_CHARACTERS)}: {printable(record.error, MAX_SHOWN_CHARACTERS)}"
        for record in failed[:MAX_SHOWN_FAILURES]
    )
    more = f"; and {len(failed) - MAX_SHOWN_FAILURES} more" if len(failed) > MAX_SHOWN_FAILURES else ""
    return FluxionsTransferError(
        f"{len(failed)} of {counted(len(failed) + others, 'input')} failed. The other inputs are completed. "
        f"{shown.rstrip('.')}{more}. "
        f"All are in {manifest}.",
        transient=any(record.transient for record in failed),
    )


def _estimated(records: Sequence[InputRecord]) -> float | None:
    known = [record.estimated_seconds for record in records if record.estimated_seconds is not None]
    return sum(known) if known else None


def _cost(seconds: float | None, price: float | None, name: str = "cost") -> dict[str, float]:
    cost = cost_of(seconds, price)
    return {} if cost is None else {name: cost}


def timeout_error(
    records: Sequence[InputRecord], running: Sequence[JobId], timeout_seconds: float
) -> FluxionsDeadlineError:
    """Return the error for a transfer after its timeout."""
    waiting = count_states(records)[State.TO_DO]
    return FluxionsDeadlineError(
        f"Timed out after {timeout_seconds:,g} s: {counted(len(running), 'job')} in progress, "
        f"{counted(waiting, 'input')} not submitted. The jobs continue at Fluxions; they cannot be canceled. Increase "
        "timeout, then clear the task to collect their results.",
        job_ids=tuple(running),
    )


def plan_line(counts: Mapping[Any, int]) -> str:
    """Return the number of inputs in each state: ``2 inputs: 1 to do, 1 already done``."""
    names = {
        "to_do": "to do",
        "in_flight": "in progress at Fluxions",
        "writing": "to be written",
        "completed": "done by an earlier try",
        "already_done": "already done",
    }
    each = ", ".join(f"{number:,} {names.get(str(state), str(state))}" for state, number in counts.items() if number)
    return counted(sum(counts.values()), "input") + (f": {each}" if each else "")
