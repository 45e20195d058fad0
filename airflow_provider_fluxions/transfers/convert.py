"""The operator that makes other formats of stored results, without asking the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, Context

from airflow_provider_fluxions.airflow_errors import airflow_errors
from airflow_provider_fluxions.api.errors import FluxionsFormatError, FluxionsInputError, FluxionsTransferError
from airflow_provider_fluxions.assets import add_asset_extra
from airflow_provider_fluxions.formats import Choice, choose, read_stored
from airflow_provider_fluxions.formats.base import Origin
from airflow_provider_fluxions.lineage import ReportsLineage, Traces
from airflow_provider_fluxions.s3 import DEFAULT_AWS_CONN_ID, S3Object, S3Store
from airflow_provider_fluxions.transfers.origin import origin_of
from airflow_provider_fluxions.transfers.partition import ingest_folder
from airflow_provider_fluxions.transfers.plan import (
    META_JOB,
    META_OPTIONS,
    META_REFERENCE,
    META_VERSION,
    Item,
    Source,
    check_collisions,
    is_made_from,
    parse_destination,
    parse_source,
    plan_item,
)

STORED_SUFFIX = ".json"
MAX_SHOWN_FAILURES = 10


class FluxionsConvertOperator(ReportsLineage, BaseOperator):
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
    :param outlets: Airflow's own; the event of each asset gets the counts and ``destination`` as its extra.
    :raises AirflowFailException: a result could not be converted, or an argument cannot work.
    :raises FluxionsStorageError: S3 refused; a retry may mend it.
    """

    template_fields: Sequence[str] = ("source", "destination", "aws_conn_id")
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
            items = self._plan(store, choices, origin)
            with ThreadPoolExecutor(self.workers, thread_name_prefix="fluxions-convert") as pool:
                ends = list(pool.map(lambda item: _convert(store, item, choices, origin), items))
            errors = [end for end in ends if isinstance(end, str)]
            counts = {"inputs": len(items), "converted": ends.count(True), "already_done": ends.count(False)}
            self.log.info("%s", counts)
            self._trace(items, ends)
            if errors:
                shown = "; ".join(errors[:MAX_SHOWN_FAILURES])
                raise FluxionsTransferError(f"{len(errors)} of {len(items)} results could not be converted. {shown}")
            add_asset_extra(context, self, {**counts, "destination": self.destination})
            return counts

    def _trace(self, items: list[Item], ends: list[bool | str]) -> None:
        """Keep what there is a result of, made now or before; not what could not be converted."""
        good = [item for item, end in zip(items, ends, strict=True) if not isinstance(end, str)]
        outputs = [uri for item in good for uri in item.output_uris]
        self.traces = Traces(inputs=[item.source.uri for item in good], outputs=outputs)

    def _plan(self, store: S3Store, choices: tuple[Choice, ...], origin: Origin) -> list[Item]:
        source, destination = parse_source(self.source), parse_destination(self.destination)
        store.require_bucket(destination[0])
        partition = ingest_folder(origin.ingested_at) if self.partition_by_date else ""
        found = [one for one in store.list(source.bucket, source.prefix) if source.takes(one, (STORED_SUFFIX,))]
        items = [_item(one, source, destination, choices, partition) for one in found]
        check_collisions(items)
        if not items:
            self.log.warning("%s holds no stored results (names that end in %s).", self.source, STORED_SUFFIX)
        return items


def _item(
    found: S3Object, source: Source, destination: tuple[str, str], choices: tuple[Choice, ...], partition: str
) -> Item:
    """Plan one result: as of a recording, but its outputs' names go without ``.json``."""
    nameless = replace(found, key=found.key[: -len(STORED_SUFFIX)])
    planned = plan_item(nameless, source, destination, choices, {"made": "from json"}, partition)
    return replace(planned, source=found)


def _convert(store: S3Store, item: Item, choices: tuple[Choice, ...], origin: Origin) -> bool | str:
    """Return whether there was anything to do, or what went wrong."""
    source = item.source
    heads = {extension: store.head(item.bucket, key) for extension, key in item.outputs.items()}
    if all(head and is_made_from(head.metadata, item.ref, item.marks.get(one)) for one, head in heads.items()):
        return False
    try:
        transcription = read_stored(store.get(source))
        files = [(choice.format.content_type, choice.files(transcription, origin)) for choice in choices]
    except FluxionsFormatError as error:
        return f"{source.uri}: {error}"
    metadata = {META_REFERENCE: item.ref, META_VERSION: source.version, META_JOB: str(transcription.id)}
    for content_type, bodies in files:
        for extension, body in bodies.items():
            mark = {META_OPTIONS: item.marks[extension]} if extension in item.marks else {}
            store.put(item.bucket, item.outputs[extension], body, content_type, {**metadata, **mark})
    return True
