"""The Fluxions API as Python calls. No other file of the package sends HTTP."""

from __future__ import annotations

import contextlib
import copy
import logging
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO, Self
from urllib.parse import quote

import requests
from urllib3.exceptions import HTTPError

from airflow_provider_fluxions.api.arguments import check_content_type, check_limits, check_page, sent_filename
from airflow_provider_fluxions.api.audio import AudioSource, UploadBody, UploadGuard, audio_source
from airflow_provider_fluxions.api.errors import (
    FluxionsConnectionError,
    FluxionsNotFoundError,
    FluxionsRejectedError,
    FluxionsRequestError,
    FluxionsResponseError,
    JobId,
)
from airflow_provider_fluxions.api.ids import check_job_id, is_plain_word, job_key
from airflow_provider_fluxions.api.job_calls import JobCalls
from airflow_provider_fluxions.api.job_search import MAX_PAGE_JOBS, iter_pages
from airflow_provider_fluxions.api.json_values import MAX_CONTAINERS
from airflow_provider_fluxions.api.limits import (
    MAX_READ_CALL_SECONDS,
    MAX_RESPONSE_BYTES,
    MAX_RESULT_BYTES,
    Call,
    limited,
)
from airflow_provider_fluxions.api.media_types import media_type
from airflow_provider_fluxions.api.models import Job, Page, Submission, Transcription
from airflow_provider_fluxions.api.redaction import Redactor, TextRedactor
from airflow_provider_fluxions.api.responses import RequestFacts, read_response, status_error
from airflow_provider_fluxions.api.session import new_session
from airflow_provider_fluxions.api.settings import DEFAULT_BASE_URL, ClientSettings
from airflow_provider_fluxions.api.speech_calls import MAX_RENDER_BYTES, SPEECH_ADVICE, SPEECH_PATH, SpeechCalls
from airflow_provider_fluxions.api.voices import VoiceList

log = logging.getLogger(__name__)

# The page documents the first one, users of the live API report the second one.
SUBMIT_PATHS = ("/submit", "/akro/submit")

# The path that worked for a base URL and the connection's setting, for the life of the process, because a wrong path
# costs a whole upload.
_working_submit_paths: dict[tuple[str, str | None], str] = {}

# The class name of urllib3's object does not help users.
_CONNECTION = re.compile(r"^\w+\(host=.*?, port=\d+\): ")
# Texts that quote a part of the response, which can be a part of a transcript.
_QUOTING = re.compile("InvalidChunkLength|BadStatusLine")
# Maximum for a page of 100 jobs, or for the poll of a job with a day of speech.
MAX_RESPONSE_CONTAINERS = 50_000

MAX_HEALTH_CHARACTERS = 32


class FluxionsClient(JobCalls, SpeechCalls):
    """A client of one Fluxions account. Its methods block, and threads can share it.

    ``FluxionsClient(api_key, base_url)`` takes every field of `ClientSettings` by name. Use it as a context
    manager, or call `close`. Every method can raise `FluxionsRequestError` (see api/errors.py for its
    subclasses). A read raises it only after ``max_retries`` retries of transient errors.

    The API is described at https://fluxions.ai/docs.
    """

    def __init__(
        self, api_key: str, base_url: str = DEFAULT_BASE_URL, *, backoff_seconds: float = 0.5, **settings: Any
    ) -> None:
        self.settings = ClientSettings(api_key, base_url, **settings)
        self._total_timeout: float | None = None
        self._max_retries: int | None = None
        chosen = self.settings.submit_path
        self._submit_paths = (chosen,) if chosen and chosen not in SUBMIT_PATHS else _from(SUBMIT_PATHS, chosen)
        urls = tuple(self._url(path) for path in (*self._submit_paths, SPEECH_PATH))
        self._redactor = Redactor(self.settings.api_key)
        self._session = new_session(self.settings, urls, backoff_seconds)
        self._voices = VoiceList(self)

    @classmethod
    def from_settings(cls, settings: ClientSettings, *, backoff_seconds: float = 0.5) -> Self:
        """Return a client for settings that are already checked."""
        return cls(**vars(settings), backoff_seconds=backoff_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        settings = getattr(self, "settings", None)  # missing if they were refused, and a debugger calls this
        return f"{type(self).__name__}(base_url={settings.base_url!r})" if settings else f"{type(self).__name__}()"

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def with_limits(self, *, total_timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Return a client on the same connections with smaller limits for each of its calls.

        Closing one of the two closes the connections of both.

        :param total_timeout: Maximum seconds for a call with its retries and pauses, with any behavior of the server.
            The DNS lookup, and attempts at further addresses of a host that does not connect, are not included.
            Default None: 300 s for a read, no total limit for a submit.
        :param max_retries: Maximum number of retries of a read, at most the value of the settings. Default None: that
            value.
        :raises FluxionsInputError: if ``total_timeout`` is not more than 0, or ``max_retries`` is less than 0.
        """
        check_limits(total_timeout, max_retries)
        # A shallow copy shares the session, so no connection is opened again.
        limited_client = copy.copy(self)
        limited_client._total_timeout = total_timeout
        limited_client._max_retries = max_retries
        return limited_client

    def abort(self) -> None:
        """Abort all reads of other threads with `FluxionsConnectionError`. Uploads continue."""
        self._session.abort()

    def health(self) -> dict[str, Any]:
        """Return the service's health response. It needs no key and does not verify one.

        :raises FluxionsRequestError: if the service is unreachable, or its ``status`` is not "ok".
        """
        answer = self._get("/health")
        status = answer.get("status")
        if str(status).lower() != "ok":
            # Only a single word is shown, because the rest of a 2xx response is never quoted.
            is_word = is_plain_word(status, MAX_HEALTH_CHARACTERS)
            shown = self._redactor.quote(repr(status)) if is_word else f"of type {type(status).__name__}"
            raise FluxionsConnectionError(f"Fluxions says that it is not healthy: status {shown}.")
        return answer

    def submit(
        self,
        audio: AudioSource | bytes | str | os.PathLike[str] | BinaryIO,
        *,
        filename: str,
        non_speech: bool = False,
        cache: bool = True,
        content_type: str | None = None,
        guard: UploadGuard | None = None,
    ) -> Submission:
        """Upload audio once and return the created job.

        Each call can create, and charge, another job. Operators use `api.submit_once`, which reuses jobs. If an error
        has ``nothing_created`` False, a job might exist.

        :param audio: Bytes, a local path, a seekable binary file, or an `AudioSource`. It is streamed in blocks of 1
            MiB with a known length.
        :param filename: File name in the job list.
        :param non_speech: Include non-speech sounds. Default False.
        :param cache: Allow an earlier result of the service for the same audio. Default True.
        :param content_type: The audio's media type. Default None: the extension of the recording, else the type in
            its store, else its first bytes, else the extension of ``filename``.
        :param guard: Can end the upload before its last byte. Default None.
        :raises FluxionsInputError: if ``filename`` or ``content_type`` cannot be sent.
        :raises FluxionsAudioError: if the audio is empty, or changed during the upload.
        :raises FluxionsRequestError: if there is no usable response.
        """
        name = sent_filename(filename)
        check_content_type(content_type)
        source = audio_source(audio)
        params = {"filename": name, "non_speech": _flag(non_speech), "cache": _flag(cache)}
        choice = self.settings.base_url, self.settings.submit_path
        paths = _from(self._submit_paths, _working_submit_paths.get(choice))
        for path in paths:
            try:
                answer = self._post(path, source, params, content_type, guard)
            except (FluxionsNotFoundError, FluxionsRejectedError) as error:
                # Only these two mean a wrong path. After any other refusal the second path would be a second upload of
                # the same.
                if error.status_code not in (404, 405):
                    raise
                log.warning("%s has no %s (HTTP %s).", self.settings.base_url, path, error.status_code)
                continue
            # Only after a usable response: a gateway that responds to every path with an error must not choose the
            # path.
            _working_submit_paths[choice] = path
            return Submission.from_json(answer)
        raise FluxionsNotFoundError(
            f"{self.settings.base_url} does not accept submits at {' or '.join(paths)} (HTTP 404 or 405). "
            "Check the connection's host, or set submit_path in its extra.",
            status_code=404,
        )

    def get_transcription(self, job_id: JobId, *, word_level_timestamps: bool = False) -> Transcription:
        """Return one job, with its transcript if it is completed.

        The live API returns segments only with ``word_level_timestamps=True``, so final reads always set it.

        :raises FluxionsInputError: if ``job_id`` is not an id.
        :raises FluxionsNotFoundError: if this account has no such job.
        :raises FluxionsResponseError: if the response is not a job, or is another job.
        """
        path = f"/transcriptions/{quote(str(check_job_id(job_id)), safe='')}"
        params = {"word_level_timestamps": "true"} if word_level_timestamps else {}
        data = self._get(path, params, job_id=job_id, is_result=word_level_timestamps)
        try:
            transcription = Transcription.from_json(data)
        except FluxionsResponseError as error:
            error.job_id = job_id
            raise
        if job_key(transcription.id) != job_key(job_id):  # a wrong transcript is worse than an error
            raise FluxionsResponseError(
                f"Fluxions was asked for job {job_id} and responded with job {transcription.id}.", job_id=job_id
            )
        return transcription

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        """Return one page of the account's jobs, without transcripts, in an undocumented order.

        :param limit: Maximum jobs on the page, from 1 to 100. Default 50.
        :raises FluxionsInputError: if ``limit`` or ``offset`` is out of range.
        """
        check_page(limit, offset, MAX_PAGE_JOBS)
        return Page.from_json(self._get("/transcriptions", {"limit": str(limit), "offset": str(offset)}))

    def iter_transcriptions(self) -> Iterator[Job]:
        """Yield every job of the account once, page by page, also if jobs arrive meanwhile."""
        seen: set[str] = set()
        for page in iter_pages(self):
            for job in page.transcriptions:
                if job_key(job.id) not in seen:
                    seen.add(job_key(job.id))
                    yield job

    def _url(self, path: str) -> str:
        return f"{self.settings.base_url}{path}"

    def _get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        job_id: JobId | None = None,
        is_result: bool = False,
    ) -> dict[str, Any]:
        # Bytes and values have smaller maximums for polls than for a result: a poll loop of a triggerer must not read
        # 64 MiB.
        timeouts = (self.settings.connect_timeout, self.settings.read_timeout)
        call = Call(
            self.settings.read_timeout,
            total_seconds=self._total_timeout or max(MAX_READ_CALL_SECONDS, sum(timeouts)),
            max_retries=self._max_retries,
            max_bytes=MAX_RESULT_BYTES if is_result else MAX_RESPONSE_BYTES,
        )
        response = self._send(lambda: self._session.get(self._url(path), params=params, timeout=timeouts), call)
        if isinstance(response, requests.Response):
            return self._read(response, path, job_id, MAX_CONTAINERS if is_result else MAX_RESPONSE_CONTAINERS)
        raise self._no_response(response, job_id)

    def _post(
        self,
        path: str,
        source: AudioSource,
        params: Mapping[str, str],
        content_type: str | None,
        guard: UploadGuard | None,
    ) -> dict[str, Any]:
        timeouts = (self.settings.connect_timeout, self.settings.submit_timeout)
        call = Call(self.settings.submit_timeout, total_seconds=self._total_timeout or math.inf)
        with contextlib.closing(UploadBody(source, guard)) as body:
            stored = getattr(source, "content_type", None)
            kind = content_type or media_type(source.uri, stored, params["filename"], body.first_bytes)
            post = partial(self._session.post, params=params, headers={"Content-Type": kind}, timeout=timeouts)
            # A redirect is not followed: after 301 and 302 requests would send a GET, and after 307 the whole body
            # again.
            response = self._send(lambda: post(self._url(path), data=body, allow_redirects=False), call)
        if isinstance(response, requests.Response):
            return self._read(response, path, None, MAX_RESPONSE_CONTAINERS)
        error = self._no_response(response)
        # The length was sent first, so a server without any byte of the audio has no complete request.
        error.nothing_created = body.bytes_given == 0
        raise error

    def _post_for_audio(self, path: str, body: bytes, text: str, total_seconds: float) -> bytes:
        timeouts = (self.settings.connect_timeout, self.settings.submit_timeout)
        call = Call(self.settings.submit_timeout, total_seconds=total_seconds, max_bytes=MAX_RENDER_BYTES)
        headers = {"Content-Type": "application/json", "Accept": "audio/wav, application/json"}
        post = partial(self._session.post, headers=headers, timeout=timeouts, allow_redirects=False)
        # UploadBody counts what was handed over: a text that was not sent cannot have been charged.
        with contextlib.closing(UploadBody(audio_source(body))) as sent:
            response = self._send(lambda: post(self._url(path), data=sent), call)
        if isinstance(response, requests.Response) and 200 <= response.status_code < 300:
            return response.content
        error: FluxionsRequestError
        if isinstance(response, requests.Response):
            error = status_error(
                response.status_code,
                response.headers,
                response.content,
                RequestFacts(redactor=TextRedactor(self._redactor, text), advice_by_status=SPEECH_ADVICE),
            )
        else:
            error = self._no_response(response)
        error.renders = error.renders_lost = int(sent.bytes_given > 0)
        raise error

    @staticmethod
    def _send(send: Callable[[], requests.Response], call: Call) -> requests.Response | Exception:
        """Return the response, or the exception."""
        try:
            # The exception is returned and not raised, so that no error has it as its cause. It contains the request
            # with the key, and its text can contain data from the server, which a traceback in a task's log would show.
            with limited(call):
                return send()
        except (requests.RequestException, HTTPError) as error:
            return error

    def _read(
        self, response: requests.Response, path: str, job_id: JobId | None, max_containers: int
    ) -> dict[str, Any]:
        return read_response(
            response.status_code,
            response.headers,
            response.content,
            RequestFacts(job_id, path, self.settings.base_url, self._redactor),
            max_containers=max_containers,
        )

    def _no_response(self, error: Exception, job_id: JobId | None = None) -> FluxionsConnectionError:
        advice = "Check the connection's host and the network in between."
        if isinstance(error, requests.exceptions.SSLError):
            advice = 'If a proxy re-signs TLS, give its CA bundle as "verify" in the connection\'s extra.'
            if "WRONG_VERSION_NUMBER" in str(error):
                advice = "It seems to use plain http: then the connection's host must begin with http://."
        kind = type(error).__name__
        # urllib3's MaxRetryError wraps the real reason and quotes the whole URL around it.
        reason = getattr(error.args[0], "reason", None) if error.args else None
        text = _CONNECTION.sub("", str(reason or error))
        if _QUOTING.search(text):
            text = "the response is not valid HTTP"
        if "Read timed out" in text:
            advice = "If the service is slow, set a larger read_timeout or submit_timeout in the connection's extra."
        return FluxionsConnectionError(
            f"No usable response from {self.settings.base_url} ({kind}: {self._redactor.quote(text)}). {advice}",
            job_id=job_id,
        )


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _from(paths: tuple[str, ...], first: str | None) -> tuple[str, ...]:
    """Return the paths with ``first`` first, if it is one of them."""
    return tuple(sorted(paths, key=lambda path: path != first)) if first else paths
