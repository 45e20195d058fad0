"""The operator that speaks one text."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, Context

from airflow_provider_fluxions.api.arguments import at_least_one, seconds_of
from airflow_provider_fluxions.api.cost import SpeechPrice
from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsInputError
from airflow_provider_fluxions.api.job_reference import speech_reference
from airflow_provider_fluxions.api.rendering import render_piece, with_current_voice
from airflow_provider_fluxions.api.speech_audio import SpeechAudio
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.speech_text import check_text, expected_seconds, unknown_tags
from airflow_provider_fluxions.api.voices import VoiceList, check_voice
from airflow_provider_fluxions.assets import add_asset_extra
from airflow_provider_fluxions.hooks import DEFAULT_CONN_ID
from airflow_provider_fluxions.links import RESULT_XCOM, FluxionsResultLink, FluxionsTranscriptLink, push_for_link
from airflow_provider_fluxions.operators.speech_pieces import Spoken, held, speak_pieces
from airflow_provider_fluxions.pipeline.speech.audio_upload import upload_audio
from airflow_provider_fluxions.pipeline.speech.stored_pieces import StoredPieces
from airflow_provider_fluxions.speech.encoding import AudioFormat, check_format, format_of
from airflow_provider_fluxions.speech.metadata import META_SECONDS, META_VOICE_ID, is_done, speech_metadata
from airflow_provider_fluxions.speech.pieces import Piece, cut_text
from airflow_provider_fluxions.storage import (
    DEFAULT_AWS_CONN_ID,
    ObjectAddress,
    ObjectStore,
    StoredObject,
    WriteOptions,
    open_store,
)
from airflow_provider_fluxions.task.cost_report import CostReport
from airflow_provider_fluxions.task.lineage import LineageRecord, ReportsLineage
from airflow_provider_fluxions.task.run import TaskRun, task_run

log = logging.getLogger(__name__)

DEFAULT_VOICE = "maeve"
DEFAULT_SPEECH_TIMEOUT_SECONDS = 60 * 60.0


@dataclass(frozen=True)
class _Plan:
    """What is spoken, and where its audio is stored. All of it is checked before anything is charged."""

    address: ObjectAddress
    form: AudioFormat
    voice: str
    text: str
    pieces: tuple[Piece, ...]
    options: SpeechOptions

    @property
    def uri(self) -> str:
        return self.address.uri

    @property
    def reference(self) -> str:
        return speech_reference(self.text, self.voice, self.options)


class FluxionsTextToSpeechOperator(ReportsLineage, BaseOperator):
    """Speak one text and store its audio in S3.

    Use it for a prompt, an announcement or an article. For files of texts use `FluxionsS3TextToSpeechOperator`.

    Audio that exists at the destination with the same text, voice and options is not rendered again. A text of more
    than 800 characters is rendered in pieces, which are stored at ``{destination}_pieces/`` until the audio exists: a
    retry renders only those that are missing. The audio appears whole or not at all. The task holds its worker slot;
    there is no job at Fluxions that it could wait for deferred.

    It returns ``uri``, ``voice``, ``voice_id`` (with the checkpoint of the model that spoke), ``audio_seconds``,
    ``characters``, ``pieces``, ``renders`` (texts sent in this try, which may have been charged), ``renders_lost``
    (those of them without complete audio), ``skipped``, ``reference`` and, with a price, ``cost`` and
    ``estimated_cost``.

    :param text: (templated) Text with optional tags such as ``[laugh]``. To read it from a file of the DAG folder, use
        ``{% include 'story.txt' %}``. Airflow stores up to 4,096 characters of it as a rendered template.
    :param destination: (templated) ``s3://bucket/key.wav``. The file extension is the format: wav, or flac, ogg, opus
        and mp3 with the extra ``speech``.
    :param voice: (templated) Short id of a voice, which speaks with the checkpoint that is served now, or a full id.
        Default ``maeve``.
    :param temperature: Variation of the speech, 0 or more. Default None: the service's.
    :param max_seconds: Longest render of one piece, in seconds. Default None: the service chooses by the text.
    :param verify_chunks: Let the service check what it speaks. Default None: it does.
    :param rerender_on_new_checkpoint: Render again if another checkpoint of the voice spoke the existing audio. Default
        False.
    :param dry_run: Return the estimate; send nothing to Fluxions and write nothing. Default False.
    :param max_in_flight: Maximum renders at a time, for a text of several pieces. Default 8. Each holds a piece in
        memory, about 2.4 MB. The order of the pieces is kept.
    :param timeout: Seconds, or a ``timedelta``, in which transient service errors are retried. Default 3,600.
    :param price_per_speech_hour: Price of an hour of speech in your currency. Default None: no cost is reported.
    :param price_per_1000_characters: Price of 1,000 characters, instead of the price of an hour.
    :param extra_args: Further arguments of boto3's ``put_object``, such as ``{"StorageClass": "STANDARD_IA"}``.
    :param fluxions_conn_id: (templated) The Fluxions connection.
    :param aws_conn_id: (templated) The AWS connection. None uses boto3's own credentials.
    :param outlets: Airflow's own. The event of each asset gets what the operator returns as its extra.
    :raises AirflowFailException: if the text or an argument is invalid, or the voice does not exist.
    :raises FluxionsSpeechError: if the audio of a piece was not complete, twice.
    :raises FluxionsError: for anything else, with ``status_code`` and ``transient``.
    """

    template_fields: Sequence[str] = ("text", "destination", "voice", "fluxions_conn_id", "aws_conn_id")
    operator_extra_links = (FluxionsTranscriptLink(), FluxionsResultLink())
    ui_color = "#e8f0ff"

    def __init__(
        self,
        *,
        text: str,
        destination: str,
        voice: str = DEFAULT_VOICE,
        temperature: float | None = None,
        max_seconds: float | None = None,
        verify_chunks: bool | None = None,
        rerender_on_new_checkpoint: bool = False,
        dry_run: bool = False,
        max_in_flight: int = 8,
        timeout: float | timedelta = DEFAULT_SPEECH_TIMEOUT_SECONDS,
        price_per_speech_hour: float | None = None,
        price_per_1000_characters: float | None = None,
        extra_args: Mapping[str, Any] | None = None,
        fluxions_conn_id: str = DEFAULT_CONN_ID,
        aws_conn_id: str | None = DEFAULT_AWS_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        SpeechOptions(temperature, max_seconds, verify_chunks)
        SpeechPrice.checked(price_per_speech_hour, price_per_1000_characters)
        WriteOptions(extra_args or {})
        # A template can still become any name.
        if isinstance(destination, str) and "{" not in destination:
            format_of(destination)
        self.text = text
        self.destination = destination
        self.voice = voice
        self.temperature = temperature
        self.max_seconds = max_seconds
        self.verify_chunks = verify_chunks
        self.rerender_on_new_checkpoint = rerender_on_new_checkpoint
        self.dry_run = dry_run
        self.max_in_flight = at_least_one("max_in_flight", max_in_flight)
        self.timeout = seconds_of("timeout", timeout)
        self.price_per_speech_hour = price_per_speech_hour
        self.price_per_1000_characters = price_per_1000_characters
        self.extra_args = extra_args
        self.fluxions_conn_id = fluxions_conn_id
        self.aws_conn_id = aws_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Speak the text, unless its audio exists."""
        with task_run(self, context) as run:
            self.lineage = LineageRecord()
            plan = self._plan()
            # One list, so that both uses of the voice get the same checkpoint. Made at its first use, because a skip
            # and a dry run need no connection.
            voices = cache(lambda: VoiceList(run.client))
            store = open_store([plan.address], self.aws_conn_id, WriteOptions(self.extra_args or {}))
            found = store.head(plan.address)
            if found is None:
                store.require_bucket(plan.address)
            is_stored = found is not None and self._is_done(plan, found, voices)
            estimate = self._estimate(plan, is_stored=is_stored)
            if self.dry_run:
                log.info("Dry run: %s.", "the audio exists" if is_stored else f"{len(plan.pieces)} pieces to render")
                return estimate
            if found is not None and is_stored:
                log.info("Skipped: %s exists with the same text, voice and options.", plan.uri)
                result = {**estimate, **_facts(found)}
            else:
                result = {**estimate, **self._speak(plan, store, run, voices, found)}
            return self._report(context, plan, result)

    def on_kill(self) -> None:
        """Log what a retry does."""
        log.info("Killed. A render in progress is lost. A retry reuses the pieces of a long text that are stored.")

    def _plan(self) -> _Plan:
        """Return what is to do.

        :raises FluxionsInputError: an argument cannot work.
        """
        address = ObjectAddress.parse(self.destination)
        if not address.key or address.key.endswith("/"):
            raise FluxionsInputError(f"destination must name an object, such as {address.at('speech.wav').uri}.")
        form = check_format(format_of(address.key).extension)
        # Native rendering makes numbers of digits.
        given: Any = self.text
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        text = check_text(str(given) if is_number else given)
        unknown = unknown_tags(text)
        if unknown:
            log.warning("Fluxions does not document these tags and might speak them: %s.", ", ".join(unknown))
        options = SpeechOptions(self.temperature, self.max_seconds, self.verify_chunks)
        return _Plan(address, form, check_voice(self.voice), text, cut_text(text), options)

    def _is_done(self, plan: _Plan, found: StoredObject, voices: Callable[[], VoiceList]) -> bool:
        if not is_done(found.metadata, plan.reference):
            return False
        if not self.rerender_on_new_checkpoint:
            return True
        return is_done(found.metadata, plan.reference, voices().resolve(plan.voice))

    def _estimate(self, plan: _Plan, *, is_stored: bool) -> dict[str, Any]:
        """Return the facts that are known before anything is rendered; durations are estimated."""
        seconds = sum(expected_seconds(piece.text) + piece.pause_seconds for piece in plan.pieces)
        result: dict[str, Any] = {
            "uri": plan.uri,
            "voice": plan.voice,
            "voice_id": None,
            "audio_seconds": round(seconds, 1),
            "characters": len(plan.text),
            "pieces": len(plan.pieces),
            "renders": 0,
            "renders_lost": 0,
            "skipped": is_stored,
            "reference": plan.reference,
        }
        cost = self._price.cost(0 if is_stored else len(plan.text), 0.0 if is_stored else seconds)
        if cost is not None:
            result["estimated_cost"] = cost
        if not is_stored:
            about = "" if cost is None else f", cost about {cost:.4f}"
            log.info("To be spoken: %s characters, about %.0f s%s.", f"{len(plan.text):,}", seconds, about)
        return result

    def _speak(
        self,
        plan: _Plan,
        store: ObjectStore,
        run: TaskRun,
        voices: Callable[[], VoiceList],
        found: StoredObject | None,
    ) -> dict[str, Any]:
        """Render, and write the audio.

        :param found: what it replaces.
        """
        deadline, client, metrics = time.time() + self.timeout, run.client, run.metrics

        def render(text: str, voice_id: str) -> SpeechAudio:
            audio = render_piece(
                client,
                text,
                voice_id=voice_id,
                options=plan.options,
                deadline=deadline,
                on_pause=metrics.throttled,
            )
            log.info("Rendered %d characters: %.1f s of speech.", len(text), audio.duration)
            return audio

        folder = plan.address.below(f"_pieces/{plan.reference}/")
        stored = StoredPieces(store, folder, plan.options)

        def speak(voice_id: str) -> Spoken:
            if len(plan.pieces) > 1:
                return speak_pieces(stored, plan.pieces, voice_id, render, self.max_in_flight)
            return held(plan.pieces[0], render(plan.pieces[0].text, voice_id))

        try:
            spoken = with_current_voice(voices(), plan.voice, speak)
            metrics.rendered(spoken.renders, spoken.renders_lost, spoken.seconds)
        except FluxionsError as error:
            log.error("The text is not spoken (renders=%d, renders_lost=%d).", error.renders, error.renders_lost)
            metrics.rendered(error.renders, error.renders_lost, 0.0)
            raise
        try:
            stored_facts = self._write(plan, store, spoken, found.version if found else None)
        except FluxionsError as error:
            error.renders, error.renders_lost = spoken.renders, spoken.renders_lost
            raise
        if len(plan.pieces) > 1:
            stored.remove(plan.uri)
        facts = {**stored_facts, "renders": spoken.renders, "renders_lost": spoken.renders_lost}
        cost = self._price.cost(spoken.characters, spoken.seconds)
        return facts if cost is None else {**facts, "cost": cost}

    def _write(self, plan: _Plan, store: ObjectStore, spoken: Spoken, replaces: str | None) -> dict[str, Any]:
        """Write the audio, encoded while it is sent. Audio of the same text that another run has stored by now stays.

        :param replaces: the version of the object that it replaces.
        :returns: the voice id and the seconds of the audio that is stored.
        """
        parts = spoken.parts
        metadata = speech_metadata(
            reference=plan.reference,
            voice=plan.voice,
            voice_id=spoken.voice_id,
            audio_seconds=parts.seconds,
            characters=len(plan.text),
        )
        rate, channels, blocks = parts.sample_rate, parts.channels, parts.blocks()
        upload_audio(store, plan.address, plan.form, rate, channels, blocks, metadata, replaces)
        log.info("Wrote %s (%.1f s, voice_id=%s).", plan.uri, parts.seconds, spoken.voice_id)
        there = store.head(plan.address)
        if there is not None and is_done(there.metadata, plan.reference):
            return _facts(there)
        if there is not None:
            log.warning(
                "S3 does not return the metadata of %s (x-amz-meta-*), so the next run renders the text again, at your "
                "charge. Configure the proxy to pass these headers, or use another store.", plan.uri,
            )  # fmt: skip
        return {"voice_id": spoken.voice_id, "audio_seconds": round(parts.seconds, 3)}

    def _report(self, context: Context, plan: _Plan, result: dict[str, Any]) -> dict[str, Any]:
        ti = context["ti"]
        CostReport(None, ti).report(result.get("estimated_cost"), result.get("cost"))
        self.lineage = LineageRecord(outputs=[plan.uri], audio_seconds=result["audio_seconds"], cost=result.get("cost"))
        push_for_link(self, ti, RESULT_XCOM, plan.uri)
        add_asset_extra(context, self, result)
        return result

    @property
    def _price(self) -> SpeechPrice:
        return SpeechPrice.checked(self.price_per_speech_hour, self.price_per_1000_characters)


def _facts(found: StoredObject) -> dict[str, Any]:
    """Return what the metadata of existing audio says."""
    try:
        seconds = float(found.metadata.get(META_SECONDS, ""))
    except ValueError:
        return {"voice_id": found.metadata.get(META_VOICE_ID)}
    return {"voice_id": found.metadata.get(META_VOICE_ID), "audio_seconds": seconds}
