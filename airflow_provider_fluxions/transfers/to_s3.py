"""The operator that stores the results of completed jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, Context

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.job_errors import require_completed
from airflow_provider_fluxions.api.job_reference import stem_without_reference
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.assets import add_asset_extra, some_uris
from airflow_provider_fluxions.formats import Choice, choose, choose_installed
from airflow_provider_fluxions.formats.base import Provenance
from airflow_provider_fluxions.hooks import DEFAULT_CONN_ID
from airflow_provider_fluxions.links import RESULT_XCOM, FluxionsResultLink, FluxionsTranscriptLink, push_for_link
from airflow_provider_fluxions.pipeline.locations import parse_destination
from airflow_provider_fluxions.pipeline.object_metadata import META_JOB
from airflow_provider_fluxions.pipeline.partition import ingest_folder
from airflow_provider_fluxions.polling.watched_jobs import parse_job_ids
from airflow_provider_fluxions.storage import DEFAULT_AWS_CONN_ID, ObjectAddress, ObjectStore, open_store
from airflow_provider_fluxions.task.lineage import LineageRecord, ReportsLineage, job_uri
from airflow_provider_fluxions.task.provenance import provenance_of
from airflow_provider_fluxions.task.run import task_run


class FluxionsToS3Operator(ReportsLineage, BaseOperator):
    """Write the transcripts of completed jobs to S3 and return the URIs of the files.

    Each result is named ``{destination}{name}-{job id}.{extension}``. The name is the file name at Fluxions without its
    extension and the job reference; a longer name has its first 7 and last 4 characters (``intervi~0042``). A rerun
    writes the same keys, unless Fluxions changed the file name meanwhile.

    :param job_id: (templated) One id, or many such as the output of a mapped `FluxionsSubmitOperator`.
    :param destination: (templated) ``s3://bucket/prefix/``.
    :param formats: See `airflow_provider_fluxions.formats`.
    :param format_options: By format, such as ``{"vtt": {"preset": "netflix"}}``; checked when the DAG is parsed.
    :param partition_by_date: Put results below ``{destination}ingest_date=YYYY-MM-DD/``, the end of the run's data
        interval (else its logical date, else when it was to run), UTC.
    :param fluxions_conn_id: (templated) The Fluxions connection.
    :param aws_conn_id: (templated) The AWS connection; None uses boto3's own credentials.
    :param outlets: Airflow's own; the event of each asset gets ``jobs``, ``files``, ``audio_seconds``,
        ``destination`` and ``uris`` (the first 20) as its extra.
    :raises AirflowFailException: if a job failed or is unknown, or an argument is invalid.
    :raises FluxionsError: if a job is running (wait with the sensor first), or for a transient error.
    """

    template_fields: Sequence[str] = ("job_id", "destination", "fluxions_conn_id", "aws_conn_id")
    operator_extra_links = (FluxionsTranscriptLink(), FluxionsResultLink())
    ui_color = "#e8fff0"

    def __init__(
        self,
        *,
        job_id: JobId | Sequence[JobId],
        destination: str,
        formats: Sequence[str] = ("json",),
        format_options: Mapping[str, Mapping[str, Any]] | None = None,
        partition_by_date: bool = False,
        fluxions_conn_id: str = DEFAULT_CONN_ID,
        aws_conn_id: str | None = DEFAULT_AWS_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        choose(formats, format_options)
        self.job_id = job_id
        self.destination = destination
        self.formats = formats
        self.format_options = format_options
        self.partition_by_date = partition_by_date
        self.fluxions_conn_id = fluxions_conn_id
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> list[str]:
        """Read each transcript and write it in each format."""
        with task_run(self, context) as run:
            choices = choose_installed(self.formats, self.format_options)
            folder = parse_destination(self.destination)
            provenance = provenance_of(context)
            if self.partition_by_date:
                folder = folder.below(ingest_folder(provenance.ingested_at))
            store = open_store([folder], self.aws_conn_id)
            lineage = self.lineage = LineageRecord()
            for job_id in parse_job_ids(self.job_id):
                transcription = require_completed(run.hook.get_transcription(job_id))
                lineage.job_ids.append(job_id)
                lineage.inputs.append(job_uri(self.fluxions_conn_id, job_id))
                lineage.add_durations([transcription])
                lineage.outputs += self._write(store, folder, transcription, choices, provenance)
            if lineage.outputs:
                push_for_link(self, context["ti"], RESULT_XCOM, lineage.outputs[0])
            add_asset_extra(context, self, _asset_extra(lineage, folder.uri))
            return lineage.outputs

    def _write(
        self,
        store: ObjectStore,
        folder: ObjectAddress,
        transcription: Transcription,
        choices: Sequence[Choice],
        provenance: Provenance,
    ) -> list[str]:
        base = f"{stem_without_reference(transcription.filename)}-{transcription.id}"
        rendered = [(choice.format.content_type, choice.files(transcription, provenance)) for choice in choices]
        uris = []
        for content_type, files in rendered:
            for extension, body in files.items():
                address = folder.below(f"{base}{extension}")
                store.put(address, body, content_type, {META_JOB: str(transcription.id)})
                uris.append(address.uri)
                self.log.info("Wrote %s (%d bytes).", uris[-1], len(body))
        return uris


def _asset_extra(done: LineageRecord, folder: str) -> dict[str, Any]:
    return {
        "jobs": len(done.job_ids),
        "files": len(done.outputs),
        "audio_seconds": done.audio_seconds,
        "destination": folder,
        "uris": some_uris(done.outputs),
    }
