"""Clients of S3, made from Airflow's connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from botocore.config import Config

# More than a transfer has threads that ask S3 at a time.
POOL_CONNECTIONS = 32


def new_hook(aws_conn_id: str | None) -> S3Hook:
    """Return the Amazon provider's hook; None takes boto3's own credentials."""
    try:
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    except ImportError as error:
        raise AirflowOptionalProviderFeatureException(
            "S3 needs the Amazon provider: pip install 'airflow-provider-fluxions[amazon]'."
        ) from error
    return S3Hook(aws_conn_id=aws_conn_id)


def with_room(config: Config) -> Config:
    """Return the connection's botocore settings, with a connection to S3 for each thread unless they say otherwise.

    botocore keeps ten; what more threads open is thrown away after each request, with a warning in the task's log.
    """
    from botocore.config import Config

    return Config(max_pool_connections=POOL_CONNECTIONS).merge(config)
