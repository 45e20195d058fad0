"""From what a transfer is asked for to its entries: surveyed afresh, or restored from its manifest."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.cost import in_words
from airflow_provider_fluxions.probing import can_tell_seconds
from airflow_provider_fluxions.s3 import S3Store
from airflow_provider_fluxions.transfers.budget import Budget, Estimate, estimate
from airflow_provider_fluxions.transfers.entry import Entry, State, count
from airflow_provider_fluxions.transfers.manifest import Manifest
from airflow_provider_fluxions.transfers.summary import forecast
from airflow_provider_fluxions.transfers.survey import Order, restore, survey, take_up
from airflow_provider_fluxions.transfers.words import counted

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

# Requests to S3 side by side, all of them small.
SURVEYORS = 16


@dataclass(frozen=True)
class Preparation:
    """All that comes before the first move.

    :param lookback_days: how old a job may be to be taken up.
    """

    client: FluxionsClient
    store: S3Store
    order: Order
    manifest: Manifest
    budget: Budget
    lookback_days: float

    def entries(self, now: datetime, *, is_retry: bool) -> list[Entry]:
        """Return every input with where it stands. Submits nothing; writes a manifest if there is work.

        :param is_retry: whether an earlier try may have left a manifest with more to tell.
        :raises FluxionsBudgetError: there is more to transcribe than may be.
        :raises FluxionsError: S3 or the service refused.
        """
        with ThreadPoolExecutor(SURVEYORS, thread_name_prefix="fluxions-survey") as pool:
            entries = self._surveyed(pool, now)
            price = self.manifest.price_per_audio_hour
            for_price = price is not None and can_tell_seconds()
            work = self._estimate(pool, entries, with_seconds=self.budget.needs_seconds or for_price)
            self.budget.check(work)
            if price is not None and work.each:
                log.info("To be submitted: about %s.", in_words(work.total_seconds or 0.0, price))
        if is_retry:
            self._remember(entries)
        counts = count(entries)
        if counts[State.TO_DO] or counts[State.IN_FLIGHT]:
            self.manifest.write(self.store, entries)
        log.info("%s inputs: %s.", len(entries), ", ".join(f"{n} {state}" for state, n in counts.items()) or "none")
        return entries

    def forecast(self, now: datetime, price: float | None) -> dict[str, Any]:
        """Return and log what would be done. Submits and writes nothing.

        :raises FluxionsError: S3 or the service refused.
        """
        with ThreadPoolExecutor(SURVEYORS, thread_name_prefix="fluxions-survey") as pool:
            entries = self._surveyed(pool, now)
            found = forecast(entries, self._estimate(pool, entries, with_seconds=True), price)
        log.info("Dry run, nothing was submitted or written: %s", found)
        return found

    def restored(self, now: datetime) -> list[Entry] | None:
        """Return the entries as this task wrote them down when it deferred, or None to survey again."""
        rows = self.manifest.read(self.store)
        if rows is None:
            return None
        try:
            entries, unproven = restore(self.order, rows, self._api_key)
        except (ValueError, KeyError, TypeError) as error:
            log.warning(
                "The manifest %s does not fit this transfer (%s); planning again.", self.manifest.uri, printable(error)
            )
            return None
        if unproven:
            log.warning(
                "%s of the manifest %s name a job without proof that it is theirs; searching the job list instead.",
                counted(len(unproven), "line"), self.manifest.uri,
            )  # fmt: skip
            self._reuse_jobs(unproven, now)
        return entries

    @property
    def _api_key(self) -> str:
        return self.client.settings.api_key

    def _reuse_jobs(self, entries: Sequence[Entry], now: datetime) -> None:
        take_up(self.client, entries, now - timedelta(days=self.lookback_days), self._api_key)

    def _surveyed(self, pool: Executor, now: datetime) -> list[Entry]:
        entries = survey(self.store, pool, self.order, now)
        if not entries:
            log.warning("The source holds no recordings (%s).", ", ".join(self.order.selection.suffixes))
        self._reuse_jobs(entries, now)
        return entries

    def _estimate(self, pool: Executor, entries: Sequence[Entry], *, with_seconds: bool) -> Estimate:
        to_submit = [entry for entry in entries if entry.state is State.TO_DO and entry.stored is None]
        work = estimate(self.store, pool, [entry.item.source for entry in to_submit], with_seconds=with_seconds)
        for entry, seconds in zip(to_submit, work.each, strict=bool(work.each)):
            entry.estimated_seconds = round(seconds, 3)
        return work

    def _remember(self, entries: Sequence[Entry]) -> None:
        """Copy what an earlier try of this task wrote down. It serves reports only, so a wrong line is skipped."""
        by_reference = {entry.item.ref: entry for entry in entries}
        try:
            for row in self.manifest.read(self.store) or ():
                if (entry := by_reference.get(str(row.get("reference")))) is not None:
                    entry.remember(row)
        except (ValueError, TypeError) as error:
            log.warning("The manifest %s is not valid: %s.", self.manifest.uri, printable(error))
