"""A retry policy for tasks that call Fluxions: which failures pass by themselves, and which no retry can fix.

Needs Airflow 3.4, where a policy can run a task again without spending a retry. On earlier versions, set ``retries``
and ``retry_delay``: the operators already fail at once for what no retry can fix in a job, an argument or a transfer.
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
# The service is starting, busy or unreachable, or the job still runs: none of it is the task's fault.
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
    """Runs a task again without spending a retry while the service is cold, busy or in trouble.

    - 429, 408, 5xx, no connection, a job that still runs, an unknown outcome of a submit: the task runs again after
      ``delay``, or after what ``Retry-After`` asks for. Its retries are kept.
    - 401, 402, 403, another 4xx, an argument or a connection that cannot work: it fails at once.
    - Anything else is retried as ``retries`` says.

    A task that runs again looks for its job first, so nothing is charged twice. When the time is over, ``retries``
    count as usual. Airflow asks no policy about a failed job or a passed deadline: these end a task at once.

    :param delay: the time before the task runs again, at least 30 s.
    :param reschedule_timeout: for how long, from a try's first reschedule on, it runs again without spending a retry.
    :raises FluxionsInputError: ``delay`` is shorter than 30 s, or ``reschedule_timeout`` is not positive.
    """

    def __init__(self, delay: timedelta = DEFAULT_DELAY, reschedule_timeout: timedelta = DEFAULT_TIMEOUT) -> None:
        if delay < MIN_DELAY or reschedule_timeout <= timedelta(0):
            raise FluxionsInputError("delay must be at least 30 s, and reschedule_timeout longer than 0 s.")
        self.delay = delay
        self.reschedule_timeout = reschedule_timeout

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """Return what Airflow is to do about a failure; only the exception counts."""
        reason = str(exception)
        if not isinstance(exception, FluxionsError):
            return RetryDecision.default()
        if isinstance(exception, _PASSES):
            return RetryDecision.reschedule(
                self._delay(exception), reschedule_timeout=self.reschedule_timeout, reason=reason
            )
        # Audio that is missing or changed can be repaired, and a secrets backend that is down comes back.
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
