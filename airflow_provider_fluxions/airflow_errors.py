"""Where our errors become Airflow's, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout

from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsDeadlineError,
    FluxionsInputError,
    FluxionsJobFailedError,
    FluxionsNotFoundError,
    FluxionsTransferError,
)


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Let what no retry can mend end a task at once; all else passes through, and Airflow retries it.

    - a failed or lost job, a transfer whose failed inputs stay so, an impossible argument: `AirflowFailException`;
    - a deadline: `AirflowSensorTimeout`;
    - HTTP trouble, a connection or audio that somebody can still mend: the `FluxionsError` itself, with its
      ``job_id``, ``status_code`` and ``transient``.
    """
    try:
        yield
    except FluxionsDeadlineError as error:
        raise AirflowSensorTimeout(str(error)) from error
    except FluxionsAudioError:
        raise
    except (FluxionsJobFailedError, FluxionsInputError) as error:
        raise AirflowFailException(str(error)) from error
    except (FluxionsNotFoundError, FluxionsTransferError) as error:
        if error.transient or (isinstance(error, FluxionsNotFoundError) and error.job_id is None):
            raise
        raise AirflowFailException(str(error)) from error
