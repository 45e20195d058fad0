"""A retry policy for tasks that call Fluxions: which failures are transient, and which a retry cannot fix.

Needs Airflow 3.4, where a policy can run a task again without spending a retry. On earlier versions, set ``retries``
and ``retry_delay``: the operators already fail at once for permanent errors of a job, an argument or a transfer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsAuthenticationError,
    FluxionsConfigError,
    FluxionsConnectionError,
    FluxionsCreditError,
    FluxionsError,
    FluxionsInputError,
    FluxionsNotReadyError,
    FluxionsRejectedError,
    FluxionsRequestError,
    FluxionsServerError,
    FluxionsThrottledError,
    FluxionsUnknownOutcomeError,
)

try:
    from airflow.sdk.definitions.retry_policy import RetryAction, RetryDecision, RetryPolicy

    RetryAction.RESCHEDULE  # noqa: B018 (missing before 3.4)
except (ImportError, AttributeError) as error:
    raise ImportError(
        "FluxionsRetryPolicy needs Airflow 3.4: earlier versions have no RetryAction.RESCHEDULE. Set retries and "
        "retry_delay instead."
    ) from error

# Tasks that Airflow reschedules sooner can fail, because their worker still reports the end of the earlier start.
MIN_DELAY = timedelta(seconds=30)
DEFAULT_DELAY = timedelta(minutes=2)
DEFAULT_TIMEOUT = timedelta(hours=1)
# The service is starting, busy or unreachable, or the job is running. The task has no error.
_PASSES = (
    FluxionsThrottledError,
    FluxionsServerError,
    FluxionsConnectionError,
    FluxionsNotReadyError,
    FluxionsUnknownOutcomeError,
)
_FINAL = (
    FluxionsAuthenticationError,
    FluxionsCreditError,
    FluxionsRejectedError,
    FluxionsInputError,
    FluxionsConfigError,
)


class FluxionsRetryPolicy(RetryPolicy):
    """Runs a task again without spending a retry while the service is cold, busy or has errors.

    - 429, 408, 5xx, no connection, a running job, an unknown outcome of a submit: the task runs again after
      ``delay``, or after the time in ``Retry-After``. Its retries are kept.
    - 401, 402, 403, another 4xx, an invalid argument or connection: it fails at once.
    - Any other error is retried by ``retries``.

    A task that runs again searches for its job first, so nothing is charged twice. After ``reschedule_timeout``,
    ``retries`` count as usual. Airflow does not call a policy for a failed job or a passed deadline, which end a task
    at once.

    :param delay: Time before the task runs again, at least 30 s.
    :param reschedule_timeout: Maximum time from a try's first reschedule in which the task runs again without
        spending a retry.
    :raises FluxionsInputError: if ``delay`` is shorter than 30 s, or ``reschedule_timeout`` is not positive.
    """

    def __init__(self, delay: timedelta = DEFAULT_DELAY, reschedule_timeout: timedelta = DEFAULT_TIMEOUT) -> None:
        if delay < MIN_DELAY or reschedule_timeout <= timedelta(0):
            raise FluxionsInputError("delay must be at least 30 s, and reschedule_timeout longer than 0 s.")
        self.delay = delay
        self.reschedule_timeout = reschedule_timeout

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Return Airflow's action for a failure. Only the exception counts."""
        reason = str(exception)
        if not isinstance(exception, FluxionsError):
            return RetryDecision.default()
        if isinstance(exception, _PASSES):
            return RetryDecision.reschedule(
                self._delay(exception), reschedule_timeout=self.reschedule_timeout, reason=reason
            )
        # Missing or changed audio can be fixed, and a secrets backend can recover.
        if isinstance(exception, _FINAL) and not exception.transient and not isinstance(exception, FluxionsAudioError):
            return RetryDecision.fail(reason)
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """Return the arguments as plain JSON, durations in seconds."""
        return {
            "delay": self.delay.total_seconds(),
            "reschedule_timeout": self.reschedule_timeout.total_seconds(),
        }

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> FluxionsRetryPolicy:
        """Return the policy that `serialize` describes."""
        return cls(timedelta(seconds=data["delay"]), timedelta(seconds=data["reschedule_timeout"]))

    def _delay(self, error: FluxionsError) -> timedelta:
        asked = error.retry_after_seconds if isinstance(error, FluxionsRequestError) else None
        return self.delay if asked is None else max(MIN_DELAY, timedelta(seconds=asked))
