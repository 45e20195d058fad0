"""What it takes to find out what is to do: listing, comparing with the destination, and the manifest.

    PYTHONPATH=. python benchmarks/transfer_planning.py [KEYS]

Needs the environment of `scripts/test 3.3`. Each case runs in a process of its own, against a small S3
(`transfer_s3.py`). Prints one JSON line a case.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import transfer_stage as stage

KEYS = 100_000
RESUMED_KEYS = 10_000
SHARDS = 8
BATCH = 10_000


def keys(count: int) -> Iterator[str]:
    """Yield names as a call centre's recorder gives them."""
    for number in range(count):
        yield f"calls/2026-11-{1 + number % 30:02d}/agent-{number % 97:03d}/call-{number:08d}.mp3"


def add_objects(url: str, objects: Iterable[list[Any]]) -> None:
    batch: list[list[Any]] = []
    for one in objects:
        batch.append(one)
        if len(batch) == BATCH:
            stage.call(f"{url}/_objects", batch)
            batch = []
    stage.call(f"{url}/_objects", batch)


def order(shard_index: int, shard_count: int) -> Any:
    from airflow_provider_fluxions.formats import choose
    from airflow_provider_fluxions.pipeline.discovery import TransferSpec
    from airflow_provider_fluxions.pipeline.items import Target
    from airflow_provider_fluxions.pipeline.locations import parse_destination, parse_sources
    from airflow_provider_fluxions.pipeline.selection import Selection

    target = Target.of(parse_destination("s3://output/transcripts/"), choose(("json",), None))
    selection = Selection(shard_index=shard_index, shard_count=shard_count)
    return TransferSpec(parse_sources("s3://input/calls/"), selection, target, {"non_speech": False}, "run")


def survey(what: Any) -> list[Any]:
    from airflow_provider_fluxions.pipeline.discovery import discover as survey_all
    from airflow_provider_fluxions.pipeline.planning import LISTING_THREADS
    from airflow_provider_fluxions.storage.s3_store import S3Store

    with ThreadPoolExecutor(LISTING_THREADS) as pool:
        return survey_all(S3Store("aws_default"), pool, what, datetime.now(UTC))


def measured(url: str, act: Any) -> tuple[Any, dict[str, Any]]:
    """Return what an act returns, and what it took."""
    stage.call(f"{url}/_requests")
    start_kib, cpu, began = stage.forget_peak(), time.process_time(), time.monotonic()
    result = act()
    figures = {
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_over_start_mib": round((stage.memory_kib("VmHWM") - start_kib) / 1024),
        "requests": stage.call(f"{url}/_requests"),
    }
    return result, figures


def case_survey(url: str, shard_index: int, shard_count: int) -> dict[str, Any]:
    what = order(shard_index, shard_count)
    records, figures = measured(url, lambda: survey(what))
    return {"inputs": len(records), "done": sum(record.state == "already_done" for record in records), **figures}


def case_done(url: str) -> dict[str, Any]:
    """Prepare without a measurement: put the results of all inputs where the discovery lists them."""
    from airflow_provider_fluxions.pipeline.object_metadata import META_REFERENCE

    records = survey(order(0, 1))
    add_objects(
        url,
        ([record.item.target.destination.bucket, key, 1000, {META_REFERENCE: record.item.ref}]
         for record in records for key in record.item.outputs().values()),
    )  # fmt: skip
    return {"put": len(records)}


def case_manifest(url: str, inputs: int) -> dict[str, Any]:
    """Write the manifest of so many inputs and restore them, as a resumed task does."""
    from airflow_provider_fluxions.pipeline.discovery import restore
    from airflow_provider_fluxions.pipeline.manifest import Manifest
    from airflow_provider_fluxions.pipeline.records import InputRecord, State
    from airflow_provider_fluxions.storage import ObjectAddress, StoredObject
    from airflow_provider_fluxions.storage.s3_store import S3Store

    what, now = order(0, 1), datetime.now(UTC)
    start = ObjectAddress("s3", "input")
    objects = (StoredObject(start.at(key), 1_000_000, f"{number:032x}", now) for number, key in enumerate(keys(inputs)))
    records = [InputRecord(what.item(one, what.sources[0]), State.IN_FLIGHT, submitted_at=1e9) for one in objects]
    for record in records:
        record.assign_job(7, "emulator-key")
    store, manifest = S3Store("aws_default"), Manifest(ObjectAddress("s3", "output", "manifest.jsonl"))
    _, written = measured(url, lambda: manifest.write(store, records))
    (restored, _), read = measured(url, lambda: restore(what, manifest.read(store) or (), "emulator-key"))
    assert len(restored) == inputs
    found = store.head(manifest.address)
    assert found is not None
    return {"inputs": inputs, "bytes": found.size_bytes, "write": written, "read": read}


CASES = {"survey": case_survey, "done": case_done, "manifest": case_manifest}


def in_child(env: dict[str, str], *arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-P", str(Path(__file__).resolve()), "--case", *map(str, arguments)]
    run = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return figures


def measure(count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        url = stage.start("transfer_s3.py", folder, stack)
        env = stage.environment(folder, url, {"conn_type": "fluxions", "host": url, "password": "key"})
        add_objects(url, (["input", key, 1_000_000, {}] for key in keys(count)))
        results: dict[str, Any] = {}

        def take(what: str, *case: object) -> None:
            results[what] = {**in_child(env, *case), "load": round(os.getloadavg()[0], 1)}
            print(json.dumps({what: results[what]}), flush=True)

        take("manifest", "manifest", url, RESUMED_KEYS)
        take("nothing done", "survey", url, 0, 1)
        take(f"nothing done, one of {SHARDS} shards", "survey", url, 0, SHARDS)
        in_child(env, "done", url)
        take(f"all done, one of {SHARDS} shards", "survey", url, 0, SHARDS)
        take("all done", "survey", url, 0, 1)
        return results


def main() -> None:
    if sys.argv[1:2] == ["--case"]:
        name, url, *numbers = sys.argv[2:]
        print(json.dumps(CASES[name](url, *map(int, numbers))))  # type: ignore[operator]
        return
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else KEYS)


if __name__ == "__main__":
    main()
