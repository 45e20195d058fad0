"""The operator that transcribes recordings from S3 to S3: its arguments, checked. `s3_to_s3_run` does the work."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import BaseOperator, Context, conf

from airflow_provider_fluxions.api.arguments import at_least_one, boolean_of, number_of, seconds_of
from airflow_provider_fluxions.api.cost import parse_price
from airflow_provider_fluxions.formats import choose, choose_installed
from airflow_provider_fluxions.hooks import (
    DEFAULT_CONN_ID,
    DEFAULT_POLL_INTERVAL_SECONDS,
    DEFAULT_TIMEOUT_SECONDS,
)
from airflow_provider_fluxions.links import FluxionsResultLink, FluxionsTranscriptLink
from airflow_provider_fluxions.pipeline.ignored import parse_ignored
from airflow_provider_fluxions.pipeline.input_errors import check_fail_on
from airflow_provider_fluxions.pipeline.locations import parse_destination, parse_sources
from airflow_provider_fluxions.pipeline.naming import DEFAULT_TEMPLATE, KeyTemplate
from airflow_provider_fluxions.pipeline.selection import AUDIO_SUFFIXES, Selection, suffixes_of
from airflow_provider_fluxions.pipeline.timing import DEFERRAL_COSTS_SECONDS, MAX_RECORDING_RETRY_SECONDS
from airflow_provider_fluxions.storage import DEFAULT_AWS_CONN_ID, WriteOptions, open_store
from airflow_provider_fluxions.task.identity import run_reference
from airflow_provider_fluxions.task.lineage import ReportsLineage
from airflow_provider_fluxions.task.provenance import provenance_of
from airflow_provider_fluxions.task.run import TaskRun, task_run
from airflow_provider_fluxions.task.wait import execution_deadline

if TYPE_CHECKING:
    from airflow_provider_fluxions.pipeline.discovery import TransferSpec
    from airflow_provider_fluxions.pipeline.runner import TransferLimits
    from airflow_provider_fluxions.transfers.s3_to_s3_run import TransferRun

log = logging.getLogger(__name__)


class FluxionsS3ToS3Operator(ReportsLineage, BaseOperator):
    """Transcribe recordings in S3 into another place in S3, incrementally.

    An input is completed if its results exist and have its version and these options in their metadata, so a rerun
    submits only new inputs. Missing formats are made from a stored ``json`` result if there is one. A killed task
    resumes. A failed input is reported at the end and does not stop the others. An input also fails if its result
    would replace that of another recording.

    Returns counts, ``bytes``, ``audio_seconds``, ``cost`` and ``estimated_cost`` (with a price), and the URI of the
    ``manifest``: one JSON line for each input. See docs/transfer.md.

    :param source: (templated) ``s3://bucket/key``, a prefix, a glob (``**/`` crosses folders), or a list of them.
        Below a prefix or glob, only names that end with one of ``suffixes`` are selected.
    :param destination: (templated) ``s3://bucket/prefix/``.
    :param formats: See `airflow_provider_fluxions.formats`.
    :param format_options: By format, such as ``{"vtt": {"preset": "netflix"}}``; checked when the DAG is parsed. If
        the options change, results are written again from existing results or jobs.
    :param partition_by_date: Write results below ``{destination}ingest_date=YYYY-MM-DD/``, the end of the run's data
        interval (else its logical date, else when it was due), UTC. If an input has results in another date's
        partition, missing ones are added there.
    :param key_template: Names of results below that, with ``{path}``, ``{folder}``, ``{name}``, ``{stem}`` of the
        recording and ``{extension}`` of the format; see `KeyTemplate`. Default: ``2026/call.mp3.json``.
    :param suffixes: Extensions of audio names, compared without case.
    :param min_age: (templated) Minimum age of an object in seconds. Default 0. Younger objects, which might still be
        being written, are left for the next run.
    :param min_bytes: (templated) Skip smaller objects. Default 0.
    :param max_bytes: (templated) Skip larger objects. Default None: no limit.
    :param fail_on_empty: Fail, for a retry, if the source has no recordings. Default False: log a warning.
    :param max_inputs: (templated) Fail before the first submit if there are more new inputs. Default None: no limit.
    :param max_audio_hours: (templated) The same for hours of audio. This takes one or a few requests for each input's
        header. An input without a length counts at 8,000 bytes per second.
    :param dry_run: (templated) Return the plan; submit and write nothing. Also reads headers. Default False.
    :param shard_index: (templated) Number of this task's part of the source, from 0; map the operator over it.
    :param shard_count: (templated) Number of parts of the source, divided by a hash of each URI.
    :param non_speech: Include non-speech sounds as tags.
    :param cache: Allow an earlier result of Fluxions for the same audio.
    :param lookback_days: Maximum age of a reused job. The scan takes one request for each 100 jobs of the account since
        then, or since the oldest new recording was written, whichever is later.
    :param max_in_flight: Maximum jobs in progress at Fluxions.
    :param upload_workers: Parallel uploads, 1 MiB of memory each.
    :param fail_on: When failed inputs fail the task: ``any`` (default), ``all`` (only if every input failed) or
        ``none``.
    :param price_per_audio_hour: Price in your currency. Default None: the connection's price, if any. With a price,
        the cost is estimated from headers before the first submit, with one or a few requests for each new input.
    :param extra_args: Further arguments of boto3's ``put_object``, such as ``{"ServerSideEncryption": "aws:kms"}``.
    :param requester_pays: Pay for the requests to requester-pays buckets. Default False.
    :param gzip: Store text formats compressed, with ``Content-Encoding: gzip``.
    :param deferrable: Wait without holding a worker slot. With queued inputs, the task stays on its worker for jobs
        shorter than a deferral, about 20 s.
    :param poll_interval: Maximum seconds between two polls.
    :param timeout: Seconds, or a ``timedelta``, for the whole transfer, for each try.
    :param fluxions_conn_id: (templated) The Fluxions connection.
    :param aws_conn_id: (templated) The AWS connection for both buckets; None uses boto3's own credentials.
    :param outlets: Airflow's own; the event of each asset gets what this returns as its extra.
    :raises AirflowFailException: if inputs failed permanently, the run exceeds its limits, or an argument is invalid.
    :raises AirflowSensorTimeout: if jobs are still running after ``timeout``.
    :raises FluxionsError: for an error that a retry can survive.
    """

    # The Airflow registry reads this: a try that follows a lost one does not submit or pay again.
    __supports_durable_execution: ClassVar[bool] = True
    template_fields: Sequence[str] = (
        "source", "destination", "min_age", "min_bytes", "max_bytes", "max_inputs", "max_audio_hours", "dry_run",
        "shard_index", "shard_count", "fluxions_conn_id", "aws_conn_id",
    )  # fmt: skip
    operator_extra_links = (FluxionsTranscriptLink(), FluxionsResultLink())
    ui_color = "#e8fff0"
    deferral_costs_seconds = DEFERRAL_COSTS_SECONDS
    recording_patience_seconds = MAX_RECORDING_RETRY_SECONDS

    def __init__(
        self,
        *,
        source: str | Sequence[str],
        destination: str,
        formats: Sequence[str] = ("json",),
        format_options: Mapping[str, Mapping[str, Any]] | None = None,
        partition_by_date: bool = False,
        key_template: str = DEFAULT_TEMPLATE,
        suffixes: Sequence[str] = AUDIO_SUFFIXES,
        min_age: float | str = 0.0,
        min_bytes: int | str = 0,
        max_bytes: int | str | None = None,
        fail_on_empty: bool = False,
        max_inputs: int | str | None = None,
        max_audio_hours: float | str | None = None,
        dry_run: bool | str = False,
        shard_index: int | str = 0,
        shard_count: int | str = 1,
        non_speech: bool = False,
        cache: bool = True,
        lookback_days: float = 30.0,
        max_in_flight: int = 50,
        upload_workers: int = 4,
        fail_on: str = "any",
        price_per_audio_hour: float | None = None,
        extra_args: Mapping[str, Any] | None = None,
        requester_pays: bool = False,
        gzip: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = DEFAULT_POLL_INTERVAL_SECONDS,
        timeout: float | timedelta = DEFAULT_TIMEOUT_SECONDS,
        fluxions_conn_id: str = DEFAULT_CONN_ID,
        aws_conn_id: str | None = DEFAULT_AWS_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.destination = destination
        self.formats = formats
        self.format_options = format_options
        self.partition_by_date = partition_by_date
        self.key_template = key_template
        self.suffixes = suffixes
        self.min_age = min_age
        self.min_bytes = min_bytes
        self.max_bytes = max_bytes
        self.fail_on_empty = fail_on_empty
        self.max_inputs = max_inputs
        self.max_audio_hours = max_audio_hours
        self.dry_run = dry_run
        self.shard_index = shard_index
        self.shard_count = shard_count
        self.non_speech = non_speech
        self.cache = cache
        self.lookback_days = lookback_days
        self.max_in_flight = max_in_flight
        self.upload_workers = upload_workers
        self.fail_on = fail_on
        self.price_per_audio_hour = price_per_audio_hour
        self.extra_args = extra_args
        self.requester_pays = requester_pays
        self.gzip = gzip
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.fluxions_conn_id = fluxions_conn_id
        self.aws_conn_id = aws_conn_id
        self._check()

    def _check(self) -> None:
        """Check the arguments when the DAG is parsed; templated ones are checked when the task runs."""
        choose(self.formats, self.format_options)
        KeyTemplate(self.key_template)
        check_fail_on(self.fail_on)
        parse_price(self.price_per_audio_hour)
        self._writing()
        at_least_one("max_in_flight", self.max_in_flight)
        at_least_one("upload_workers", self.upload_workers)
        number_of("lookback_days", self.lookback_days, float)
        seconds_of("timeout", self.timeout)
        number_of("poll_interval", self.poll_interval, float)
        suffixes_of(self.suffixes)
        numbers = (self.min_age, self.min_bytes, self.max_bytes, self.shard_index, self.shard_count)
        if all(isinstance(number, int | float | None) for number in numbers):
            self._selection()

    def execute(self, context: Context) -> dict[str, Any]:
        """Plan, reuse what an earlier run left, and continue to the end, or with ``self.deferrable`` to a deferral."""
        with task_run(self, context) as task:
            ends = execution_deadline(context, self.execution_timeout)
            return self._run_of(task, self._new_deadline(), ends).run(resumed=False)

    def execute_complete(
        self,
        context: Context,
        event: dict[str, Any] | None = None,
        *,
        deadline: float | None = None,
        expires: float | None = None,
        ignored: dict[str, int] | None = None,
        scanned_at: float | None = None,
    ) -> dict[str, Any]:
        """Resume after a deferral: read the jobs themselves instead of the event.

        :param deadline: Epoch seconds. Default None: ``timeout`` from now, for ``airflow tasks test`` of Airflow 2.11,
            which drops what a deferral keeps.
        :param ignored: Number of ignored objects by extension, as counted by `execute`.
        :param scanned_at: When the job list was scanned, epoch seconds.
        """
        with task_run(self, context) as task:
            ends = execution_deadline(context, self.execution_timeout, expires)
            run = self._run_of(task, self._new_deadline() if deadline is None else deadline, ends)
            return run.run(resumed=True, ignored=parse_ignored(ignored), scanned_at=scanned_at)

    def on_kill(self) -> None:
        """Log that the jobs continue, because Fluxions has no cancel. The next try reuses them."""
        log.info("Killed. Fluxions has no cancel: submitted jobs continue, and the next try reuses them.")

    def _new_deadline(self) -> float:
        return time.time() + seconds_of("timeout", self.timeout)

    # A DAG file is parsed without the modules of a run, which cost 30 ms: the methods that need them import them.

    def _run_of(self, task: TaskRun, deadline: float, expires: float) -> TransferRun:
        from airflow_provider_fluxions.api.submit_once import SubmitOptions
        from airflow_provider_fluxions.pipeline.budget import Budget
        from airflow_provider_fluxions.transfers.s3_to_s3_run import TransferArguments, TransferRun

        arguments = TransferArguments(
            spec=self._spec(task),
            choices=choose_installed(self.formats, self.format_options),
            options=SubmitOptions(self.non_speech, self.cache),
            budget=Budget.checked(self.max_inputs, self.max_audio_hours),
            limits=self._limits(min(deadline, expires)),
            lookback_days=self.lookback_days,
            fail_on_empty=self.fail_on_empty,
            fail_on=self.fail_on,
            dry_run=boolean_of("dry_run", self.dry_run),
            timeout_seconds=seconds_of("timeout", self.timeout),
            patience_seconds=self.recording_patience_seconds,
            may_share_partitions=self._may_share_partitions,
        )
        addresses = [arguments.spec.target.destination, *(source.address for source in arguments.spec.sources)]
        store = open_store(addresses, self.aws_conn_id, self._writing(), requester_pays=self.requester_pays)
        return TransferRun(task, store, arguments, deadline, expires)

    def _spec(self, task: TaskRun) -> TransferSpec:
        from airflow_provider_fluxions.pipeline.discovery import TransferSpec
        from airflow_provider_fluxions.pipeline.items import Target
        from airflow_provider_fluxions.pipeline.partition import ingest_folder

        folder = ingest_folder(provenance_of(task.context).ingested_at) if self.partition_by_date else ""
        choices = choose(self.formats, self.format_options)
        target = Target.of(parse_destination(self.destination), choices, folder, KeyTemplate(self.key_template))
        sources, run = parse_sources(self.source), run_reference(task.context)
        options = {"non_speech": self.non_speech}
        return TransferSpec(sources, self._selection(), target, options, run, self.partition_by_date)

    def _selection(self) -> Selection:
        return Selection.checked(
            suffixes=self.suffixes,
            min_age_seconds=self.min_age,
            min_bytes=self.min_bytes,
            max_bytes=self.max_bytes,
            shard_index=self.shard_index,
            shard_count=self.shard_count,
        )

    @property
    def _may_share_partitions(self) -> bool:
        """Whether another run of this DAG can write the same results into another date's folder at the same time."""
        is_alone = self.has_dag() and self.dag.max_active_runs == 1
        return self.partition_by_date and not is_alone

    def _writing(self) -> WriteOptions:
        return WriteOptions(self.extra_args or {}, self.gzip)

    def _limits(self, deadline: float) -> TransferLimits:
        from airflow_provider_fluxions.pipeline.runner import TransferLimits

        return TransferLimits(
            self.max_in_flight,
            self.upload_workers,
            self.poll_interval,
            deadline,
            self.deferrable,
            self.deferral_costs_seconds,
        )
