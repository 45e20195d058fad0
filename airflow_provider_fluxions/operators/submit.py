"""The operator that submits audio."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import BaseOperator, Context, conf

from airflow_provider_fluxions.api.arguments import seconds_of
from airflow_provider_fluxions.api.cost import parse_price
from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.job_warnings import warn_of_lost_reference, warn_of_other_options
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.api.submit_once import SubmitOptions
from airflow_provider_fluxions.hooks import (
    DEFAULT_CONN_ID,
    DEFAULT_POLL_INTERVAL_SECONDS,
    DEFAULT_TIMEOUT_SECONDS,
)
from airflow_provider_fluxions.links import (
    JOB_XCOM,
    RECORDING_XCOM,
    FluxionsJobLink,
    FluxionsRecordingLink,
    FluxionsTranscriptLink,
    keep_for_link,
    push_for_link,
)
from airflow_provider_fluxions.polling.watched_jobs import parse_job_ids
from airflow_provider_fluxions.storage import DEFAULT_AWS_CONN_ID, find_address
from airflow_provider_fluxions.storage.audio_sources import open_audio, shown_name, uri_of
from airflow_provider_fluxions.task.lineage import LineageRecord, ReportsLineage, job_uri
from airflow_provider_fluxions.task.run import TaskRun, task_run
from airflow_provider_fluxions.task.submit import submit_for_task

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

log = logging.getLogger(__name__)


class FluxionsSubmitOperator(ReportsLineage, BaseOperator):
    """Submit one recording to Fluxions and return the job id.

    Use it when other tasks run between the submit and the result. For whole buckets use `FluxionsS3ToS3Operator`.

    The operator pushes the job id as XCom ``job_id`` as soon as Fluxions returns it. A retry reuses the job of the
    failed try, at no charge. It finds the job by the reference in the job's file name. Clearing the task also reuses
    it, unless ``cache=False``.

    :param audio: (templated) Recording to submit: a local path, ``file://``, ``s3://bucket/key`` (streamed), or any URI
        that Airflow's `ObjectStoragePath` opens; as text, `pathlib.Path` or `ObjectStoragePath`. A connection in it
        (``s3://my_aws@bucket/key``) replaces ``aws_conn_id``; XComs and logs have the URI without it.
    :param filename: (templated) File name at Fluxions. Default: the last part of ``audio``.
    :param non_speech: Include non-speech sounds such as laughs and pauses as tags. Default False.
    :param cache: Allow an earlier result of Fluxions for the same audio. Default True.
    :param durable: Find and reuse the job of an earlier try. Default True. False submits a new job on every try, under
        the plain file name, which can be charged more than once.
    :param wait_for_completion: Return only when the job is completed. Default False.
    :param deferrable: Wait without holding a worker slot.
    :param poll_interval: Maximum seconds between two polls. New waits are polled sooner: see
        `FluxionsTranscriptionTrigger`.
    :param timeout: Seconds, or a ``timedelta``, allowed for the submit (cold starts and throttling included) and,
        separately, for the wait.
    :param price_per_audio_hour: Price in your currency. Default None: the connection's price, if any. With a price, the
        log and the XCom ``estimated_cost`` have an estimate from the recording's first MiB. If the task waits, the log
        and the XCom ``cost`` have the measured cost.
    :param fluxions_conn_id: (templated) The Fluxions connection.
    :param aws_conn_id: (templated) The AWS connection for ``s3://``. None uses boto3's own credentials.
    :raises AirflowFailException: if the job failed, or an argument is invalid.
    :raises AirflowSensorTimeout: if the job is still running after ``timeout``. The job continues at Fluxions.
    :raises FluxionsError: for an error that a retry can survive, with ``status_code`` and ``transient``.
    """

    # The Airflow registry reads this: a try after a failed one does not submit or pay again.
    __supports_durable_execution: ClassVar[bool] = True
    template_fields: Sequence[str] = ("audio", "filename", "fluxions_conn_id", "aws_conn_id")
    operator_extra_links = (FluxionsTranscriptLink(), FluxionsRecordingLink(), FluxionsJobLink())
    ui_color = "#e8f0ff"

    def __init__(
        self,
        *,
        audio: str | os.PathLike[str] | ObjectStoragePath,
        filename: str | None = None,
        non_speech: bool = False,
        cache: bool = True,
        durable: bool = True,
        wait_for_completion: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float | timedelta = DEFAULT_POLL_INTERVAL_SECONDS,
        timeout: float | timedelta = DEFAULT_TIMEOUT_SECONDS,
        price_per_audio_hour: float | None = None,
        fluxions_conn_id: str = DEFAULT_CONN_ID,
        aws_conn_id: str | None = DEFAULT_AWS_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        parse_price(price_per_audio_hour)
        self.audio = audio
        self.filename = filename
        self.non_speech = non_speech
        self.cache = cache
        self.durable = durable
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = seconds_of("poll_interval", poll_interval)
        self.timeout = seconds_of("timeout", timeout)
        self.price_per_audio_hour = price_per_audio_hour
        self.fluxions_conn_id = fluxions_conn_id
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> JobId:
        """Submit, or reuse the job of an earlier try; then wait if asked to, deferred with ``self.deferrable``."""
        with task_run(self, context) as run:
            self._record_lineage()
            source = open_audio(self.audio, self.aws_conn_id)
            if find_address(source.uri) is not None:
                push_for_link(self, context["ti"], RECORDING_XCOM, source.uri)
            run.costs.before(source)
            submitted = submit_for_task(
                run.client,
                context,
                source,
                retries=self.retries,
                filename=shown_name(self.filename, self.audio),
                options=SubmitOptions(self.non_speech, self.cache),
                durable=self.durable,
                deadline=time.time() + self.timeout,
                on_pause=run.metrics.throttled,
            )
            run.metrics.submitted(submitted, type(self).__name__)
            self._record_lineage(submitted.job_id)
            if self.wait_for_completion:
                self._wait(run, submitted.job_id, time.time() + self.timeout)
            return submitted.job_id

    def execute_complete(
        self,
        context: Context,
        event: dict[str, Any] | None = None,
        *,
        job_id: JobId | None = None,
        deadline: float | None = None,
        expires: float | None = None,
    ) -> JobId:
        """Resume after the deferral: read the job itself instead of the event.

        :param job_id: The job. Default None: the event's, for ``airflow tasks test`` of Airflow 2.11, which drops what
            a deferral keeps.
        :param deadline: epoch seconds. Default None: ``timeout`` from now, for the same command.
        """
        with task_run(self, context) as run:
            event = event or {}
            if job_id is None:
                (job_id,) = parse_job_ids(event.get("job_ids") or list(event.get("jobs") or ()))
            if deadline is None:
                deadline = time.time() + self.timeout
            self._record_lineage(job_id)
            self._wait(run, job_id, deadline, expires, event)
            return job_id

    def on_kill(self) -> None:
        """Log that the job continues, because Fluxions has no cancel. The next try reuses it."""
        log.info("Killed. Fluxions has no cancel: a submitted job continues, and the next try "
                      "of this task reuses it.")  # fmt: skip

    def _wait(
        self,
        run: TaskRun,
        job_id: JobId,
        deadline: float,
        kept_deadline: float | None = None,
        event: dict[str, Any] | None = None,
    ) -> None:
        watched = run.wait((job_id,), deadline, kept_deadline=kept_deadline, event=event, job_id=job_id)
        lineage = self._record_lineage(job_id, watched.ended.values())
        lineage.cost = run.costs.after(lineage.audio_seconds)
        for job in watched.ended.values():
            warn_of_other_options(self.non_speech, job)
            if self.durable:
                warn_of_lost_reference(job)

    def _record_lineage(self, job_id: JobId | None = None, jobs: Iterable[Job] = ()) -> LineageRecord:
        """Keep the lineage that is reported when the task ends."""
        uri = uri_of(self.audio)
        lineage = self.lineage = LineageRecord(inputs=[uri] if find_address(uri) is not None else [])
        if lineage.inputs:
            keep_for_link(self, RECORDING_XCOM, uri)
        if job_id is not None:
            keep_for_link(self, JOB_XCOM, job_id)
            lineage.job_ids, lineage.outputs = [job_id], [job_uri(self.fluxions_conn_id, job_id)]
        lineage.add_durations(jobs)
        return lineage
