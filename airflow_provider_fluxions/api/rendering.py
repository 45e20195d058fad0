"""Rendering one piece of text: which failures are retried, how often, and when audio is complete.

The service has no job, no list and no idempotency key for speech: a render is charged when it is made. A response that
times out or breaks off may have been charged, so such requests are limited to three a piece. A refusal (429, 502, 503)
brought no audio and is retried until the deadline. See docs/recovery.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from airflow_provider_fluxions.api.errors import (
    FluxionsError,
    FluxionsNotFoundError,
    FluxionsRequestError,
    FluxionsSpeechError,
)
from airflow_provider_fluxions.api.retry import Clock, RetryBudget
from airflow_provider_fluxions.api.speech_audio import SpeechAudio
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.speech_text import check_text, expected_seconds
from airflow_provider_fluxions.api.stall import StallWatch
from airflow_provider_fluxions.api.voices import VoiceList

log = logging.getLogger(__name__)

# Requests a piece that may have been charged.
MAX_CHARGED_REQUESTS = 3
# Statuses of a service that is busy, or whose model server restarts: it did not speak.
REFUSED_STATUSES = (429, 502, 503)
# Audio that is shorter than this part of the expected duration ended early. Speech that is 2.5 times as fast as
# usual is not intelligible.
MIN_SHARE = 0.4
# A render that ends within this of its limit, in seconds, was cut off by it.
LIMIT_TOLERANCE_SECONDS = 0.02


class Renderer(Protocol):
    """What renders: a client."""

    def render(
        self, text: str, *, voice_id: str, options: SpeechOptions, total_seconds: float | None = None
    ) -> SpeechAudio:
        """Send one request and return its audio."""


def render_problem(text: str, audio_seconds: float, max_seconds: float | None) -> str | None:
    """Return why audio of this duration cannot be the whole text, or None if it can.

    A stream that ends early can have a complete form, so the duration is compared with the text.

    :param max_seconds: The limit that the render was given; None if it had none.
    """
    if max_seconds is not None and audio_seconds >= max_seconds - LIMIT_TOLERANCE_SECONDS:
        return f"it reached max_seconds ({max_seconds:g} s), so its end is probably missing"
    least = MIN_SHARE * expected_seconds(text)
    if audio_seconds < least:
        return f"{audio_seconds:.1f} s are too short for {len(text):,} characters (at least {least:.1f} s expected)"
    return None


def render_piece(
    client: Renderer,
    text: str,
    *,
    voice_id: str,
    options: SpeechOptions | None = None,
    deadline: float,
    clock: Clock | None = None,
    on_pause: Callable[[float], object] | None = None,
) -> SpeechAudio:
    """Return the complete audio of one piece of text, spoken by exactly this voice.

    Each error, and the audio, has ``renders`` (texts sent, which may have been charged) and ``renders_lost`` (those of
    them without complete audio). No message quotes the text.

    :param voice_id: The full id. It never changes here, so a text of several pieces can keep to one checkpoint.
    :param deadline: Epoch seconds, until which transient failures are retried.
    :param on_pause: Called with the seconds of each pause that a service error causes.
    :raises FluxionsNotFoundError: the voice is not served (any more); see `VoiceList.resolve_again`.
    :raises FluxionsRequestError: the service refused, or did not deliver complete audio in time or in 3 requests.
    :raises FluxionsSpeechError: the audio was complete by its form, but too short for the text or at its limit, twice.
    :raises FluxionsInputError: the text cannot be spoken.
    """
    check_text(text)
    rendering = _Rendering(client, text, voice_id, options or SpeechOptions(), deadline, clock or Clock(), on_pause)
    try:
        audio = rendering.run()
    except FluxionsError as error:
        # The counts must survive the error, because these renders may have been charged.
        error.renders, error.renders_lost = rendering.renders, rendering.renders_lost
        raise
    return replace(audio, renders=rendering.renders, renders_lost=rendering.renders_lost)


class _Rendering:
    """One call of `render_piece`."""

    def __init__(
        self,
        client: Renderer,
        text: str,
        voice_id: str,
        options: SpeechOptions,
        deadline: float,
        clock: Clock,
        on_pause: Callable[[float], object] | None,
    ) -> None:
        self.client, self.text, self.voice_id, self.options = client, text, voice_id, options
        self.patience = RetryBudget(deadline, clock, on_pause, StallWatch(clock.now))
        self.renders = self.renders_lost = self.charged = self.incomplete = 0

    def run(self) -> SpeechAudio:
        attempt = 0
        while True:
            attempt += 1
            try:
                audio = self._render()
            except FluxionsRequestError as error:
                self._note_loss(error)
                # The service has no list of renders, so nothing can show whether a lost one was charged. The number is
                # limited instead.
                if self.charged >= MAX_CHARGED_REQUESTS:
                    raise
                self.patience.pause(error, attempt)
                continue
            self.renders += 1
            problem = render_problem(self.text, audio.duration, self.options.max_seconds)
            if problem is None:
                return audio
            self._note_incomplete(problem)

    def _render(self) -> SpeechAudio:
        # A request with less than a second would fail by its own limit and hide the error of the service.
        left = max(1.0, self.patience.left_seconds)
        return self.client.render(self.text, voice_id=self.voice_id, options=self.options, total_seconds=left)

    def _note_loss(self, error: FluxionsRequestError) -> None:
        self.renders += error.renders
        self.renders_lost += error.renders
        # Other 4xx prove that nothing was spoken, and end the loop.
        if error.status_code not in REFUSED_STATUSES:
            self.charged += error.renders

    def _note_incomplete(self, problem: str) -> None:
        self.renders_lost += 1
        self.charged += 1
        self.incomplete += 1
        # The same text twice too short is not a broken stream, so a third render would be charged and not help.
        if self.incomplete > 1 or self.charged >= MAX_CHARGED_REQUESTS:
            raise FluxionsSpeechError(
                f"The text was rendered {self.renders} times, and the audio is not complete: {problem}. "
                "Check the text, shorten it, or increase max_seconds."
            )
        log.warning("A render is not complete: %s. Rendering it once more.", problem)


class Counted(Protocol):
    """A frozen dataclass that counts its renders."""

    @property
    def renders(self) -> int:
        """How many requests were sent."""

    @property
    def renders_lost(self) -> int:
        """How many of them brought no complete audio."""


Result = TypeVar("Result", bound=Counted)


def with_current_voice(voices: VoiceList, voice: str, speak: Callable[[str], Result]) -> Result:
    """Return what ``speak`` makes with the full id of a voice, or with its new id if the service has another by now.

    The second call makes everything again, so a result never comes from two checkpoints.

    :param voice: A short or full id.
    :param speak: Takes a full id. Its result, or error, counts its renders; those of a refused call are added.
    :raises FluxionsVoiceError: there is no such voice; the message names those that exist.
    :raises FluxionsError: a list could not be read, or ``speak`` failed.
    """
    voice_id = voices.resolve(voice)
    try:
        return speak(voice_id)
    except FluxionsNotFoundError as error:
        sent, lost = error.renders, error.renders_lost
    try:
        # A 404 after the list named the voice usually means that its checkpoint was replaced meanwhile.
        result = speak(voices.resolve_again(voice, refused=voice_id))
    except FluxionsError as error:
        error.renders += sent
        error.renders_lost += lost
        raise
    return replace(result, renders=result.renders + sent, renders_lost=result.renders_lost + lost)  # type: ignore[type-var]
