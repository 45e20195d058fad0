"""The operator that takes recordings from S3 and brings transcripts to S3."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, Context, conf

from airflow_provider_fluxions.airflow_errors import airflow_errors
from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsDeadlineError,
    FluxionsInputError,
    FluxionsTransferError,
    JobId,
)
from airflow_provider_fluxions.api.reference import reference
from airflow_provider_fluxions.formats import choose
from airflow_provider_fluxions.formats.base import Origin
from airflow_provider_fluxions.hooks import (
    DEFAULT_CONN_ID,
    DEFAULT_POLL_INTERVAL_SECONDS,
    DEFAULT_TIMEOUT_SECONDS,
    FluxionsHook,
)
from airflow_provider_fluxions.s3 import DEFAULT_AWS_CONN_ID, S3Object, S3Store
from airflow_provider_fluxions.transfers.flow import Flow, Options, Progress
from airflow_provider_fluxions.transfers.origin import origin_of
from airflow_provider_fluxions.transfers.partition import by_path, ingest_folder
from airflow_provider_fluxions.transfers.plan import (
    AUDIO_SUFFIXES,
    Item,
    Source,
    check_collisions,
    parse_destination,
    parse_source,
    plan_item,
)
from airflow_provider_fluxions.waiting import Wait

log = logging.getLogger(__name__)

MAX_SHOWN_FAILURES = 10


class FluxionsS3ToS3Operator(BaseOperator):
    """Transcribe one recording, a prefix or a glob in S3 into another place in S3, incrementally.

    An input is done when its results exist and carry its version and these options in their metadata, so a
    rerun submits only what is new. A killed task resumes where it was. A failed input is reported at the end
    and sinks nothing else.

    Returns counts, ``bytes``, ``audio_seconds`` and the ``manifest``'s address: one JSON line an input.

    :param source: (templated) ``s3://bucket/key``, a prefix, or a glob (``**/`` crosses folders). Of a prefix or
        glob only names that end in one of ``suffixes`` are taken.
    :param destination: (templated) ``s3://bucket/prefix/``. Results are named
        ``{prefix}{path below the source}.{extension}``, for example ``out/2026/call.mp3.json``.
    :param formats: see `airflow_provider_fluxions.formats`.
    :param format_options: by format, such as ``{"vtt": {"preset": "netflix"}}``; checked when the DAG is parsed. Other
        options than last time are work again, from the jobs that Fluxions has.
    :param partition_by_date: put results below ``{destination}ingest_date=YYYY-MM-DD/``, the end of the run's data
        interval (else its logical date, else when it was to run), UTC. An input whose results stand whole in another
        date's partition is done, and stays there.
    :param suffixes: lower-case endings of audio names.
    :param non_speech: include non-speech sounds as tags.
    :param cache: let Fluxions answer with an earlier result for the same audio.
    :param max_in_flight: jobs at the service at a time.
    :param upload_workers: uploads side by side.
    :param deferrable: wait without holding a worker slot.
    :param poll_interval: seconds between two looks.
    :param timeout: seconds for the whole transfer, per try.
    :param fluxions_conn_id: (templated) the Fluxions connection.
    :param aws_conn_id: (templated) the AWS connection for both buckets; None uses boto3's own credentials.
    :raises AirflowFailException: an input failed for good, or an argument cannot work.
    :raises AirflowSensorTimeout: jobs still run after ``timeout``.
    :raises FluxionsError: anything that a retry may mend.
    """

    template_fields: Sequence[str] = ("source", "destination", "fluxions_conn_id", "aws_conn_id")
    ui_color = "#e8fff0"

    def __init__(
        self,
        *,
        source: str,
        destination: str,
        formats: Sequence[str] = ("json",),
        format_options: Mapping[str, Mapping[str, Any]] | None = None,
        partition_by_date: bool = False,
        suffixes: Sequence[str] = AUDIO_SUFFIXES,
        non_speech: bool = False,
        cache: bool = True,
        max_in_flight: int = 50,
        upload_workers: int = 4,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = DEFAULT_POLL_INTERVAL_SECONDS,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        fluxions_conn_id: str = DEFAULT_CONN_ID,
        aws_conn_id: str | None = DEFAULT_AWS_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        choose(formats, format_options)
        if max_in_flight < 1 or upload_workers < 1:
            raise FluxionsInputError("max_in_flight and upload_workers must be at least 1.")
        self.source = source
        self.destination = destination
        self.formats = formats
        self.format_options = format_options
        self.partition_by_date = partition_by_date
        self.suffixes = suffixes
        self.non_speech = non_speech
        self.cache = cache
        self.max_in_flight = max_in_flight
        self.upload_workers = upload_workers
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.fluxions_conn_id = fluxions_conn_id
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Plan, take up what an earlier run left, and go on to the end or a deferral."""
        with airflow_errors():
            return self._run(context, None, time.time() + self.timeout)

    def execute_complete(
        self, context: Context, event: dict[str, Any] | None = None, *, progress: dict[str, Any], deadline: float
    ) -> dict[str, Any]:
        """Go on after a deferral. The event only woke us; the jobs themselves are asked."""
        with airflow_errors():
            return self._run(context, Progress(**progress), deadline)

    def on_kill(self) -> None:
        """Say what becomes of the jobs: Fluxions has no cancel, so the next try takes them up."""
        log.info("Killed. Fluxions has no cancel: submitted jobs go on, and the next try takes them up.")

    def _run(self, context: Context, progress: Progress | None, deadline: float) -> dict[str, Any]:
        ti = context["ti"]
        run = reference("run", ti.dag_id, ti.run_id, ti.task_id, ti.map_index)
        origin = origin_of(context)
        choices = choose(self.formats, self.format_options)
        options = Options(
            self.non_speech, self.cache, self.max_in_flight, self.upload_workers, deadline, run, choices, origin
        )
        client = FluxionsHook(self.fluxions_conn_id).get_conn()
        store = S3Store(self.aws_conn_id)
        flow = Flow(client, store, self._plan(store, options), options, progress)
        while job_ids := flow.step():
            self.log.info("%d of %d inputs are done, %d jobs run.", len(flow.done), len(flow.items), len(job_ids))
            self._wait(client, flow, job_ids, deadline)
        return self._finish(context, store, flow)

    def _plan(self, store: S3Store, how: Options) -> list[Item]:
        source, destination = parse_source(self.source), parse_destination(self.destination)
        store.require_bucket(destination[0])
        options = {"non_speech": self.non_speech}
        found = self._inputs(store, source)
        partition, known = self._partition(store, destination, how.origin)
        items = [plan_item(one, source, destination, how.choices, options, partition, known) for one in found]
        check_collisions(items)
        if not items:
            self.log.warning("%s holds no recordings (names that end in %s).", self.source, ", ".join(self.suffixes))
        return items

    def _partition(
        self, store: S3Store, destination: tuple[str, str], origin: Origin
    ) -> tuple[str, Mapping[str, str] | None]:
        """Return the folder of this run's date, and which results stand in any date's, by path within it."""
        if not self.partition_by_date:
            return "", None
        bucket, prefix = destination
        keys = (found.key for found in store.list(bucket, f"{prefix}ingest_date="))
        return ingest_folder(origin.ingested_at), by_path(keys, prefix)

    def _inputs(self, store: S3Store, source: Source) -> list[S3Object]:
        if source.may_be_one_object:
            one = store.head(source.bucket, source.prefix)
            if one is not None:
                return [one]
        found = [item for item in store.list(source.bucket, source.prefix) if source.takes(item, self.suffixes)]
        if not found and source.may_be_one_object:
            raise FluxionsAudioError(f"There is no object {self.source}, and no recordings below it.")
        return found

    def _wait(self, client: Any, flow: Flow, job_ids: tuple[JobId, ...], deadline: float) -> None:
        """Wait until it is worth to go on: a quarter of the jobs where others queue behind them, else all."""
        enough = max(1, len(job_ids) // 4) if flow.to_submit else len(job_ids)
        wait = Wait(job_ids, self.fluxions_conn_id, self.poll_interval, deadline, enough)
        if not self.deferrable:
            wait.in_place(client)
            return
        if time.time() >= deadline:
            raise FluxionsDeadlineError(
                f"{len(job_ids)} jobs still ran at the deadline. They go on at Fluxions; clear the task to "
                "collect them, or give it a longer timeout.",
                job_ids=job_ids,
            )
        self.defer(
            trigger=wait.trigger(),
            method_name="execute_complete",
            kwargs={"progress": flow.progress.to_json(), "deadline": deadline},
            timeout=wait.backstop(),
        )

    def _finish(self, context: Context, store: S3Store, flow: Flow) -> dict[str, Any]:
        rows = flow.rows()
        counts = {name: sum(row["status"] == name for row in rows) for name in ("completed", "already_done", "failed")}
        manifest = self._write_manifest(context, store, rows)
        summary = {
            "inputs": len(rows),
            **counts,
            "bytes": sum(row["bytes"] for row in rows if row["status"] == "completed"),
            "audio_seconds": round(flow.progress.audio_seconds, 3),
            "manifest": manifest,
        }
        self.log.info(
            "Of %d inputs %d are completed, %d were done before, %d failed. The manifest is %s.",
            len(rows), counts["completed"], counts["already_done"], counts["failed"], manifest,
        )  # fmt: skip
        if counts["failed"]:
            raise self._failure(rows, flow, manifest)
        return summary

    def _failure(self, rows: list[dict[str, Any]], flow: Flow, manifest: str) -> FluxionsTransferError:
        failed = [row for row in rows if row["status"] == "failed"]
        shown = "; ".join(f"{row['source']}: {row['error']}" for row in failed[:MAX_SHOWN_FAILURES])
        return FluxionsTransferError(
            f"{len(failed)} of {len(rows)} inputs failed, the others are done. {shown}. All are in {manifest}.",
            transient=flow.progress.transient,
        )

    def _write_manifest(self, context: Context, store: S3Store, rows: list[dict[str, Any]]) -> str:
        ti = context["ti"]
        bucket, prefix = parse_destination(self.destination)
        index = "" if ti.map_index is None or ti.map_index < 0 else f"-{ti.map_index}"
        key = f"{prefix}_manifests/{ti.dag_id}/{ti.run_id}/{ti.task_id}{index}.jsonl"
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        store.put(bucket, key, lines.encode(), "application/x-ndjson", {})
        return f"s3://{bucket}/{key}"
