"""The operator that makes other formats of stored results, without asking the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, Context

from airflow_provider_fluxions.airflow_errors import airflow_errors
from airflow_provider_fluxions.api.errors import FluxionsFormatError, FluxionsInputError, FluxionsTransferError
from airflow_provider_fluxions.formats import Choice, choose, read_stored
from airflow_provider_fluxions.formats.base import Origin
from airflow_provider_fluxions.s3 import DEFAULT_AWS_CONN_ID, S3Object, S3Store
from airflow_provider_fluxions.transfers.origin import origin_of
from airflow_provider_fluxions.transfers.partition import by_path, ingest_folder
from airflow_provider_fluxions.transfers.plan import (
    META_JOB,
    META_OPTIONS,
    META_REFERENCE,
    META_RUN,
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


class FluxionsConvertOperator(BaseOperator):
    """Make other formats of stored ``json`` results. Nothing is transcribed, so nothing is paid.

    A result is done when its conversions exist and carry its version and these options, so a rerun converts only
    what is new. What is no stored result is reported at the end and sinks nothing else.

    Tables name the stored JSON as ``stored_uri``, and what a transfer left in its metadata: the recording's ETag and
    our reference. The recording's address and size are not there and stay null.

    Returns counts: ``inputs``, ``converted``, ``already_done``.

    :param source: (templated) ``s3://bucket/prefix/``, one key, or a glob. Only names that end in ``.json`` are taken.
    :param destination: (templated) ``s3://bucket/prefix/``. Of ``call.mp3.json`` it makes
        ``{prefix}{path below the source}call.mp3.vtt``.
    :param formats: see `airflow_provider_fluxions.formats`.
    :param format_options: by format, such as ``{"vtt": {"preset": "netflix"}}``; checked when the DAG is parsed.
    :param partition_by_date: put results below ``{destination}ingest_date=YYYY-MM-DD/``; what stands in an earlier
        date's folder is done. For a source that has such folders itself leave it off: they are kept.
    :param workers: results converted side by side; each is held in memory whole.
    :param aws_conn_id: (templated) the AWS connection; None uses boto3's own credentials.
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
            if errors:
                shown = "; ".join(errors[:MAX_SHOWN_FAILURES])
                raise FluxionsTransferError(f"{len(errors)} of {len(items)} results could not be converted. {shown}")
            return counts

    def _plan(self, store: S3Store, choices: tuple[Choice, ...], origin: Origin) -> list[Item]:
        source, destination = parse_source(self.source), parse_destination(self.destination)
        store.require_bucket(destination[0])
        found = [one for one in store.list(source.bucket, source.prefix) if source.takes(one, (STORED_SUFFIX,))]
        partition, known = "", {}
        if self.partition_by_date:
            _require_no_dates(found, source)
            partition, known = ingest_folder(origin.ingested_at), _known(store, destination)
        items = [_item(one, source, destination, choices, partition, known) for one in found]
        check_collisions(items)
        if not items:
            self.log.warning("%s holds no stored results (names that end in %s).", self.source, STORED_SUFFIX)
        return items


def _require_no_dates(found: list[S3Object], source: Source) -> None:
    dated = [one for one in found if by_path([source.relative(one.key)], "")]
    if dated:
        raise FluxionsInputError(
            f"{dated[0].uri} stands in a date's folder already, and its conversions would stand in two. Leave "
            "partition_by_date off, and they keep the one they have."
        )


def _known(store: S3Store, destination: tuple[str, str]) -> dict[str, str]:
    """Return what stands in any date's folder, by path within it."""
    bucket, prefix = destination
    return by_path((one.key for one in store.list(bucket, f"{prefix}ingest_date=")), prefix)


def _item(
    found: S3Object,
    source: Source,
    destination: tuple[str, str],
    choices: tuple[Choice, ...],
    partition: str,
    known: Mapping[str, str],
) -> Item:
    """Plan one result: as of a recording, but its outputs' names go without ``.json``."""
    nameless = replace(found, key=found.key[: -len(STORED_SUFFIX)])
    planned = plan_item(nameless, source, destination, choices, {"made": "from json"}, partition, known)
    return replace(planned, source=found)


def _convert(store: S3Store, item: Item, choices: tuple[Choice, ...], origin: Origin) -> bool | str:
    """Return whether there was anything to do, or what went wrong."""
    source = item.source
    if _is_done(store, item, item.outputs) or _is_done(store, item, item.earlier):
        return False
    try:
        transcription = read_stored(store.get(source))
        known = _source_origin(store.head(source.bucket, source.key) or source, origin)
        files = [(choice.format.content_type, choice.files(transcription, known)) for choice in choices]
    except FluxionsFormatError as error:
        return f"{source.uri}: {error}"
    metadata = {META_REFERENCE: item.ref, META_VERSION: source.version, META_JOB: str(transcription.id)}
    for content_type, bodies in files:
        for extension, body in bodies.items():
            mark = {META_OPTIONS: item.marks[extension]} if extension in item.marks else {}
            store.put(item.bucket, item.outputs[extension], body, content_type, {**metadata, **mark})
    return True


def _is_done(store: S3Store, item: Item, outputs: Mapping[str, str]) -> bool:
    heads = {extension: store.head(item.bucket, key) for extension, key in outputs.items()}
    return bool(heads) and all(
        head is not None and is_made_from(head.metadata, item.ref, item.marks.get(extension))
        for extension, head in heads.items()
    )


def _source_origin(stored: S3Object, origin: Origin) -> Origin:
    """Return what a stored result's metadata says of its recording: only a transfer's does, which names its run."""
    facts = stored.metadata if META_RUN in stored.metadata else {}
    return replace(
        origin,
        stored_uri=stored.uri,
        source_etag=facts.get(META_VERSION),
        client_ref=facts.get(META_REFERENCE),
    )
