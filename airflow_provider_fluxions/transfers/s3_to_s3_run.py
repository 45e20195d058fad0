"""How a transfer from S3 to S3 runs as a task: plan, transfer, defer or finish, and report.

`s3_to_s3` has the arguments, and turns them into the values that a run needs.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_provider_fluxions.api.humanize import counted
from airflow_provider_fluxions.api.submit_once import SubmitOptions
from airflow_provider_fluxions.assets import add_asset_extra
from airflow_provider_fluxions.formats import Choice
from airflow_provider_fluxions.links import RESULT_XCOM, push_for_link
from airflow_provider_fluxions.pipeline.budget import Budget
from airflow_provider_fluxions.pipeline.conditional_put import MetadataCheck
from airflow_provider_fluxions.pipeline.discovery import TransferSpec
from airflow_provider_fluxions.pipeline.ignored import most_frequent
from airflow_provider_fluxions.pipeline.manifest import Manifest, written_on_error
from airflow_provider_fluxions.pipeline.partition import PartitionCheck
from airflow_provider_fluxions.pipeline.planning import TransferPlan, TransferPlanner
from airflow_provider_fluxions.pipeline.records import DONE, InputRecord, State
from airflow_provider_fluxions.pipeline.report import (
    NOTHING_IGNORED,
    summarize,
    summary_line,
    timeout_error,
    transfer_error,
)
from airflow_provider_fluxions.pipeline.runner import TransferLimits, TransferRunner
from airflow_provider_fluxions.pipeline.steps import TransferSteps
from airflow_provider_fluxions.pipeline.timing import LONGEST_DEFERRAL_SECONDS
from airflow_provider_fluxions.storage import ObjectStore
from airflow_provider_fluxions.task.identity import TaskIdentity, loop_index_of, map_index_of
from airflow_provider_fluxions.task.lineage import LineageRecord
from airflow_provider_fluxions.task.provenance import provenance_of
from airflow_provider_fluxions.task.run import TaskRun
from airflow_provider_fluxions.task.wait import Wait, execution_timeout_error

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TransferArguments:
    """The arguments of one execution as checked values, after Airflow has rendered the templates.

    :param timeout_seconds: The user's timeout, for the message when it has passed.
    :param patience_seconds: Maximum time to retry after service errors for one recording.
    :param may_share_partitions: Whether another run of this DAG can write the same results into another date's folder
        at the same time.
    """

    spec: TransferSpec
    choices: Sequence[Choice]
    options: SubmitOptions
    budget: Budget
    limits: TransferLimits
    lookback_days: float
    fail_on_empty: bool
    fail_on: str
    dry_run: bool
    timeout_seconds: float
    patience_seconds: float
    may_share_partitions: bool


class TransferRun:
    """One execution of a transfer task: from its start, or from a deferral, to its end or the next deferral.

    :param deadline: End of ``timeout`` (epoch seconds).
    :param expires: End of the task's ``execution_timeout`` (epoch seconds).
    """

    def __init__(
        self, task: TaskRun, store: ObjectStore, arguments: TransferArguments, deadline: float, expires: float
    ) -> None:
        self._task, self._store, self._arguments = task, store, arguments
        self._deadline, self._expires = deadline, expires
        ti, context = task.context["ti"], task.context
        self._price = task.price
        self._manifest = Manifest.of(
            ti, arguments.spec.target.destination, map_index_of(ti), self._price, loop_index_of(context)
        )

    def run(
        self,
        *,
        resumed: bool,
        ignored: Mapping[str, int] = NOTHING_IGNORED,
        scanned_at: float | None = None,
    ) -> dict[str, Any]:
        """Run until every input is finished, and return the summary.

        :param ignored: Number of ignored objects by extension, as counted before a deferral.
        :param scanned_at: When the job list was scanned (epoch seconds).
        :raises TaskDeferred: if jobs are running and the task defers.
        :raises FluxionsError: if inputs failed, the deadline passed, or an error concerns all inputs.
        """
        planner = self._planner(ignored)
        if self._arguments.dry_run:
            return planner.forecast(datetime.now(UTC), self._price)
        now = datetime.now(UTC)
        scanned = datetime.fromtimestamp(scanned_at, UTC) if scanned_at is not None else None
        plan = planner.restored(now, scanned) if resumed else None
        if plan is None:
            scanned_at = now.timestamp()
            plan = planner.plan(now, earlier_start=self._earlier_start(now))
        push_for_link(self._task.operator, self._task.context["ti"], RESULT_XCOM, self._manifest.uri)
        runner = TransferRunner(self._steps(plan), plan.records, self._arguments.limits, from_end=plan.overlaps)
        try:
            self._run_or_defer(runner, scanned_at=scanned_at, ignored=most_frequent(planner.ignored))
        finally:  # work before a failure is lineage, too
            summary = summarize(plan.records, self._manifest.uri, self._price, planner.ignored)
            self._task.operator.lineage = lineage_of(plan.records, summary)
        log.info("%s", summary_line(summary, planner.ignored))
        if error := transfer_error(plan.records, self._arguments.fail_on, self._manifest.uri):
            raise error
        add_asset_extra(self._task.context, self._task.operator, summary)
        return summary

    def _planner(self, ignored: Mapping[str, int]) -> TransferPlanner:
        given = self._arguments
        return TransferPlanner(
            self._task.client,
            self._store,
            given.spec,
            self._manifest,
            given.budget,
            given.lookback_days,
            given.fail_on_empty,
            Counter(ignored),
        )

    def _earlier_start(self, now: datetime) -> datetime | None:
        """Return the start of the run if an earlier try might have left jobs and a manifest, else None."""
        identity = TaskIdentity.of(self._task.context, self._task.operator.retries)
        return (identity.since or now) if identity.may_have_submitted else None

    def _steps(self, plan: TransferPlan) -> TransferSteps:
        given = self._arguments
        return TransferSteps(
            self._task.client,
            self._store,
            given.choices,
            provenance_of(self._task.context),
            given.options,
            self._deadline,
            given.spec.run,
            self._task.metrics,
            given.patience_seconds,
            MetadataCheck(is_proven=any(record.state in DONE for record in plan.records)),
            plan.recent,
            PartitionCheck(self._store, given.spec.target, plan.records) if given.may_share_partitions else None,
        )

    def _run_or_defer(self, runner: TransferRunner, **kept: Any) -> None:
        """Run until every input is finished, or defer.

        :param kept: Further arguments of ``execute_complete``.
        """
        with written_on_error(lambda: self._manifest.write(self._store, runner.records)):
            running = runner.run()
        self._manifest.write(self._store, runner.records)
        if not running and not runner.has_more:
            return
        if time.time() >= runner.limits.deadline:
            if self._expires < self._deadline:
                raise execution_timeout_error(running)
            raise timeout_error(runner.records, running, self._arguments.timeout_seconds)
        # With queued inputs, a quarter of the jobs justifies a resume.
        enough = max(1, len(running) // 4) if runner.has_more else len(running)
        # One job that never ends must not block the results of all others.
        until = min(self._deadline, time.time() + LONGEST_DEFERRAL_SECONDS)
        operator, interval = self._task.operator, self._arguments.limits.poll_interval
        wait = Wait(running, operator.fluxions_conn_id, interval, until, enough, self._expires)
        log.info("Deferring: %s in progress. Resuming after %d finished.", counted(len(running), "job"), enough)
        # The wait ends at `until`; the transfer continues until its own deadline.
        self._task.defer(wait, deadline=self._deadline, **kept)


def lineage_of(records: Sequence[InputRecord], summary: Mapping[str, Any]) -> LineageRecord:
    """Return the inputs and outputs of this run, for lineage."""
    completed = [record for record in records if record.state is State.COMPLETED]
    return LineageRecord(
        inputs=[record.item.source.uri for record in completed],
        outputs=[uri for record in completed for uri in record.item.uris(record.folder)] + [summary["manifest"]],
        job_ids=[record.job_id for record in completed if record.job_id is not None],
        audio_seconds=summary["audio_seconds"],
        cost=summary.get("cost"),
    )
