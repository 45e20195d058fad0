"""The one place where errors of this package become Airflow's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout

from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsDeadlineError,
    FluxionsInputError,
    FluxionsJobFailedError,
    FluxionsMissingConnectionError,
    FluxionsNotFoundError,
    FluxionsSpeechError,
    FluxionsStorageError,
    FluxionsTransferError,
)


@contextmanager
def airflow_errors() -> Iterator[None]:
    """End a task at once for errors that no retry can fix; other errors pass through, and Airflow retries the task.

    - a failed or lost job, a text whose audio stays incomplete, a transfer whose failed inputs cannot succeed, a store
      that cannot work, an invalid argument, a missing connection: `AirflowFailException`;
    - a deadline: `AirflowSensorTimeout`;
    - an HTTP error, a connection or audio that can still be repaired: the `FluxionsError` itself, with its
      ``job_id``, ``status_code`` and ``transient``.
    """
    try:
        yield
    except FluxionsDeadlineError as error:
        raise AirflowSensorTimeout(str(error)) from error
    # Before FluxionsInputError, its base class: a missing or changing file can be repaired until the next try.
    except FluxionsAudioError:
        raise
    except (FluxionsJobFailedError, FluxionsSpeechError, FluxionsInputError, FluxionsMissingConnectionError) as error:
        raise AirflowFailException(str(error)) from error
    except (FluxionsNotFoundError, FluxionsStorageError, FluxionsTransferError) as error:
        # A 404 without a job means a wrong path, which a repaired connection can fix. A lost job never comes back.
        if error.transient or (isinstance(error, FluxionsNotFoundError) and error.job_id is None):
            raise
        raise AirflowFailException(str(error)) from error
