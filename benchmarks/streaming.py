"""How much memory an upload from S3 takes: one large object, S3 -> this process -> Fluxions.

    PYTHONPATH=. python benchmarks/streaming.py [MiB]

Needs the environment of `scripts/test 3.3`. S3 (moto's server) and the emulator are processes of their own.
Prints one JSON line: peak RSS over the RSS at the start, and the throughput.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from harness.emulator import LocalEmulator
from harness.s3 import LocalS3

PART_BYTES = 64 << 20


def memory_kib(name: str) -> int:
    """Return a figure of this process's memory, such as VmRSS or VmHWM (its peak), in KiB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])


def put_large(storage: LocalS3, mib: int) -> str:
    """Store an object of that size in parts, so that this process never holds it."""
    storage.create_bucket("input")
    upload = storage.client.create_multipart_upload(Bucket="input", Key="large.wav")
    parts = []
    block = os.urandom(1 << 20)
    for number in range(1, -(-mib * (1 << 20) // PART_BYTES) + 1):
        size = min(PART_BYTES, mib * (1 << 20) - (number - 1) * PART_BYTES)
        answer = storage.client.upload_part(
            Bucket="input", Key="large.wav", UploadId=upload["UploadId"], PartNumber=number, Body=block * (size >> 20)
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    storage.client.complete_multipart_upload(
        Bucket="input", Key="large.wav", UploadId=upload["UploadId"], MultipartUpload={"Parts": parts}
    )
    return "s3://input/large.wav"


def submit(uri: str) -> None:
    """Upload as the operator does."""
    from airflow_provider_fluxions.hooks import FluxionsHook
    from airflow_provider_fluxions.sources import open_audio

    FluxionsHook().submit(open_audio(uri, "aws_default"), filename="large.wav", cache=False)


def measure(uri: str, small_uri: str, mib: int) -> dict[str, float]:
    """Upload something small, so that all code is loaded, then the large object."""
    submit(small_uri)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far: proc(5)
    start_kib = memory_kib("VmRSS")
    began = time.monotonic()
    submit(uri)
    seconds = time.monotonic() - began
    return {
        "mib": mib,
        "rss_at_start_mib": round(start_kib / 1024, 1),
        "peak_over_start_mib": round((memory_kib("VmHWM") - start_kib) / 1024, 1),
        "seconds": round(seconds, 2),
        "mib_per_second": round(mib / seconds, 1),
    }


def main() -> None:
    """Measure and print."""
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("AIRFLOW_HOME", folder)
        with LocalS3(Path(folder) / "s3.log") as storage, LocalEmulator(Path(folder) / "emulator") as emulator:
            os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(storage.airflow_connection())
            os.environ["AIRFLOW_CONN_FLUXIONS_DEFAULT"] = json.dumps(emulator.airflow_connection())
            uri = put_large(storage, mib)
            small_uri = storage.put("input", "small.wav", b"small")
            print(json.dumps(measure(uri, small_uri, mib)))


if __name__ == "__main__":
    main()
