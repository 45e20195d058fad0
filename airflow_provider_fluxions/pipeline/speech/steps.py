"""What is done for one text in a thread of its own: rendering it, and storing and joining its pieces."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsStorageError
from airflow_provider_fluxions.api.job_reference import piece_reference
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.rendering import render_piece
from airflow_provider_fluxions.api.speech_audio import SpeechAudio, read_wav
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.pipeline.speech.records import SpeechUnit
from airflow_provider_fluxions.pipeline.speech.results import SpeechResults
from airflow_provider_fluxions.speech.parts import Parts
from airflow_provider_fluxions.speech.pieces import Piece
from airflow_provider_fluxions.storage import S3Object

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

log = logging.getLogger(__name__)

PIECE_TYPE = "audio/wav"
WAV_HEADER_BYTES = 44
SAMPLE_BYTES = 2
# Longer than the service's servers take to start or restart.
PIECE_PATIENCE_SECONDS = 15 * 60.0
# A piece of 800 characters has some 2.4 MB; a slow voice and long pauses make more.
MAX_PIECE_BYTES = 64 * 1024 * 1024


class RenderMetrics(Protocol):
    """What a transfer reports while it renders; `task.metrics` sends it to Airflow."""

    def throttled(self, seconds: float) -> None:
        """Count a pause after a service error."""

    def rendered(self, renders: int, lost: int, seconds: float) -> None:
        """Count renders, those of them that were lost, and the seconds of audio that were rendered."""


@dataclass(frozen=True)
class Rendered:
    """What a complete render took, see docs/recovery.md; its audio unless it is stored as a piece."""

    renders: int
    renders_lost: int
    characters: int
    seconds: float
    audio: SpeechAudio | None = None


@dataclass(frozen=True)
class Spoken:
    """Results that are stored now.

    :param rendered: what it took; None for results of pieces or audio that were stored before.
    """

    voice_id: str
    audio_seconds: float
    rendered: Rendered | None = None


@dataclass(frozen=True)
class SpeechSteps:
    """Does the work for one text. Threads share it; it changes no record.

    :param deadline: epoch seconds until which transient errors of the service are retried, but no longer than
        ``patience_seconds`` for one piece: the next try renders what is missing.
    """

    client: FluxionsClient
    results: SpeechResults
    options: SpeechOptions
    deadline: float
    metrics: RenderMetrics
    patience_seconds: float = PIECE_PATIENCE_SECONDS

    def speak(self, unit: SpeechUnit, piece: Piece, voice_id: str) -> Spoken:
        """Render a text of one piece and write the results of each input, one PUT each.

        :raises FluxionsError: it cannot be rendered or written.
        """
        done, audio = self._render(piece.text, voice_id)
        parts = Parts((piece,), (audio.frames,), audio.sample_rate, audio.channels, lambda _: audio.pcm)
        try:
            for one in unit.inputs:
                self.results.write(one, parts, voice_id)
        except Exception as error:
            raise _after(done, error) from error
        return Spoken(voice_id, parts.seconds, done)

    def stored_pieces(self, unit: SpeechUnit, voice_id: str) -> dict[str, int]:
        """Return the sizes of the pieces that are stored already, by their reference.

        :raises FluxionsStorageError: S3 refused.
        """
        found = self.results.store.list(unit.bucket, unit.folder(voice_id))
        return {last_part(one.key).removesuffix(".wav"): one.size_bytes for one in found}

    def store_piece(self, unit: SpeechUnit, text: str, voice_id: str) -> tuple[Rendered, int]:
        """Render one piece and store it: it is kept once S3 has acknowledged it. Returns its size in bytes, too.

        :raises FluxionsError: it cannot be rendered or stored.
        """
        done, audio = self._render(text, voice_id)
        body = audio.wav
        del audio  # each render in progress would hold its samples twice
        key = f"{unit.folder(voice_id)}{piece_reference(text, voice_id, self.options)}.wav"
        try:
            self.results.store.put(unit.bucket, key, body, PIECE_TYPE, {})
        except Exception as error:
            raise _after(done, error) from error
        return done, len(body)

    def join(self, unit: SpeechUnit, pieces: Sequence[Piece], sizes: Mapping[str, int], voice_id: str) -> Spoken:
        """Join stored pieces into the results of each input. Holds two pieces in memory.

        :param sizes: in bytes, by reference.
        :raises FluxionsError: a piece cannot be read, or a result cannot be written.
        """
        refs = [piece_reference(piece.text, voice_id, self.options) for piece in pieces]
        first = self._piece(unit, refs[0], voice_id)
        rate, channels = first.sample_rate, first.channels
        del first
        frames = [(sizes[ref] - WAV_HEADER_BYTES) // (SAMPLE_BYTES * channels) for ref in refs]

        def read(number: int) -> bytes:
            audio = self._piece(unit, refs[number], voice_id)
            if (audio.frames, audio.sample_rate, audio.channels) != (frames[number], rate, channels):
                raise _unlike(f"s3://{unit.bucket}/{unit.folder(voice_id)}")
            return audio.pcm

        parts = Parts(pieces, frames, rate, channels, read)
        for one in unit.inputs:
            self.results.write(one, parts, voice_id)
        return Spoken(voice_id, parts.seconds)

    def convert(self, unit: SpeechUnit) -> Spoken:
        """Make missing results from stored audio; see `SpeechResults.convert`."""
        return Spoken(*self.results.convert(unit.first))

    def remove_pieces(self, unit: SpeechUnit) -> None:
        """Remove the pieces of a text, of all checkpoints. A failure is a warning: the results are stored."""
        store = self.results.store
        try:
            store.delete(unit.bucket, [one.key for one in store.list(unit.bucket, unit.folder(None))])
        except FluxionsError as error:
            log.warning(
                "Could not remove the pieces of %s: %s A lifecycle rule on _pieces/ removes them.",
                printable(unit.first.label), printable(error),
            )  # fmt: skip

    def _render(self, text: str, voice_id: str) -> tuple[Rendered, SpeechAudio]:
        deadline = min(self.deadline, time.time() + self.patience_seconds)
        try:
            audio = render_piece(
                self.client, text, voice_id=voice_id, options=self.options, deadline=deadline,
                on_pause=self.metrics.throttled,
            )  # fmt: skip
        except FluxionsError as error:
            self.metrics.rendered(error.renders, error.renders_lost, 0.0)
            raise
        self.metrics.rendered(audio.renders, audio.renders_lost, audio.duration)
        return Rendered(audio.renders, audio.renders_lost, len(text), audio.duration), audio

    def _piece(self, unit: SpeechUnit, ref: str, voice_id: str) -> SpeechAudio:
        found = S3Object(unit.bucket, f"{unit.folder(voice_id)}{ref}.wav", 0, "")
        return read_wav(self.results.store.get(found, MAX_PIECE_BYTES), voice_id)


class PaidError(Exception):
    """Ends a step that failed after a complete render.

    :param cause: what failed.
    """

    def __init__(self, rendered: Rendered, cause: Exception) -> None:
        super().__init__(str(cause))
        self.rendered, self.cause = rendered, cause


def _after(rendered: Rendered, error: Exception) -> PaidError:
    return PaidError(rendered, error)


def _unlike(folder: str) -> FluxionsStorageError:
    return FluxionsStorageError(
        f"The pieces below {folder} differ in sample rate or channels, or changed meanwhile. Delete them, and clear "
        "the task: the text is rendered again.",
        transient=False,
    )
