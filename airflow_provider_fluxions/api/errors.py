"""All errors that this package raises.

::

    FluxionsError
    ├── FluxionsConfigError             the connection is invalid
    │   ├── FluxionsMissingConnectionError      no connection has this id
    │   └── FluxionsUnreadableConnectionError   the connection cannot be read now
    ├── FluxionsInputError              an argument is invalid (also a ValueError)
    │   ├── FluxionsAudioError              the audio: missing, empty, unreadable, changed
    │   ├── FluxionsBudgetError             a transfer would exceed its limits
    │   ├── FluxionsVoiceError              no voice has this name
    │   └── FluxionsFormatError             a result format: unknown, or not for this result
    ├── FluxionsRequestError            a request got no usable response
    │   ├── FluxionsConnectionError         no response, or the connection broke
    │   ├── FluxionsResponseError           an unreadable response
    │   └── FluxionsStatusError             a response with an error status
    │       ├── FluxionsAuthenticationError     401, 403
    │       ├── FluxionsCreditError             402
    │       ├── FluxionsNotFoundError           404
    │       ├── FluxionsRejectedError           any other 4xx: the request itself is wrong
    │       ├── FluxionsThrottledError          429
    │       └── FluxionsServerError             408 and 5xx
    ├── FluxionsSpeechError             a text was rendered, but not completely
    ├── FluxionsUnknownOutcomeError     a submit might have created a job
    ├── FluxionsJobError                a job did not complete
    │   ├── FluxionsJobFailedError          the service ended it as failed
    │   └── FluxionsDeadlineError           it is still running at the deadline
    ├── FluxionsNotReadyError           a result does not exist yet
    ├── FluxionsStorageError            an object store refused or failed
    └── FluxionsTransferError           some inputs of a transfer failed, the others are completed

Each carries ``job_id``, ``status_code`` and ``transient`` (the same call can succeed later). Those of text-to-speech
also carry ``renders`` and ``renders_lost``. Each survives pickling, because Airflow sends exceptions between processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_fluxions.api.printable import printable

JobId = int | str


class FluxionsError(Exception):
    """Any error of this package. The message is one printable line.

    :param job_id: The job concerned, or None.
    :param status_code: The HTTP status of the response, or None.
    :param transient: Whether the same call can succeed later. Each class has its own default.

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
        # A message can quote a file name, a path or a response. None of them is allowed to control a terminal or
        # forge a log line.
        super().__init__(printable(message, None))
        self.job_id = job_id
        self.status_code = status_code
        if transient is not None:
            self.transient = transient

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild the error from message and attributes, because pickling would lose keyword arguments."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(cls: type[FluxionsError], args: tuple[Any, ...], attributes: Mapping[str, Any]) -> FluxionsError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(attributes)
    return error


class FluxionsConfigError(FluxionsError):
    """The connection is invalid: no key, plain http, a wrong extra."""


class FluxionsMissingConnectionError(FluxionsConfigError):
    """The connection id does not exist: every secrets backend responded without it."""


class FluxionsUnreadableConnectionError(FluxionsConfigError):
    """The connection cannot be read now: a secrets backend or Airflow's API server does not respond."""

    transient = True


class FluxionsInputError(FluxionsError, ValueError):
    """An argument is invalid."""


class FluxionsAudioError(FluxionsInputError):
    """The audio is missing, empty, unreadable, or changed."""


class FluxionsBudgetError(FluxionsInputError):
    """A transfer would exceed its limits. Nothing was submitted."""


class FluxionsVoiceError(FluxionsInputError):
    """No voice of the service or of the account has this name. The message names those that exist."""


class FluxionsFormatError(FluxionsInputError):
    """The result format is unknown, its extra is missing, or it cannot represent this result."""


class FluxionsRequestError(FluxionsError):
    """A request got no usable response.

    ``nothing_created`` is True if the failure proves that a submit created no job. If it is False, a job might exist,
    and only the job list can show it.
    ``retry_after_seconds`` is the pause that the service asked for, or None.
    """

    nothing_created: bool = False
    retry_after_seconds: float | None = None


class FluxionsConnectionError(FluxionsRequestError):
    """There was no response, or the connection broke before its end."""

    transient = True


class FluxionsResponseError(FluxionsRequestError):
    """The response is unreadable: HTML, an empty body, truncated JSON, a missing id."""

    transient = True


class FluxionsStatusError(FluxionsRequestError):
    """The response has an error status; each subclass is one kind."""


class FluxionsAuthenticationError(FluxionsStatusError):
    """401 or 403: the API key is missing, wrong, or has no permission."""

    nothing_created = True


class FluxionsCreditError(FluxionsStatusError):
    """402: the account has no credit left."""

    nothing_created = True


class FluxionsNotFoundError(FluxionsStatusError):
    """404: no such transcription in this account, or no such path at this host."""

    nothing_created = True


class FluxionsRejectedError(FluxionsStatusError):
    """Any other 4xx, or a redirect: the same request fails again."""

    nothing_created = True


class FluxionsThrottledError(FluxionsStatusError):
    """429: too many requests for now."""

    transient = True
    nothing_created = True


class FluxionsServerError(FluxionsStatusError):
    """408 or 5xx: a service error. The request might have had an effect."""

    transient = True


class FluxionsSpeechError(FluxionsError):
    """A text was rendered twice, and both times the audio was not complete. Rendering again would be charged again."""


class FluxionsUnknownOutcomeError(FluxionsError):
    """A submit might have created a job, and the job list could not show whether it did.

    Transient: the next try scans the list again. Another submit could be charged twice.
    """

    transient = True


class FluxionsJobError(FluxionsError):
    """A job did not complete. ``job_ids`` has all jobs concerned, ``job_id`` the first."""

    def __init__(self, message: str, *, job_ids: tuple[JobId, ...] = (), **data: Any) -> None:
        super().__init__(message, job_id=job_ids[0] if job_ids else None, **data)
        self.job_ids = job_ids


class FluxionsJobFailedError(FluxionsJobError):
    """The service ended a job as failed. This is final."""


class FluxionsDeadlineError(FluxionsJobError):
    """A job was still running at its deadline. It continues at the service, which has no cancel."""


class FluxionsNotReadyError(FluxionsError):
    """A result was requested while its job is running."""

    transient = True


class FluxionsStorageError(FluxionsError):
    """An object store refused or failed.

    ``concerns_all`` is True if the store refuses all such requests: a missing bucket, credentials, a permission.
    """

    transient = True
    concerns_all: bool = False


class FluxionsTransferError(FluxionsError):
    """Some inputs of a transfer failed; the others are completed. The message lists them, the manifest has all."""
