"""Make the records of a transfer from its arguments: from a new listing, or from its manifest."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.api.cost import cost_line as cost_in_words
from airflow_provider_fluxions.api.errors import FluxionsAudioError
from airflow_provider_fluxions.api.humanize import counted
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.recent_jobs import RecentJobs
from airflow_provider_fluxions.pipeline.budget import Budget, Estimate, estimate
from airflow_provider_fluxions.pipeline.discovery import (
    TransferSpec,
    discover,
    jobs_left_behind,
    restore,
    reuse_jobs,
    scan_start,
)
from airflow_provider_fluxions.pipeline.ignored import describe_ignored
from airflow_provider_fluxions.pipeline.manifest import Manifest
from airflow_provider_fluxions.pipeline.records import InputRecord, State, count_states
from airflow_provider_fluxions.pipeline.report import forecast, plan_line
from airflow_provider_fluxions.storage import ObjectStore
from airflow_provider_fluxions.storage.audio_duration import can_tell_seconds

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

# Parallel small requests to the store.
LISTING_THREADS = 16
MAX_SHOWN_SOURCES = 5
MAX_SHOWN_JOBS = 20


@dataclass(frozen=True)
class TransferPlan:
    """The plan of a run.

    :param recent: Checks before each upload whether another run has submitted the recording meanwhile.
    :param overlaps: Whether jobs of another run, which might still be active, were found.
    """

    records: Sequence[InputRecord]
    recent: RecentJobs
    overlaps: bool = False


@dataclass(frozen=True)
class TransferPlanner:
    """The steps before the first submit.

    :param lookback_days: Maximum age of a reused job.
    :param fail_on_empty: Whether a source without recordings is an error.
    :param ignored: Number of ignored objects by extension.
    """

    client: FluxionsClient
    store: ObjectStore
    spec: TransferSpec
    manifest: Manifest
    budget: Budget
    lookback_days: float
    fail_on_empty: bool = False
    ignored: Counter[str] = field(default_factory=Counter)

    def plan(self, now: datetime, *, earlier_start: datetime | None) -> TransferPlan:
        """Return every input with its state. Submits nothing; writes a manifest if there is work.

        :param earlier_start: Start of the run, if an earlier try might have left jobs and a manifest; else None.
        :raises FluxionsBudgetError: if the inputs exceed the limits.
        :raises FluxionsError: if the store or the service refused a request.
        """
        with ThreadPoolExecutor(LISTING_THREADS, thread_name_prefix="fluxions-listing") as pool:
            records = self._discovered(pool, now)
            # Before the estimate: inputs with a job need no headers and no budget.
            plan = self._with_jobs(records, records, scan_start(records, self._horizon(now), earlier_start))
            price = self.manifest.price_per_audio_hour
            # Reading headers costs a request or more for each input. Without a price and a limit they are unused.
            for_price = price is not None and can_tell_seconds()
            work = self._estimate(pool, records, with_seconds=self.budget.needs_seconds or for_price)
            self.budget.check(work)
            if price is not None and work.each:
                log.info("To be submitted: about %s.", cost_in_words(work.total_seconds or 0.0, price))
        # Before the manifest is written, because writing replaces the lines of the earlier try.
        if earlier_start is not None:
            self._remember(records)
        counts = count_states(records)
        # Before the first submit, so that a read-only destination fails at no charge.
        if counts[State.TO_DO] or counts[State.IN_FLIGHT]:
            self.manifest.write(self.store, records)
        log.info("Planned %s.", plan_line(counts))
        return plan

    def forecast(self, now: datetime, price: float | None) -> dict[str, Any]:
        """Return and log the plan. Submits and writes nothing.

        :raises FluxionsError: if the store or the service refused a request.
        """
        with ThreadPoolExecutor(LISTING_THREADS, thread_name_prefix="fluxions-listing") as pool:
            records = self._discovered(pool, now)
            self._with_jobs(records, records, scan_start(records, self._horizon(now), None))
            found = forecast(records, self._estimate(pool, records, with_seconds=True), price, self.ignored)
        log.info("Dry run, nothing was submitted or written: %s", ", ".join(f"{k}={v}" for k, v in found.items()))
        return found

    def restored(self, now: datetime, scanned_at: datetime | None) -> TransferPlan | None:
        """Return the records that this task wrote when it deferred, or None to plan again.

        :param scanned_at: Time of the last scan of the job list, if known.
        :raises FluxionsError: if the list is needed and could not be read to its end.
        """
        rows = self.manifest.read(self.store)
        if rows is None:
            return None
        try:
            records, unproven = restore(self.spec, rows, self._api_key)
        except (ValueError, KeyError, TypeError) as error:
            log.warning(
                "The manifest %s does not match this transfer (%s). Planning again.",
                self.manifest.uri,
                printable(error),
            )
            self._report_jobs_left_behind()
            return None
        if unproven:
            log.warning(
                "In the manifest %s, %s job belongs to the input. Scanning the job list.",
                self.manifest.uri,
                counted(len(unproven), "line has no valid proof that its", "lines have no valid proof that their"),
            )
            return self._with_jobs(records, unproven, scan_start(unproven, self._horizon(now), None))
        # Proven jobs need no scan. Uploads that follow check for jobs that other runs created since the last one.
        return TransferPlan(records, self._recent(records, scanned_at or self._horizon(now)))

    def _report_jobs_left_behind(self) -> None:
        """Log the jobs that were charged for a source, destination or options that this task no longer has."""
        try:
            job_ids = list(jobs_left_behind(self.manifest.read(self.store) or (), self._api_key))
        except ValueError:
            return
        if job_ids:
            shown = ", ".join(map(printable, job_ids[:MAX_SHOWN_JOBS])) + (
                " ..." if len(job_ids) > MAX_SHOWN_JOBS else ""
            )
            log.warning(
                "%s in progress before the task was deferred: %s. If the source, the destination or an option of the "
                "task was changed meanwhile, their results are not written. A run with the earlier arguments within "
                "lookback_days reuses them, at no charge.",
                counted(len(job_ids), "job was", "jobs were"), shown,
            )  # fmt: skip

    @property
    def _api_key(self) -> str:
        return self.client.settings.api_key

    def _horizon(self, now: datetime) -> datetime:
        return now - timedelta(days=self.lookback_days)

    def _recent(self, records: Sequence[InputRecord], since: datetime) -> RecentJobs:
        references = frozenset(record.item.ref for record in records if record.state is State.TO_DO)
        return RecentJobs(self.client, references, since)

    def _with_jobs(
        self, records: Sequence[InputRecord], wanted: Sequence[InputRecord], since: datetime
    ) -> TransferPlan:
        """Reuse the jobs of earlier runs: one scan, if there is anything to submit."""
        recent = self._recent(records, since)
        reused = reuse_jobs(recent, wanted, self._api_key)
        return TransferPlan(records, recent, overlaps=bool(reused))

    def _discovered(self, pool: Executor, now: datetime) -> list[InputRecord]:
        records = discover(self.store, pool, self.spec, now, self.ignored)
        if self.ignored:
            log.info("Skipped %s: not in suffixes.", describe_ignored(self.ignored))
        if not records:
            self._report_empty()
        return records

    def _report_empty(self) -> None:
        """Warn that the source has no recordings.

        :raises FluxionsAudioError: if this transfer has ``fail_on_empty``.
        """
        sources = ", ".join(one.address.uri for one in self.spec.sources[:MAX_SHOWN_SOURCES]) or "none"
        skipped = (
            f" It has {describe_ignored(self.ignored)} with other extensions; see suffixes." if self.ignored else ""
        )
        message = f"The source has no recordings: {printable(sources)}.{skipped}"
        if self.fail_on_empty:
            # Transient: the recordings might arrive before the next try.
            raise FluxionsAudioError(message, transient=True)
        log.warning("%s", message)

    def _estimate(self, pool: Executor, records: Sequence[InputRecord], *, with_seconds: bool) -> Estimate:
        to_submit = [record for record in records if record.state is State.TO_DO and record.stored_key is None]
        work = estimate(self.store, pool, [record.item.source for record in to_submit], with_seconds=with_seconds)
        for record, seconds in zip(to_submit, work.each, strict=bool(work.each)):
            record.estimated_seconds = round(seconds, 3)
        return work

    def _remember(self, records: Sequence[InputRecord]) -> None:
        """Copy the records of an earlier try of this task. They are only for reports, so an invalid line is skipped."""
        by_reference = {record.item.ref: record for record in records}
        try:
            for row in self.manifest.read(self.store) or ():
                if (record := by_reference.get(str(row.get("reference")))) is not None:
                    record.restore_history(row)
        except (ValueError, TypeError) as error:
            log.warning("The manifest %s is not valid: %s.", self.manifest.uri, printable(error))
