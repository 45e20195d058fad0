"""Airflow's hook for S3: its client with own limits, and its hook-level lineage.

Streams and conditional reads are calls of the S3 client itself, which the Amazon provider's hook does not report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.storage.address import ObjectAddress

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from botocore.config import Config

# More than the threads of a transfer that send requests to S3.
POOL_CONNECTIONS = 32
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
# Airflow 3 warns at the hundredth asset and ignores further ones; Airflow 2 would keep all.
MAX_ASSETS = 99


def new_hook(aws_conn_id: str | None) -> S3Hook:
    """Return the Amazon provider's hook; None uses boto3's own credentials."""
    try:
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    except ImportError as error:
        from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

        raise AirflowOptionalProviderFeatureException(
            "S3 needs the Amazon provider: pip install 'airflow-provider-fluxions[amazon]'."
        ) from error
    return S3Hook(aws_conn_id=aws_conn_id)


def with_limits(config: Config) -> Config:
    """Return the connection's botocore settings, with default limits for missing ones."""
    from botocore.config import Config

    # botocore keeps ten connections. It closes further ones after each request, with a warning in the task's log.
    # It repeats a request four times, so its default of 60 s to connect would hold a thread for minutes.
    ours = Config(max_pool_connections=POOL_CONNECTIONS, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
    return ours.merge(config)


class HookLineage:
    """Reports each object once, up to 99 in each direction. Threads can share it.

    Without a plugin that reads hook-level lineage, this costs almost nothing.

    :param hook: The hook that uses S3.
    :param collector: Receiver of the reports. None: Airflow's collector.
    """

    def __init__(self, hook: Any, collector: Any = None) -> None:
        if collector is None:
            from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

            collector = get_hook_lineage_collector()
        self._hook = hook
        self._collector = collector
        self._reads: set[ObjectAddress] = set()
        self._writes: set[ObjectAddress] = set()

    def read(self, address: ObjectAddress) -> None:
        """Report an object that was read."""
        self._report(self._reads, self._collector.add_input_asset, address)

    def wrote(self, address: ObjectAddress) -> None:
        """Report an object that was written."""
        self._report(self._writes, self._collector.add_output_asset, address)

    def _report(self, known: set[ObjectAddress], add: Any, address: ObjectAddress) -> None:
        # A transfer writes thousands of objects, and each report is an asset event.
        if len(known) < MAX_ASSETS and address not in known:
            known.add(address)
            add(self._hook, scheme=address.scheme, asset_kwargs={"bucket": address.bucket, "key": address.key})
