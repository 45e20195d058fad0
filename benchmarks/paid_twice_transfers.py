"""Scenes for `paid_twice.py` in which whole transfers run: `FluxionsS3ToS3Operator`, with moto's S3 on a socket.

They need the environment of `scripts/test 3.3`. Without Airflow they cannot run.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Transition

KEY = "emulator-key"
NEVER = Transition.after_reads(10_000)


class TaskInstance(SimpleNamespace):
    """What the operator uses of a task instance."""

    def xcom_push(self, key: str, value: Any) -> None:
        """Drop it."""


@dataclass
class Night:
    """An account and two buckets of one run of a scene."""

    emulator: Emulator
    s3: Any
    bucket: str
    shift_seconds: float = 0.0

    def put(self, count: int) -> None:
        """Store recordings, each with bytes of its own, the same ones every time."""
        for number in range(count):
            self.s3.put_object(Bucket=self.bucket, Key=f"in/{number:03}.mp3", Body=f"{self.bucket}{number}".encode())

    def end_all(self) -> None:
        """Let all jobs complete, those of now and those to come."""
        self.emulator.set_transition(Transition.at_once())
        for job in self.emulator.jobs:
            self.emulator.force_status(job.id, "completed")

    def operator(self, **options: Any) -> Any:
        """Return a transfer that defers as soon as it may."""
        from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator

        operator = FluxionsS3ToS3Operator(
            task_id="transfer",
            source=f"s3://{self.bucket}/in/",
            destination=f"s3://{self.bucket}/out/",
            poll_interval=0.01,
            cache=False,
            **options,
        )
        operator.deferral_costs_seconds = 0.0
        return operator

    def execute(self, run: str, *, tries: int = 1, started: datetime | None = None, **options: Any) -> Any:
        """Run a transfer to its end or its deferral; return what resumes it, or None."""
        from airflow.providers.common.compat.sdk import TaskDeferred

        begun = started or datetime.now(UTC)
        facts = {"dag_id": "d", "run_id": run, "task_id": "transfer", "map_index": -1, "max_tries": 2}
        dag_run = SimpleNamespace(start_date=begun, run_after=begun, logical_date=None, clear_number=0)
        context = {"ti": TaskInstance(**facts, try_number=tries), "dag_run": dag_run}
        operator = self.operator(**options)
        try:
            operator.execute(context)
        except TaskDeferred as deferred:
            kwargs = deferred.kwargs
            return lambda: operator.execute_complete(context, **kwargs)
        return None

    def counts(self, recordings: int) -> tuple[int, int, int]:
        """Return recordings, jobs, and jobs beyond one for each recording."""
        own = [job for job in self.emulator.jobs if not job.foreign_job]
        return recordings, len(own), len(own) - recordings


@cache
def moto_url() -> str:
    """Start moto's S3 in this process, once, and return its address."""
    server = import_module("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


@contextmanager
def night(seed: random.Random, *, hours_behind: float = 0.0, metadata_names: str | None = None) -> Iterator[Night]:
    """Give an account and a bucket.

    :param hours_behind: how far the account's clock is behind, until the scene advances it.
    :param metadata_names: how S3 returns the names of metadata; see `harness.s3_store.Store`.
    """
    import boto3

    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    url = moto_url()
    with ExitStack() as stack:
        if metadata_names:
            from harness.faulty_s3 import FaultyS3, S3At

            proxy = stack.enter_context(FaultyS3(S3At(url)))
            proxy.set_store(metadata_names=metadata_names)
            url = str(proxy.url)
        emulator = stack.enter_context(
            Emulator(api_key=KEY, cache_mode="off", clock=lambda: time.time() - 3600 * hours_behind)
        )
        server = stack.enter_context(EmulatorServer(emulator))
        extra = {"endpoint_url": url, "region_name": "us-east-1"}
        aws = {"conn_type": "aws", "login": "test", "password": "test", "extra": extra}
        os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(aws)
        fluxions = {"conn_type": "fluxions", "host": server.base_url, "password": KEY}
        os.environ["AIRFLOW_CONN_FLUXIONS_DEFAULT"] = json.dumps(fluxions)
        login = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        s3 = boto3.client("s3", endpoint_url=moto_url(), region_name="us-east-1", **login)
        bucket = f"night-{seed.getrandbits(48):012x}"
        s3.create_bucket(Bucket=bucket)
        yield Night(emulator, s3, bucket)


def overlapping(seed: random.Random) -> tuple[int, int, int]:
    """Start a run while the one before is deferred with recordings to come, and resume that one afterwards."""
    with night(seed) as at:
        recordings, in_flight = seed.randint(4, 12), seed.randint(1, 3)
        at.put(recordings)
        at.emulator.set_transition(NEVER)
        resume = at.execute("first", deferrable=True, max_in_flight=in_flight, upload_workers=2)
        at.end_all()
        at.execute("second")
        resume()
        return at.counts(recordings)


def put_again(seed: random.Random) -> tuple[int, int, int]:
    """Put the same bytes again between two tries of a transfer, in an account that others use as well."""
    with night(seed, hours_behind=2.0) as at:
        recordings, started = seed.randint(2, 6), datetime.now(UTC) - timedelta(hours=2, minutes=1)
        at.put(recordings)
        at.emulator.set_transition(NEVER)
        at.execute("run", started=started, deferrable=True)
        at.emulator.advance(7200.0)
        at.end_all()
        at.emulator.seed_jobs(150 + seed.randrange(100), age_seconds=660.0)
        at.put(recordings)
        at.execute("run", tries=2, started=started)
        return at.counts(recordings)


def capitalized(seed: random.Random) -> tuple[int, int, int]:
    """Make a second run, after `lookback_days`, behind a proxy that capitalizes the names of metadata."""
    with night(seed, hours_behind=960.0, metadata_names="capitalized") as at:
        recordings = seed.randint(2, 5)
        at.put(recordings)
        at.execute("first")
        at.emulator.advance(40 * 86_400.0)
        at.emulator.seed_jobs(150, age_seconds=700.0)
        at.execute("second", lookback_days=0.0)
        return at.counts(recordings)


SCENES = {"H4": overlapping, "H5 (transfer)": put_again, "H9": capitalized}


if __name__ == "__main__":
    import logging
    import sys

    logging.disable(logging.ERROR)
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    for name in sys.argv[2:] or SCENES:
        total = [0, 0, 0]
        for run in range(runs):
            numbers = SCENES[name](random.Random(f"1-{name}-{run}"))  # noqa: S311 - repeatable, no secret
            total = [one + other for one, other in zip(total, numbers, strict=True)]
        print(f"{name:<15} runs={runs} recordings={total[0]} jobs={total[1]} paid twice={total[2]}", flush=True)
