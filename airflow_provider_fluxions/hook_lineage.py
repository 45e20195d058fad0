"""What was read from and written to S3, for Airflow's collector of hook-level lineage.

Our streams and conditional reads are calls of the S3 client itself, of which the Amazon provider's hook hears nothing.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

# Airflow 3 warns at the hundredth asset and takes no more; Airflow 2 would take all.
MAX_ASSETS = 99


class HookLineage:
    """Reports each object once, up to 99 in each direction; threads may share it.

    Costs next to nothing where no plugin reads hook-level lineage.

    :param hook: the hook on whose behalf S3 is used.
    :param collector: who is told; None: Airflow's own.
    """

    def __init__(self, hook: Any, collector: Any = None) -> None:
        self._hook = hook
        self._collector = collector or get_hook_lineage_collector()
        self._reads: set[tuple[str, str]] = set()
        self._writes: set[tuple[str, str]] = set()

    def read(self, bucket: str, key: str) -> None:
        """Report an object that was read."""
        self._report(self._reads, self._collector.add_input_asset, bucket, key)

    def wrote(self, bucket: str, key: str) -> None:
        """Report an object that was written."""
        self._report(self._writes, self._collector.add_output_asset, bucket, key)

    def _report(self, known: set[tuple[str, str]], add: Any, bucket: str, key: str) -> None:
        if len(known) < MAX_ASSETS and (bucket, key) not in known:
            known.add((bucket, key))
            add(self._hook, scheme="s3", asset_kwargs={"bucket": bucket, "key": key})
