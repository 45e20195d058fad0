"""Clients of S3, made from Airflow's connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from botocore.config import Config

# More than a transfer has threads that ask S3 at a time.
POOL_CONNECTIONS = 32
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0


def new_hook(aws_conn_id: str | None) -> S3Hook:
    """Return the Amazon provider's hook; None takes boto3's own credentials."""
    try:
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    except ImportError as error:
        raise AirflowOptionalProviderFeatureException(
            "S3 needs the Amazon provider: pip install 'airflow-provider-fluxions[amazon]'."
        ) from error
    return S3Hook(aws_conn_id=aws_conn_id)


def with_limits(config: Config) -> Config:
    """Return the connection's botocore settings, with our limits where it has none of its own.

    - A connection to S3 for each thread. botocore keeps ten; what more threads open is thrown away after each request,
      with a warning in the task's log.
    - Seconds to connect, and seconds without a byte of a response. botocore repeats a request four times.
    """
    from botocore.config import Config

    ours = Config(max_pool_connections=POOL_CONNECTIONS, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
    return ours.merge(config)
