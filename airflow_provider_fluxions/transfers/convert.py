"""The operator that makes other formats of stored results, without the API."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import unquote

from airflow.providers.common.compat.sdk import BaseOperator, Context

from airflow_provider_fluxions.api.errors import FluxionsInputError, FluxionsTransferError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.assets import add_asset_extra
from airflow_provider_fluxions.formats import Choice, choose, choose_installed, read_stored
from airflow_provider_fluxions.formats.base import Provenance
from airflow_provider_fluxions.links import RESULT_XCOM, FluxionsResultLink, push_for_link
from airflow_provider_fluxions.pipeline.destination import find_destination_states, require_destination, write_outputs
from airflow_provider_fluxions.pipeline.input_errors import failure_text, is_input_error, is_transient
from airflow_provider_fluxions.pipeline.items import (
    STORED_EXTENSION,
    PlannedInput,
    Target,
    check_collisions,
    plan_input,
)
from airflow_provider_fluxions.pipeline.locations import SourcePattern, parse_destination, parse_source
from airflow_provider_fluxions.pipeline.object_metadata import (
    META_JOB,
    META_REFERENCE,
    META_RUN,
    META_SOURCE,
    META_VERSION,
)
from airflow_provider_fluxions.pipeline.partition import dated_folders, ingest_folder
from airflow_provider_fluxions.storage import DEFAULT_AWS_CONN_ID, ObjectAddress, ObjectStore, StoredObject, open_store
from airflow_provider_fluxions.task.airflow_errors import airflow_errors
from airflow_provider_fluxions.task.lineage import LineageRecord, ReportsLineage
from airflow_provider_fluxions.task.provenance import provenance_of

log = logging.getLogger(__name__)

MAX_SHOWN_FAILURES = 10

# A stored result, the folder of its conversions, and whether they exist.
Planned = tuple[PlannedInput, str, bool]


class Failed(NamedTuple):
    """The reason of a failed conversion, and whether a retry can succeed."""

    text: str
    transient: bool


class FluxionsConvertOperator(ReportsLineage, BaseOperator):
    """Make other formats of stored ``json`` results. Nothing is transcribed, so there is no charge.

    A result is completed if its conversions exist and have its version and these options, so a rerun converts only new
    results. An object that is not a stored result is reported at the end and does not stop the others.

    Tables contain the stored JSON as ``stored_uri``, and the metadata of a transfer: the recording's URI, its ETag
    and the reference. Its size and the requested ``non_speech`` are unknown and stay null.

    Returns counts: ``inputs``, ``converted``, ``already_done``.

    :param source: (templated) ``s3://bucket/prefix/``, one key, or a glob. Only names that end with ``.json`` are
        selected.
    :param destination: (templated) ``s3://bucket/prefix/``. ``call.mp3.json`` becomes
        ``{prefix}{path below the source}call.mp3.vtt``.
    :param formats: see `airflow_provider_fluxions.formats`.
    :param format_options: by format, such as ``{"vtt": {"preset": "netflix"}}``; checked when the DAG is parsed.
    :param partition_by_date: Write results below ``{destination}ingest_date=YYYY-MM-DD/``. Existing results stay in
        an earlier date's folder, and missing ones are added there. If the source has such folders, leave it off: they
        are kept.
    :param workers: Parallel conversions; each whole result is in memory.
    :param aws_conn_id: (templated) the AWS connection; None uses boto3's own credentials.
    :param outlets: Airflow's own; the event of each asset gets the counts and ``destination`` as its extra.
    :raises AirflowFailException: if a result could not be converted, or an argument is invalid.
    :raises FluxionsStorageError: if the store refused a request; a retry might succeed.
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
        """Convert results without existing conversions."""
        with airflow_errors():
            source, destination = parse_source(self.source), parse_destination(self.destination)
            store, provenance = open_store([source.address, destination], self.aws_conn_id), provenance_of(context)
            choices = choose_installed(self.formats, self.format_options)
            with ThreadPoolExecutor(self.workers, thread_name_prefix="fluxions-convert") as pool:
                plan = self._plan(store, source, destination, pool, choices, provenance)
                todo = [(item, folder) for item, folder, is_done in plan if not is_done]
                ends = list(pool.map(lambda one: _convert(store, one[0], one[1], choices, provenance), todo))
            errors = [end for end in ends if end is not None]
            counts = {
                "inputs": len(plan),
                "converted": len(todo) - len(errors),
                "already_done": len(plan) - len(todo),
            }
            push_for_link(self, context["ti"], RESULT_XCOM, destination.uri)
            self.log.info("%s", counts)
            self._record_lineage(plan, {item.ref for (item, _), end in zip(todo, ends, strict=True) if end is not None})
            if errors:
                shown = "; ".join(error.text for error in errors[:MAX_SHOWN_FAILURES])
                raise FluxionsTransferError(
                    f"{len(errors)} of {len(plan)} results could not be converted. {shown}",
                    transient=any(error.transient for error in errors),
                )
            add_asset_extra(context, self, {**counts, "destination": self.destination})
            return counts

    def _record_lineage(self, plan: list[Planned], bad: Collection[str]) -> None:
        """Keep the results with conversions of this run or an earlier one."""
        good = [(item, folder) for item, folder, _ in plan if item.ref not in bad]
        outputs = [uri for item, folder in good for uri in item.uris(folder)]
        self.lineage = LineageRecord(inputs=[item.source.uri for item, _ in good], outputs=outputs)

    def _plan(
        self,
        store: ObjectStore,
        source: SourcePattern,
        destination: ObjectAddress,
        pool: Executor,
        choices: tuple[Choice, ...],
        provenance: Provenance,
    ) -> list[Planned]:
        """Return all stored results, with the folder of their conversions, and whether they exist."""
        require_destination(store, destination)
        found = [one for one in store.list(source.listed) if source.accepts(one, (STORED_EXTENSION,))]
        folders = [""]
        if self.partition_by_date:
            _require_no_dates(found, source)
            folders = _folders(store, destination, ingest_folder(provenance.ingested_at))
        target = Target.of(destination, choices, folders[0])
        items = [_item(one, source, target) for one in found]
        check_collisions(items)
        if not items:
            self.log.warning("%s holds no stored results (names that end in %s).", self.source, STORED_EXTENSION)
        states = find_destination_states(store, pool, items, folders)
        return [(item, states[item.ref].folder, states[item.ref].is_complete(item)) for item in items]


def _require_no_dates(found: list[StoredObject], source: SourcePattern) -> None:
    for one in found:
        if dated_folders([f"{source.relative(one.key).partition('/')[0]}/"]):
            raise FluxionsInputError(
                f"{one.uri} is already in an ingest_date= folder, so partition_by_date=True would nest a second one. "
                "Remove partition_by_date: converted files keep the folder of their source."
            )


def _folders(store: ObjectStore, destination: ObjectAddress, own: str) -> list[str]:
    """Return this run's folder, then those of other dates."""
    dated = dated_folders(store.folders(destination.below("ingest_date=")))
    return [own, *(folder for folder in dated if folder != own)]


def _item(found: StoredObject, source: SourcePattern, target: Target) -> PlannedInput:
    """Plan one result like a recording, with output names without ``.json``."""
    return plan_input(found, source.relative(found.key)[: -len(STORED_EXTENSION)], target, {"made": "from json"})


def _convert(
    store: ObjectStore, item: PlannedInput, folder: str, choices: tuple[Choice, ...], provenance: Provenance
) -> Failed | None:
    """Write one result's conversions; return the failure, if any.

    :raises FluxionsError: if an error concerns all results.
    """
    source = item.source
    try:
        transcription = read_stored(store.get(source.address))
        metadata = {META_REFERENCE: item.ref, META_VERSION: source.version, META_JOB: str(transcription.id)}
        known = _source_provenance(store.head(source.address) or source, provenance)
        write_outputs(store, item, folder, transcription, choices, known, metadata)
    except Exception as error:
        if not is_input_error(error):
            raise
        text = failure_text(error)
        log.error("%s: %s", printable(source.uri), text)
        return Failed(f"{source.uri}: {text.partition(chr(10))[0]}", is_transient(error))
    return None


def _source_provenance(stored: StoredObject, provenance: Provenance) -> Provenance:
    """Return the recording in a stored result's metadata. Only results of a transfer have it."""
    facts = stored.metadata if META_RUN in stored.metadata else {}
    return replace(
        provenance,
        stored_uri=stored.uri,
        source_uri=unquote(facts[META_SOURCE]) if META_SOURCE in facts else None,
        source_etag=facts.get(META_VERSION),
        client_ref=facts.get(META_REFERENCE),
    )
