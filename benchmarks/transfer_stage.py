"""What `benchmarks/speech.py` and the parts of `transfer.py` share: servers, connections to them, and memory."""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from harness.processes import ManagedProcess
from harness.settings import clean_environment

HERE = Path(__file__).parent


def memory_kib(name: str) -> int:
    """Return a figure of this process's memory, such as VmRSS or VmHWM (its peak), in KiB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])


def forget_peak() -> int:
    """Reset VmHWM (see proc(5)) and return VmRSS in KiB."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory_kib("VmRSS")


def start(script: str, folder: Path, stack: ExitStack, *arguments: str) -> str:
    """Start one of our servers until the stack ends; return its address."""
    name = "-".join([Path(script).stem, *arguments])
    port_file = folder / name
    command = [sys.executable, str(HERE / script), *arguments, str(port_file)]
    process = ManagedProcess(name, command, folder / f"{name}.log", clean_environment())
    process.start()
    stack.callback(process.kill)
    port = process.wait_ready(lambda: port_file.read_text() if port_file.exists() else None, 30)
    return f"http://127.0.0.1:{port}"


def aws_connection(url: str) -> dict[str, Any]:
    """Return the fields of the connection that leads to a small S3."""
    extra = {"endpoint_url": url, "region_name": "us-east-1"}
    return {"conn_type": "aws", "login": "benchmark", "password": "benchmark-secret", "extra": extra}


def environment(folder: Path, s3: str, fluxions: dict[str, Any]) -> dict[str, str]:
    """Return the environment of a process without an Airflow around it, in which both connections lead to servers."""
    return {
        **clean_environment(),
        "PYTHONPATH": str(HERE.parent),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(aws_connection(s3)),
        "AIRFLOW_CONN_FLUXIONS_DEFAULT": json.dumps(fluxions),
    }


def put(url: str, body: bytes) -> None:
    """Store an object in a small S3."""
    request = urllib.request.Request(url, body, method="PUT")  # noqa: S310 (our own address)
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120).close()


def call(url: str, payload: Any = None) -> Any:
    """Make a control call to a server: a POST of JSON where there is a payload."""
    data = None if payload is None else json.dumps(payload).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, data), timeout=120) as answer:  # noqa: S310 (our own address)
        return json.load(answer)
