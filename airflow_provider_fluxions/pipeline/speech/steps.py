"""What is done for one text in a thread of its own: rendering it, and storing and joining its pieces."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from airflow_provider_fluxions.api.errors import FluxionsError
from airflow_provider_fluxions.api.rendering import render_piece
from airflow_provider_fluxions.api.speech_audio import SpeechAudio
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.pipeline.speech.records import SpeechUnit
from airflow_provider_fluxions.pipeline.speech.results import SpeechResults
from airflow_provider_fluxions.pipeline.speech.stored_pieces import StoredPieces
from airflow_provider_fluxions.speech.parts import Parts
from airflow_provider_fluxions.speech.pieces import Piece

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

# Longer than the service's servers take to start or restart.
PIECE_PATIENCE_SECONDS = 15 * 60.0


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
        parts = Parts((piece,), (audio.frames,), audio.sample_rate, audio.channels, lambda: iter((audio.pcm,)))
        try:
            for one in unit.inputs:
                self.results.write(one, parts, voice_id)
        except Exception as error:
            raise _after(done, error) from error
        return Spoken(voice_id, parts.seconds, done)

    def pieces_of(self, unit: SpeechUnit) -> StoredPieces:
        """Return the place of a unit's pieces."""
        return StoredPieces(self.results.store, unit.folder, self.options)

    def store_piece(self, unit: SpeechUnit, text: str, voice_id: str) -> tuple[Rendered, int]:
        """Render one piece and store it. Returns the size in bytes of the piece that is stored, too.

        :raises FluxionsError: it cannot be rendered or stored.
        """
        done, audio = self._render(text, voice_id)
        body = audio.wav
        del audio  # each render in progress would hold its samples twice
        try:
            return done, self.pieces_of(unit).put(text, voice_id, body)
        except Exception as error:
            raise _after(done, error) from error

    def join(self, unit: SpeechUnit, pieces: Sequence[Piece], sizes: Mapping[str, int], voice_id: str) -> Spoken:
        """Join stored pieces into the results of each input. Holds some pieces and parts of an upload in memory.

        :param sizes: in bytes, by reference.
        :raises FluxionsError: a piece cannot be read, or a result cannot be written.
        """
        parts = self.pieces_of(unit).parts(pieces, voice_id, sizes)
        for one in unit.inputs:
            self.results.write(one, parts, voice_id)
        return Spoken(voice_id, parts.seconds)

    def convert(self, unit: SpeechUnit) -> Spoken:
        """Make missing results from stored audio; see `SpeechResults.convert`."""
        return Spoken(*self.results.convert(unit.first))

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


class PaidError(Exception):
    """Ends a step that failed after a complete render.

    :param cause: what failed.
    """

    def __init__(self, rendered: Rendered, cause: Exception) -> None:
        super().__init__(str(cause))
        self.rendered, self.cause = rendered, cause


def _after(rendered: Rendered, error: Exception) -> PaidError:
    return PaidError(rendered, error)
