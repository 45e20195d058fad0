"""The operator that speaks texts in S3 into another place in S3."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, Context

from airflow_provider_fluxions.api.arguments import at_least_one, boolean_of, seconds_of
from airflow_provider_fluxions.api.cost import SpeechPrice
from airflow_provider_fluxions.api.errors import FluxionsAudioError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.voices import VoiceList
from airflow_provider_fluxions.assets import add_asset_extra
from airflow_provider_fluxions.hooks import DEFAULT_CONN_ID, DEFAULT_TIMEOUT_SECONDS
from airflow_provider_fluxions.links import RESULT_XCOM, FluxionsResultLink, FluxionsTranscriptLink, push_for_link
from airflow_provider_fluxions.pipeline.conditional_put import MetadataCheck
from airflow_provider_fluxions.pipeline.input_errors import check_fail_on
from airflow_provider_fluxions.pipeline.items import Target
from airflow_provider_fluxions.pipeline.locations import parse_destination, parse_sources
from airflow_provider_fluxions.pipeline.manifest import Manifest, written_on_error
from airflow_provider_fluxions.pipeline.naming import DEFAULT_TEMPLATE, KeyTemplate
from airflow_provider_fluxions.pipeline.planning import LISTING_THREADS
from airflow_provider_fluxions.pipeline.records import DONE, State, count_states
from airflow_provider_fluxions.pipeline.report import plan_line, transfer_error
from airflow_provider_fluxions.pipeline.selection import Selection, suffixes_of
from airflow_provider_fluxions.pipeline.speech.formats import speech_formats
from airflow_provider_fluxions.pipeline.speech.planning import (
    SpeechDiscovery,
    SpeechSpec,
    check_destination,
    discover,
)
from airflow_provider_fluxions.pipeline.speech.records import SpeechInput, records_of
from airflow_provider_fluxions.pipeline.speech.report import (
    SpeechBudget,
    SpeechEstimate,
    forecast_speech,
    speech_sentence,
    speech_too_late,
    summarize_speech,
)
from airflow_provider_fluxions.pipeline.speech.results import SpeechResults
from airflow_provider_fluxions.pipeline.speech.runner import SpeechRunner
from airflow_provider_fluxions.pipeline.speech.steps import SpeechSteps
from airflow_provider_fluxions.speech.documents import TEXT_SUFFIXES
from airflow_provider_fluxions.storage import DEFAULT_AWS_CONN_ID, ObjectStore, WriteOptions, open_store
from airflow_provider_fluxions.task.identity import loop_index_of, map_index_of, run_reference
from airflow_provider_fluxions.task.lineage import ReportsLineage
from airflow_provider_fluxions.task.run import TaskRun, task_run
from airflow_provider_fluxions.transfers.s3_to_s3_run import lineage_of

log = logging.getLogger(__name__)


class FluxionsS3TextToSpeechOperator(ReportsLineage, BaseOperator):
    """Speak texts in S3 into another place in S3, incrementally.

    A text is completed if its results exist and have its reference (text, voice and options) in their metadata, so a
    rerun renders only what is new or changed; audio formats that are missing are made from a stored ``wav`` or
    ``flac``. A long text is rendered in pieces, which are stored until its audio exists: a killed task resumes after
    the last stored piece. A failed text is reported at the end and does not stop the others.

    Returns counts, ``bytes``, ``characters``, ``audio_seconds``, ``renders``, ``renders_lost``, ``cost`` and
    ``estimated_cost`` (with a price), and the URI of the ``manifest``: one JSON line for each text. See
    docs/howto/speech.md.

    The task holds its worker slot while it renders: there is no job to wait for, so it cannot be deferred. Use a pool
    to limit such tasks, and map the operator over ``shard_index`` to spread a large source over workers.

    :param source: (templated) ``s3://bucket/key``, a prefix, a glob (``**/`` crosses folders), or a list of them.
        Below a prefix or glob, only names that end with one of ``suffixes`` are selected. ``.txt`` and ``.md`` are one
        text each; ``.jsonl`` has one in each line, with ``id``, ``text`` and optionally ``voice``.
    :param destination: (templated) ``s3://bucket/prefix/``.
    :param voice: (templated) The id of a voice, such as ``maeve``. It is resolved once in each task, to the checkpoint
        that is served now. A full id, ``maeve.h8ff7e07da``, names its checkpoint.
    :param formats: At least one of ``wav``, ``flac``, ``ogg``, ``opus`` and ``mp3``; also ``vtt`` (captions) and
        ``json`` (time line in samples). All but ``wav``, ``vtt`` and ``json`` need the extra ``speech``.
    :param temperature: Temperature of sampling. Default None: the service's.
    :param max_seconds: Maximum length of one piece's audio. Default None: the service's, from the text.
    :param verify_chunks: Let the service transcribe what it rendered, and render misread parts again. Default None: the
        service's, which is to verify.
    :param rerender_on_new_checkpoint: Render texts again whose stored audio another checkpoint of the voice spoke.
        Default False.
    :param key_template: Names of results below the destination, with ``{path}``, ``{folder}``, ``{name}``, ``{stem}``
        of the text and ``{extension}`` of the format; see `KeyTemplate`. The path of a JSON line is its file and its
        id: ``prompts.jsonl/welcome``. Default: ``news/today.md.wav`` and ``prompts.jsonl/welcome.wav``.
    :param suffixes: Extensions of names of texts, compared without case.
    :param min_age: (templated) Minimum age of an object in seconds. Default 0. Younger objects, which might still be
        being written, are left for the next run.
    :param min_bytes: (templated) Skip smaller objects. Default 0.
    :param max_bytes: (templated) Skip larger objects. Default None: no limit, but above 64 MiB an object fails.
    :param fail_on_empty: Fail, for a retry, if the source has no texts. Default False: log a warning.
    :param max_inputs: (templated) Fail before the first render if there are more texts to speak. Default None: no
        limit.
    :param max_characters: (templated) The same for characters of text.
    :param dry_run: (templated) Return the plan; render and write nothing. Default False.
    :param shard_index: (templated) Number of this task's part of the source, from 0; map the operator over it.
    :param shard_count: (templated) Number of parts of the source: files, and lines of JSON Lines files.
    :param max_in_flight: Maximum renders in progress; each holds one piece in memory, about 2.4 MB.
    :param fail_on: When failed texts fail the task: ``any`` (default), ``all`` (only if every text failed) or
        ``none``.
    :param price_per_speech_hour: Price in your currency: estimated before (16 characters per second), measured after.
    :param price_per_1000_characters: The same for characters; give at most one of both prices.
    :param extra_args: Further arguments of boto3's ``put_object``, such as ``{"ServerSideEncryption": "aws:kms"}``.
    :param requester_pays: Pay for the requests to requester-pays buckets. Default False.
    :param timeout: Seconds, or a ``timedelta``, for the whole transfer, for each try.
    :param fluxions_conn_id: (templated) The Fluxions connection.
    :param aws_conn_id: (templated) The AWS connection for both buckets; None uses boto3's own credentials.
    :param outlets: Airflow's own; the event of each asset gets what this returns as its extra.
    :raises AirflowFailException: if texts failed permanently, the voice is unknown, the run exceeds its limits, or an
        argument is invalid.
    :raises AirflowSensorTimeout: if texts are left after ``timeout``.
    :raises FluxionsError: for an error that a retry can survive.
    """

    template_fields: Sequence[str] = (
        "source", "destination", "voice", "min_age", "min_bytes", "max_bytes", "max_inputs", "max_characters",
        "dry_run", "shard_index", "shard_count", "fluxions_conn_id", "aws_conn_id",
    )  # fmt: skip
    operator_extra_links = (FluxionsTranscriptLink(), FluxionsResultLink())
    ui_color = "#e8f0ff"

    def __init__(
        self,
        *,
        source: str | Sequence[str],
        destination: str,
        voice: str = "maeve",
        formats: Sequence[str] = ("wav",),
        temperature: float | None = None,
        max_seconds: float | None = None,
        verify_chunks: bool | None = None,
        rerender_on_new_checkpoint: bool = False,
        key_template: str = DEFAULT_TEMPLATE,
        suffixes: Sequence[str] = TEXT_SUFFIXES,
        min_age: float | str = 0.0,
        min_bytes: int | str = 0,
        max_bytes: int | str | None = None,
        fail_on_empty: bool = False,
        max_inputs: int | str | None = None,
        max_characters: int | str | None = None,
        dry_run: bool | str = False,
        shard_index: int | str = 0,
        shard_count: int | str = 1,
        max_in_flight: int = 8,
        fail_on: str = "any",
        price_per_speech_hour: float | None = None,
        price_per_1000_characters: float | None = None,
        extra_args: Mapping[str, Any] | None = None,
        requester_pays: bool = False,
        timeout: float | timedelta = DEFAULT_TIMEOUT_SECONDS,
        fluxions_conn_id: str = DEFAULT_CONN_ID,
        aws_conn_id: str | None = DEFAULT_AWS_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.destination = destination
        self.voice = voice
        self.formats = formats
        self.temperature = temperature
        self.max_seconds = max_seconds
        self.verify_chunks = verify_chunks
        self.rerender_on_new_checkpoint = rerender_on_new_checkpoint
        self.key_template = key_template
        self.suffixes = suffixes
        self.min_age = min_age
        self.min_bytes = min_bytes
        self.max_bytes = max_bytes
        self.fail_on_empty = fail_on_empty
        self.max_inputs = max_inputs
        self.max_characters = max_characters
        self.dry_run = dry_run
        self.shard_index = shard_index
        self.shard_count = shard_count
        self.max_in_flight = max_in_flight
        self.fail_on = fail_on
        self.price_per_speech_hour = price_per_speech_hour
        self.price_per_1000_characters = price_per_1000_characters
        self.extra_args = extra_args
        self.requester_pays = requester_pays
        self.timeout = timeout
        self.fluxions_conn_id = fluxions_conn_id
        self.aws_conn_id = aws_conn_id
        self._check()

    def _check(self) -> None:
        """Refuse invalid arguments when the DAG is parsed; templated ones are checked when they are known."""
        speech_formats(self.formats)
        KeyTemplate(self.key_template)
        check_fail_on(self.fail_on)
        self._price()
        self._options()
        WriteOptions(self.extra_args or {})
        at_least_one("max_in_flight", self.max_in_flight)
        seconds_of("timeout", self.timeout)
        suffixes_of(self.suffixes)

    def execute(self, context: Context) -> dict[str, Any]:
        """Find out what is missing, render it, and write the results."""
        with task_run(self, context) as run:
            timeout = seconds_of("timeout", self.timeout)
            return self._run(run, time.time() + timeout, timeout)

    def on_kill(self) -> None:
        """Report what is kept."""
        log.info("Killed. Finished audio and stored pieces are kept; renders in progress are lost.")

    def _run(self, task: TaskRun, deadline: float, timeout: float) -> dict[str, Any]:
        context, client, metrics, price = task.context, task.client, task.metrics, self._price()
        ti, run = context["ti"], run_reference(context)
        spec, voices = self._spec(run), VoiceList(client)
        addresses = [spec.target.destination, *(source.address for source in spec.sources)]
        writing = WriteOptions(self.extra_args or {})
        store = open_store(addresses, self.aws_conn_id, writing, requester_pays=self.requester_pays)
        found = self._found(store, spec, voices)
        inputs = found.inputs
        if boolean_of("dry_run", self.dry_run):
            forecast = forecast_speech(inputs, price, found.ignored)
            log.info("Dry run, nothing was rendered or written: %s", ", ".join(f"{k}={v}" for k, v in forecast.items()))
            return forecast
        self._check_budget(inputs, price)
        manifest = Manifest.of(ti, spec.target.destination, map_index_of(ti), None, loop_index_of(context))
        push_for_link(self, ti, RESULT_XCOM, manifest.uri)
        log.info("Planned %s.", plan_line(count_states(records_of(inputs))))
        if any(one.record.state is State.TO_DO for one in inputs):
            manifest.write_rows(store, (one.to_row(price) for one in inputs))
        is_proven = any(one.record.state in DONE for one in inputs)
        results = SpeechResults(store, spec.formats, run, MetadataCheck(is_proven=is_proven))
        steps = SpeechSteps(client, results, spec.options, deadline, metrics)
        runner = SpeechRunner(steps, voices, inputs, self.max_in_flight, deadline, voice=spec.voice)
        try:
            is_settled = self._speak(runner, manifest, store, inputs, price)
        finally:  # what was done before a failure is lineage too
            summary = summarize_speech(inputs, manifest.uri, price, found.ignored)
            self.lineage = lineage_of(records_of(inputs), summary)
        metrics.failed(summary["failed"])
        log.info("%s", speech_sentence(summary, found.ignored))
        if not is_settled:
            raise speech_too_late(inputs, timeout)
        if error := transfer_error(records_of(inputs), self.fail_on, manifest.uri):
            raise error
        add_asset_extra(context, self, summary)
        return summary

    def _found(self, store: ObjectStore, spec: SpeechSpec, voices: VoiceList) -> SpeechDiscovery:
        with ThreadPoolExecutor(LISTING_THREADS, thread_name_prefix="fluxions-listing") as pool:
            found = discover(store, pool, spec, datetime.now(UTC))
            if not found.inputs:
                self._report_empty()
            todo = {one.voice for one in found.inputs if one.record.state is State.TO_DO}
            voice_ids = {voice: voices.resolve(voice) for voice in todo} if spec.rerender else {}
            check_destination(store, pool, spec, found.inputs, voice_ids)
        return found

    def _report_empty(self) -> None:
        """Warn that the source has no texts.

        :raises FluxionsAudioError: that is an error for this transfer.
        """
        message = f"The source has no texts: {printable(self.source)}."
        if self.fail_on_empty:
            raise FluxionsAudioError(message, transient=True)
        log.warning("%s", message)

    def _check_budget(self, inputs: Sequence[SpeechInput], price: SpeechPrice) -> None:
        work = SpeechEstimate.of(inputs)
        SpeechBudget.checked(self.max_inputs, self.max_characters).check(work)
        if work.inputs:
            cost = price.cost(work.characters, work.audio_seconds)
            about = "" if cost is None else f", cost about {cost}"
            hours = work.audio_seconds / 3600
            log.info("To be spoken: %s characters, about %.3f h%s.", f"{work.characters:,}", hours, about)

    def _speak(
        self,
        runner: SpeechRunner,
        manifest: Manifest,
        store: ObjectStore,
        inputs: Sequence[SpeechInput],
        price: SpeechPrice,
    ) -> bool:
        """Run until every text is settled, and write the manifest, also after an error."""

        def write() -> None:
            manifest.write_rows(store, (one.to_row(price) for one in inputs))

        with written_on_error(write):
            is_settled = runner.run()
        write()
        return is_settled

    def _spec(self, run: str) -> SpeechSpec:
        formats = speech_formats(self.formats, installed=True)
        target = Target(parse_destination(self.destination), "", formats.extensions, {}, KeyTemplate(self.key_template))
        selection = Selection.checked(
            suffixes=self.suffixes,
            min_age_seconds=self.min_age,
            min_bytes=self.min_bytes,
            max_bytes=self.max_bytes,
            shard_index=self.shard_index,
            shard_count=self.shard_count,
        )
        sources, rerender = parse_sources(self.source), self.rerender_on_new_checkpoint
        return SpeechSpec(sources, selection, target, formats, self.voice, self._options(), run, rerender)

    def _options(self) -> SpeechOptions:
        return SpeechOptions(self.temperature, self.max_seconds, self.verify_chunks)

    def _price(self) -> SpeechPrice:
        return SpeechPrice.checked(self.price_per_speech_hour, self.price_per_1000_characters)
