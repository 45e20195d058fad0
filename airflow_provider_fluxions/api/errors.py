"""Every error that this package raises on purpose.

::

    FluxionsError
    ├── FluxionsConfigError             the connection cannot work as it is written
    │   ├── FluxionsMissingConnectionError      no connection has this id
    │   └── FluxionsUnreadableConnectionError   the connection cannot be read now
    ├── FluxionsInputError              what the caller passed cannot work (a ValueError too)
    │   ├── FluxionsAudioError              the audio: missing, empty, unreadable, changed
    │   ├── FluxionsBudgetError             a transfer would transcribe more than it may
    │   ├── FluxionsVoiceError              no voice has this name
    │   └── FluxionsFormatError             a result format: unknown, or not for this result
    ├── FluxionsRequestError            a request did not bring a usable answer
    │   ├── FluxionsConnectionError         nobody answered, or the connection broke
    │   ├── FluxionsResponseError           an answer that cannot be read
    │   └── FluxionsStatusError             an answer with an error status
    │       ├── FluxionsAuthenticationError     401, 403
    │       ├── FluxionsCreditError             402
    │       ├── FluxionsNotFoundError           404
    │       ├── FluxionsRejectedError           any other 4xx: the request itself is wrong
    │       ├── FluxionsThrottledError          429
    │       └── FluxionsServerError             408 and 5xx
    ├── FluxionsSpeechError             a text was rendered, but not completely
    ├── FluxionsUnknownOutcomeError     a submit may or may not have created a job
    ├── FluxionsJobError                a job did not end as wished
    │   ├── FluxionsJobFailedError          the service ended it as failed
    │   └── FluxionsDeadlineError           it did not end in time
    ├── FluxionsNotReadyError           a result was asked for that is not there yet
    ├── FluxionsStorageError            S3 refused or failed
    └── FluxionsTransferError           some inputs of a transfer failed, the others are done

Each carries ``job_id``, ``status_code`` and ``transient`` (can the same call succeed later?). Those of text-to-speech
also carry ``renders`` and ``renders_lost``. Each survives pickling, because Airflow sends exceptions between processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_fluxions.api.printable import printable

JobId = int | str


class FluxionsError(Exception):
    """Anything that went wrong with Fluxions. The message is one printable line.

    :param job_id: the job concerned, where there is one.
    :param status_code: the HTTP status of the answer, where there was one.
    :param transient: whether the same call may succeed later; each class has its own default.

    ``renders`` is the number of texts that were sent to be spoken before the error, which may have been charged;
    ``renders_lost`` is how many of these brought no complete audio.
    """

    transient: bool = False
    renders: int = 0
    renders_lost: int = 0

    def __init__(
        self,
        message: str,
        *,
        job_id: JobId | None = None,
        status_code: int | None = None,
        transient: bool | None = None,
    ) -> None:
        # A message can quote a file name, a path or a response. None of them may steer a terminal or forge a log line.
        super().__init__(printable(message, None))
        self.job_id = job_id
        self.status_code = status_code
        if transient is not None:
            self.transient = transient

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from message and attributes: the keyword arguments would be lost otherwise."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(cls: type[FluxionsError], args: tuple[Any, ...], attributes: Mapping[str, Any]) -> FluxionsError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(attributes)
    return error


class FluxionsConfigError(FluxionsError):
    """The connection cannot work as it is written: no key, plain http, a wrong extra."""


class FluxionsMissingConnectionError(FluxionsConfigError):
    """No connection has this id: every secrets backend responded, and none of them has it."""


class FluxionsUnreadableConnectionError(FluxionsConfigError):
    """The connection cannot be read now: a secrets backend or Airflow's API server does not respond."""

    transient = True


class FluxionsInputError(FluxionsError, ValueError):
    """An argument cannot work, whatever the service does."""


class FluxionsAudioError(FluxionsInputError):
    """The audio is missing, empty, unreadable, or not what it was when it was measured."""


class FluxionsBudgetError(FluxionsInputError):
    """A transfer would transcribe more than it may. Nothing was submitted."""


class FluxionsVoiceError(FluxionsInputError):
    """No voice of the service or of the account has this name. The message names those that exist."""


class FluxionsFormatError(FluxionsInputError):
    """No result format has this name, its extra is not installed, or this result cannot be written in it."""


class FluxionsRequestError(FluxionsError):
    """A request did not bring a usable answer.

    ``nothing_created`` is True where the failure proves that a submit created no job; where it is
    False, a job may exist, and only the list of transcriptions can tell.
    ``retry_after_seconds`` is what the service asked us to wait, or None.
    """

    nothing_created: bool = False
    retry_after_seconds: float | None = None


class FluxionsConnectionError(FluxionsRequestError):
    """Nobody answered, or the connection broke before a whole answer arrived."""

    transient = True


class FluxionsResponseError(FluxionsRequestError):
    """An answer arrived that cannot be read: HTML, an empty body, truncated JSON, a missing id."""

    transient = True


class FluxionsStatusError(FluxionsRequestError):
    """The answer has an error status; the classes below say which kind."""


class FluxionsAuthenticationError(FluxionsStatusError):
    """401 or 403: the API key is missing, wrong, or may not do this."""

    nothing_created = True


class FluxionsCreditError(FluxionsStatusError):
    """402: the account has no credit left."""

    nothing_created = True


class FluxionsNotFoundError(FluxionsStatusError):
    """404: no such transcription in this account, or no such path at this host."""

    nothing_created = True


class FluxionsRejectedError(FluxionsStatusError):
    """Any other 4xx, or a redirect: sending the same request again cannot help."""

    nothing_created = True


class FluxionsThrottledError(FluxionsStatusError):
    """429: too many requests for now."""

    transient = True
    nothing_created = True


class FluxionsServerError(FluxionsStatusError):
    """408 or 5xx: the service is in trouble; whether it did anything is not known."""

    transient = True


class FluxionsSpeechError(FluxionsError):
    """A text was rendered twice, and both times the audio was not complete. Rendering again would be charged again."""


class FluxionsUnknownOutcomeError(FluxionsError):
    """A submit may or may not have created a job, and the list could not settle it.

    Transient: the next try asks the list again. Submitting instead could pay twice.
    """

    transient = True


class FluxionsJobError(FluxionsError):
    """A job did not end as wished. ``job_ids`` has all the jobs concerned, ``job_id`` the first."""

    def __init__(self, message: str, *, job_ids: tuple[JobId, ...] = (), **data: Any) -> None:
        super().__init__(message, job_id=job_ids[0] if job_ids else None, **data)
        self.job_ids = job_ids


class FluxionsJobFailedError(FluxionsJobError):
    """The service ended a job as failed: final, the same job never completes."""


class FluxionsDeadlineError(FluxionsJobError):
    """A job was still running at its deadline. It goes on at the service: there is no cancel."""


class FluxionsNotReadyError(FluxionsError):
    """A result was asked for while its job still runs."""

    transient = True


class FluxionsStorageError(FluxionsError):
    """S3 refused or failed.

    ``concerns_all`` is True if it refuses every request of this kind: a missing bucket, credentials, a permission.
    """

    transient = True
    concerns_all: bool = False


class FluxionsTransferError(FluxionsError):
    """Some inputs of a transfer failed; the others are done. The message lists them, the manifest has all."""
