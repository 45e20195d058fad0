"""Speaking a text that fits into memory: cut, render each piece, join."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsSpeechError
from airflow_provider_fluxions.api.rendering import Renderer, render_piece, with_current_voice
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.api.speech_audio import SpeechAudio
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.voices import VoiceList
from airflow_provider_fluxions.speech.joining import joined_blocks
from airflow_provider_fluxions.speech.pieces import Piece, cut_text
from airflow_provider_fluxions.speech.timeline import PieceTime, piece_times


@dataclass(frozen=True)
class SpokenText:
    """A text with its audio, all of one voice and one checkpoint.

    :param times: When each piece is spoken.
    :param renders: How many requests were sent for it, which may have been charged.
    :param renders_lost: How many of them brought no complete audio.
    """

    audio: SpeechAudio
    times: tuple[PieceTime, ...]
    renders: int
    renders_lost: int


def speak(
    client: Renderer,
    voices: VoiceList,
    text: str,
    *,
    voice: str,
    options: SpeechOptions | None = None,
    deadline: float,
    clock: Clock | None = None,
    on_pause: Callable[[float], object] | None = None,
    on_piece: Callable[[int, int], object] | None = None,
) -> SpokenText:
    """Return a text of any length as audio. All pieces are held in memory: about 5 MB for each minute.

    If the voice's checkpoint is replaced between two pieces, all are rendered again with the new one.

    :param voice: A short or a full id.
    :param deadline: Epoch seconds, until which transient failures are retried.
    :param on_piece: Called after each piece with its number, from 1, and the number of pieces.
    :raises FluxionsInputError: the text cannot be spoken, or there is no such voice.
    :raises FluxionsSpeechError: a piece's audio was not complete, twice; or pieces have different sample rates.
    :raises FluxionsRequestError: the service refused, or did not deliver in time.
    """
    pieces = cut_text(text)

    def speak_all(voice_id: str) -> SpokenText:
        spoken: list[SpeechAudio] = []
        for number, piece in enumerate(pieces, 1):
            try:
                audio = render_piece(
                    client,
                    piece.text,
                    voice_id=voice_id,
                    options=options,
                    deadline=deadline,
                    clock=clock,
                    on_pause=on_pause,
                )
            except FluxionsError as error:
                error.renders += sum(one.renders for one in spoken)
                error.renders_lost += sum(one.renders_lost for one in spoken)
                raise
            spoken.append(audio)
            if on_piece is not None:
                on_piece(number, len(pieces))
        return _joined(pieces, spoken)

    return with_current_voice(voices, voice, speak_all)


def _joined(pieces: tuple[Piece, ...], spoken: list[SpeechAudio]) -> SpokenText:
    rate, channels = spoken[0].sample_rate, spoken[0].channels
    renders, lost = sum(one.renders for one in spoken), sum(one.renders_lost for one in spoken)
    if any((one.sample_rate, one.channels) != (rate, channels) for one in spoken):
        error = FluxionsSpeechError(
            "Fluxions returned pieces of one text with different sample rates, so they cannot be joined. Retry the "
            "task or command; it can be charged again."
        )
        error.renders, error.renders_lost = renders, lost
        raise error
    parts = [(one.pcm, piece.pause_seconds) for piece, one in zip(pieces, spoken, strict=True)]
    pcm = b"".join(joined_blocks(parts, rate, channels))
    times = piece_times(pieces, [one.frames for one in spoken], rate)
    audio = SpeechAudio(pcm, rate, channels, spoken[0].voice_id, renders, lost)
    return SpokenText(audio, times, renders, lost)
