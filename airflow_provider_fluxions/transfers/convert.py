"""The operator that makes other formats of stored results, without asking the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, Context

from airflow_provider_fluxions.airflow_errors import airflow_errors
from airflow_provider_fluxions.api.errors import FluxionsFormatError, FluxionsInputError, FluxionsTransferError
from airflow_provider_fluxions.formats import Choice, choose, read_stored
from airflow_provider_fluxions.formats.base import Origin
from airflow_provider_fluxions.links import RESULT_XCOM, FluxionsResultLink
from airflow_provider_fluxions.s3 import DEFAULT_AWS_CONN_ID, S3Object, S3Store
from airflow_provider_fluxions.transfers.address import Source, parse_destination, parse_source
from airflow_provider_fluxions.transfers.origin import origin_of
from airflow_provider_fluxions.transfers.outputs import (
    META_JOB,
    META_REFERENCE,
    META_VERSION,
    find_standing,
    write_outputs,
)
from airflow_provider_fluxions.transfers.partition import ingest_folder
from airflow_provider_fluxions.transfers.plan import STORED_EXTENSION, Item, Target, check_collisions, plan_item

MAX_SHOWN_FAILURES = 10


class FluxionsConvertOperator(BaseOperator):
    """Make other formats of stored ``json`` results. Nothing is transcribed, so nothing is paid.

    A result is done when its conversions exist and carry its version and these options, so a rerun converts only
    what is new. What is no stored result is reported at the end and sinks nothing else.

    Returns counts: ``inputs``, ``converted``, ``already_done``.

    :param source: (templated) ``s3://bucket/prefix/``, one key, or a glob. Only names that end in ``.json`` are taken.
    :param destination: (templated) ``s3://bucket/prefix/``. Of ``call.mp3.json`` it makes
        ``{prefix}{path below the source}call.mp3.vtt``.
    :param formats: see `airflow_provider_fluxions.formats`.
    :param format_options: by format, such as ``{"vtt": {"preset": "netflix"}}``; checked when the DAG is parsed.
    :param partition_by_date: put results below ``{destination}ingest_date=YYYY-MM-DD/``. A run of another date then
        converts everything anew, into its own partition.
    :param workers: results converted side by side; each is held in memory whole.
    :param aws_conn_id: (templated) the AWS connection; None uses boto3's own credentials.
    :raises AirflowFailException: a result could not be converted, or an argument cannot work.
    :raises FluxionsStorageError: S3 refused; a retry may mend it.
    """

    template_fields: Sequence[str] = ("source", "destination", "aws_conn_id")
    operator_extra_links = (FluxionsResultLink(),)
    ui_color = "#e8fff0"

    def __init__(
        self,
        *,
        source: str,
        destination: str,
        formats: Sequence[str],
        format_options: Mapping[str, Mapping[str, Any]] | None = None,
        partition_by_date: bool = False,
        workers: int = 4,
        aws_conn_id: str | None = DEFAULT_AWS_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        choose(formats, format_options)
        if workers < 1:
            raise FluxionsInputError("workers must be at least 1.")
        self.source = source
        self.destination = destination
        self.formats = formats
        self.format_options = format_options
        self.partition_by_date = partition_by_date
        self.workers = workers
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, int]:
        """Convert what is not converted yet."""
        with airflow_errors():
            store, origin = S3Store(self.aws_conn_id), origin_of(context)
            choices = choose(self.formats, self.format_options)
            with ThreadPoolExecutor(self.workers, thread_name_prefix="fluxions-convert") as pool:
                items, todo = self._plan(store, pool, choices, origin)
                ends = list(pool.map(lambda item: _convert(store, item, choices, origin), todo))
            errors = [end for end in ends if end is not None]
            counts = {
                "inputs": len(items),
                "converted": len(todo) - len(errors),
                "already_done": len(items) - len(todo),
            }
            context["ti"].xcom_push(RESULT_XCOM, "s3://{}/{}".format(*parse_destination(self.destination)))
            self.log.info("%s", counts)
            if errors:
                shown = "; ".join(errors[:MAX_SHOWN_FAILURES])
                raise FluxionsTransferError(f"{len(errors)} of {len(items)} results could not be converted. {shown}")
            return counts

    def _plan(
        self, store: S3Store, pool: Executor, choices: tuple[Choice, ...], origin: Origin
    ) -> tuple[list[Item], list[Item]]:
        """Return all stored results, and those that have something to be converted."""
        source, destination = parse_source(self.source), parse_destination(self.destination)
        store.require_bucket(destination[0])
        folder = ingest_folder(origin.ingested_at) if self.partition_by_date else ""
        target = Target.of(destination, choices, folder)
        found = [one for one in store.list(source.bucket, source.prefix) if source.takes(one, (STORED_EXTENSION,))]
        items = [_item(one, source, target) for one in found]
        check_collisions(items)
        if not items:
            self.log.warning("%s holds no stored results (names that end in %s).", self.source, STORED_EXTENSION)
        standing = find_standing(store, pool, items, [folder])
        return items, [item for item in items if not standing[item.ref].is_done(item)]


def _item(found: S3Object, source: Source, target: Target) -> Item:
    """Plan one result: as of a recording, but its outputs' names go without ``.json``."""
    return plan_item(found, source.relative(found.key)[: -len(STORED_EXTENSION)], target, {"made": "from json"})


def _convert(store: S3Store, item: Item, choices: tuple[Choice, ...], origin: Origin) -> str | None:
    """Write one result's conversions; return what went wrong, if it did."""
    source = item.source
    try:
        transcription = read_stored(store.get(source))
        metadata = {META_REFERENCE: item.ref, META_VERSION: source.version, META_JOB: str(transcription.id)}
        write_outputs(store, item, transcription, choices, origin, metadata)
    except FluxionsFormatError as error:
        return f"{source.uri}: {error}"
    return None
