"""The Fluxions API with the key and settings of an Airflow connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_fluxions.api.arguments import seconds_of
from airflow_provider_fluxions.api.cost import parse_price
from airflow_provider_fluxions.api.errors import FluxionsError, JobId
from airflow_provider_fluxions.api.job_errors import deadline_error, job_error
from airflow_provider_fluxions.api.models import Job, Page, Submission, Transcription
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.api.settings import ClientSettings
from airflow_provider_fluxions.api.speech_audio import SpeechAudio
from airflow_provider_fluxions.api.voices import Voice
from airflow_provider_fluxions.connection import form
from airflow_provider_fluxions.connection.reader import (
    read_connection,
    read_connection_and_price,
    read_connection_in_triggerer,
)
from airflow_provider_fluxions.polling import WaitOutcome, WatchedJobs, wait_blocking

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

DEFAULT_CONN_ID = "fluxions_default"
DEFAULT_POLL_INTERVAL_SECONDS = 15.0
DEFAULT_TIMEOUT_SECONDS = 24 * 60 * 60.0
# A poll must not delay the loop's other requests for long. The next round polls again.
POLL_TIMEOUT_SECONDS = 30.0
# A page must not delay its user or a thread of the web server.
VIEW_TIMEOUT_SECONDS = 20.0


class FluxionsHook(BaseHook):
    """The Fluxions API with the key and settings of an Airflow connection.

    The connection's password is the API key, its host the base URL; extras are ``submit_path``,
    ``connect_timeout``, ``read_timeout``, ``submit_timeout`` (seconds), ``max_retries``, ``verify`` (boolean or
    path of a CA bundle), ``allow_http`` and ``price_per_audio_hour``.

    :param fluxions_conn_id: Id of the connection, which is read at the first call.
    """

    conn_name_attr = "fluxions_conn_id"
    default_conn_name = DEFAULT_CONN_ID
    conn_type = "fluxions"
    hook_name = "Fluxions"

    def __init__(self, fluxions_conn_id: str = DEFAULT_CONN_ID) -> None:
        super().__init__()
        self.fluxions_conn_id = fluxions_conn_id
        self._client: FluxionsClient | None = None
        self._price_per_audio_hour: float | None = None

    # Airflow before 3.2 reads the form from the hook's own class; later versions read provider info.
    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Name and hide fields of the connection form."""
        return form.behaviour()

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the extras as fields of the connection form."""
        return form.widgets()

    def get_conn(self) -> FluxionsClient:
        """Return the client, made from the connection at the first call and shared by the later ones.

        :raises FluxionsMissingConnectionError: there is no such connection; the message says how to create it.
        :raises FluxionsUnreadableConnectionError: a secrets backend does not respond (transient).
        :raises FluxionsConfigError: the connection cannot work; the message names the field.
        """
        if self._client is None:
            settings, price = read_connection_and_price(self.fluxions_conn_id, self.get_connection)
            self._client, self._price_per_audio_hour = _new_client(settings), price
        return self._client

    def close(self) -> None:
        """Close the client, if there is one. The next call reads the connection again, which may have another key."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def reconnect(self) -> FluxionsClient:
        """Return a client made from the connection as it is now, which may have another key; the old one is closed.

        :raises FluxionsConfigError: see `get_conn`.
        """
        self.close()
        return self.get_conn()

    @property
    def price_per_audio_hour(self) -> float | None:
        """The connection's price per hour of audio, in the user's currency, or None."""
        self.get_conn()
        return self._price_per_audio_hour

    def price_or(self, own: float | None) -> float | None:
        """Return an operator's own price per hour of audio, else the connection's, or None.

        :raises FluxionsInputError: if ``own`` is not a price.
        """
        checked = parse_price(own)
        return self.price_per_audio_hour if checked is None else checked

    def test_connection(self) -> tuple[bool, str]:
        """Verify the key with an authenticated read; return whether it worked, and a message that says what to do."""
        try:
            settings, _ = read_connection_and_price(self.fluxions_conn_id, self.get_connection)
            with _new_client(replace(settings, max_retries=0)) as client:
                page = client.list_transcriptions(limit=1)
        except FluxionsError as error:
            return False, str(error)
        count = "some" if page.total is None else str(page.total)
        return True, f"{settings.base_url} accepted the API key; the account has {count} transcriptions."

    def health(self) -> dict[str, Any]:
        """See `FluxionsClient.health`."""
        return self.get_conn().health()

    def submit(self, audio: Any, *, filename: str, **options: Any) -> Submission:
        """Create a job; see `FluxionsClient.submit`. Each call can create, and charge, another one."""
        return self.get_conn().submit(audio, filename=filename, **options)

    def get_transcription(self, job_id: JobId, *, word_level_timestamps: bool = True) -> Transcription:
        """Return one job with its transcript. Word timestamps are included by default."""
        return self.get_conn().get_transcription(job_id, word_level_timestamps=word_level_timestamps)

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        """See `FluxionsClient.list_transcriptions`."""
        return self.get_conn().list_transcriptions(limit, offset)

    def iter_transcriptions(self) -> Iterator[Job]:
        """See `FluxionsClient.iter_transcriptions`."""
        return self.get_conn().iter_transcriptions()

    def list_voices(self) -> tuple[Voice, ...]:
        """See `FluxionsClient.list_voices`."""
        return self.get_conn().list_voices()

    def synthesize(self, text: str, *, voice: str, **options: Any) -> SpeechAudio:
        """Speak one text and return its audio; see `FluxionsClient.synthesize`. Each call is charged."""
        return self.get_conn().synthesize(text, voice=voice, **options)

    def wait_for_completion(
        self,
        job_id: JobId,
        *,
        poll_interval: float | timedelta = DEFAULT_POLL_INTERVAL_SECONDS,
        timeout: float | timedelta = DEFAULT_TIMEOUT_SECONDS,
        clock: Clock | None = None,
    ) -> Transcription:
        """Block until the job is completed and return it with its transcript.

        :param poll_interval: Maximum seconds between two polls. A new wait is polled sooner, after each quarter of
            its age, at least 2 s apart.
        :param timeout: Seconds from now. A last poll after it takes at most 5 s more.
        :raises FluxionsJobFailedError: the service ended it as failed.
        :raises FluxionsDeadlineError: it still runs after ``timeout``.
        :raises FluxionsInputError: ``poll_interval`` or ``timeout`` is not a number of seconds.
        :raises FluxionsRequestError: the service refused the request, or its errors lasted until then.
        """
        clock = clock or Clock()
        interval = seconds_of("poll_interval", poll_interval)
        deadline = clock.now() + seconds_of("timeout", timeout)
        watched = WatchedJobs((job_id,))
        outcome = wait_blocking(
            self.get_conn(),
            watched,
            poll_interval=interval,
            deadline=deadline,
            clock=clock,
            reconnect=self.reconnect,
        )
        if watched.unsuccessful:
            raise job_error(watched.unsuccessful)
        if outcome is WaitOutcome.TIMEOUT:
            raise deadline_error(watched.open.values(), deadline)
        return self.get_transcription(job_id)


def _new_client(settings: ClientSettings) -> FluxionsClient:
    """Import `requests` only where a request is made: it would triple the cost of parsing a DAG."""
    from airflow_provider_fluxions.api.client import FluxionsClient

    return FluxionsClient.from_settings(settings)


async def connect_for_polling(fluxions_conn_id: str) -> FluxionsClient:
    """Return a client for a poll loop in the triggerer: no retries of its own, because the loop has them.

    :raises FluxionsConfigError: see `read_connection`.
    """
    settings = await read_connection_in_triggerer(fluxions_conn_id)
    timeout = min(settings.read_timeout, POLL_TIMEOUT_SECONDS)
    # In a thread, once for each loop, because the first client imports `requests`, which would delay every other
    # trigger.
    return await asyncio.to_thread(_new_client, replace(settings, max_retries=0, read_timeout=timeout))


def connect_for_viewing(fluxions_conn_id: str) -> FluxionsClient:
    """Return a client for the web server, where a user waits for the page: short timeouts, one retry.

    :raises FluxionsConfigError: see `read_connection`.
    """
    settings = read_connection(fluxions_conn_id)
    timeout = min(settings.read_timeout, VIEW_TIMEOUT_SECONDS)
    return _new_client(replace(settings, max_retries=min(settings.max_retries, 1), read_timeout=timeout))
