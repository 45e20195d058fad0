"""Text-to-speech as Python calls: the part of `FluxionsClient` that lists voices and speaks."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsRequestError, FluxionsStatusError
from airflow_provider_fluxions.api.rendering import render_piece, with_current_voice
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.api.speech_audio import SpeechAudio, read_wav
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.speech_text import check_text
from airflow_provider_fluxions.api.voices import Voice, VoiceList, check_voice, read_voices

# As public users of the live API report them; the vendor's page names no path.
HOSTED_VOICES_PATH = "/vui/voices"
OWN_VOICES_PATH = "/vui/v1/voices/mine"
SPEECH_PATH = "/vui/v1/tts"

# About 6 minutes of speech fit into one render: 17 MB at 24 kHz mono. A longer response is not a render.
MAX_RENDER_BYTES = 36 << 20
# What one `synthesize` can take with retries and pauses: a cold start of more than a minute, then minutes of speech.
MAX_SPEECH_CALL_SECONDS = 900.0
# What to do about a refused render, where the advice for other calls does not fit.
SPEECH_ADVICE = {
    404: "The voice is not served, or the connection's host has no text-to-speech.",
    413: "Send a shorter text.",
    422: "Check the text and the options.",
}


class SpeechCalls(ABC):
    """The calls for text-to-speech, above a client's HTTP."""

    _total_timeout: float | None
    _voices: VoiceList

    def list_voices(self) -> tuple[Voice, ...]:
        """Return the voices that this account can use: the hosted ones, then its own. Two requests.

        :raises FluxionsRequestError: a list cannot be read.
        """
        return (*self.list_hosted_voices(), *self.list_own_voices())

    def list_hosted_voices(self) -> tuple[Voice, ...]:
        """Return the voices that Fluxions offers to every account.

        :raises FluxionsRequestError: the list cannot be read.
        """
        return read_voices(self._get(HOSTED_VOICES_PATH))

    def list_own_voices(self) -> tuple[Voice, ...]:
        """Return the account's own voices; none if the service, or the account, has no such list (HTTP 403, 404, 405).

        :raises FluxionsRequestError: the list cannot be read.
        """
        try:
            return read_voices(self._get(OWN_VOICES_PATH))
        except FluxionsStatusError as error:
            if error.status_code not in (403, 404, 405):
                raise
            return ()

    def synthesize(
        self,
        text: str,
        *,
        voice: str,
        temperature: float | None = None,
        max_seconds: float | None = None,
        verify_chunks: bool | None = None,
        clock: Clock | None = None,
        on_pause: Callable[[float], object] | None = None,
    ) -> SpeechAudio:
        """Speak one text of up to about 6 minutes and return its audio. Each call is charged, and differs.

        Transient failures are retried until the client's ``total_timeout``, default 900 s. At most 3 requests that may
        have been charged are sent. The audio is checked against the text, and rendered once more if it is too short.
        The audio and each error have ``renders`` and ``renders_lost``. No message quotes the text.

        :param text: Text with optional tags such as ``[laugh]``.
        :param voice: A short id (``maeve``), which means the checkpoint that is served now, or a full one
            (``maeve.h8ff7e07da``). Voices are listed once a client, and once more if a render responds with 404.
        :param temperature: Variation, 0 or more. Default None: the service's.
        :param max_seconds: Longest render. Default None: the service chooses by the text.
        :param verify_chunks: Let the service check what it speaks. Default None: it does.
        :param clock: Time as an argument, for tests.
        :param on_pause: Called with the seconds of each pause that a service error causes.
        :raises FluxionsInputError: the text or an option cannot be sent.
        :raises FluxionsVoiceError: no such voice; the message names those that exist.
        :raises FluxionsSpeechError: the audio was not complete, twice.
        :raises FluxionsRequestError: the service refused, or did not deliver complete audio in time.
        """
        options = SpeechOptions(temperature, max_seconds, verify_chunks)
        check_text(text)
        clock = clock or Clock()
        deadline = clock.now() + (self._total_timeout or MAX_SPEECH_CALL_SECONDS)

        def render(voice_id: str) -> SpeechAudio:
            return render_piece(
                self, text, voice_id=voice_id, options=options, deadline=deadline, clock=clock, on_pause=on_pause
            )

        return with_current_voice(self._voices, voice, render)

    def render(
        self, text: str, *, voice_id: str, options: SpeechOptions | None = None, total_seconds: float | None = None
    ) -> SpeechAudio:
        """Send one request to speak a text and return its audio, without retries and without a check of its duration.

        An error has ``renders`` 1 if the text was sent, which may have been charged, else 0.

        :param voice_id: A full id; it is not looked up.
        :param total_seconds: Maximum for the call. Default None: 900.
        :raises FluxionsInputError: the text or the id cannot be sent.
        :raises FluxionsRequestError: no complete audio.
        """
        fields = {"voice": check_voice(voice_id), "input": check_text(text), "response_format": "wav", "stream": True}
        body = json.dumps({**fields, **(options or SpeechOptions()).fields()}).encode("ascii")
        audio = self._post_for_audio(SPEECH_PATH, body, text, total_seconds or MAX_SPEECH_CALL_SECONDS)
        try:
            return read_wav(audio, voice_id)
        except FluxionsRequestError as error:
            error.status_code, error.renders, error.renders_lost = 200, 1, 1
            raise

    @abstractmethod
    def _get(self, path: str) -> dict[str, Any]:
        """Return the JSON object that a path responds with."""

    @abstractmethod
    def _post_for_audio(self, path: str, body: bytes, text: str, total_seconds: float) -> bytes:
        """Send JSON once and return the body of a 2xx response.

        :param text: The text in it, which no error quotes.
        :raises FluxionsRequestError: with ``renders`` 1 if the body was sent.
        """
