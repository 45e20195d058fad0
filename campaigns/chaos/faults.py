"""What each kind of fault of a plan is at the emulator or at S3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from airflow_provider_fluxions.emulator.faults import Fault
from campaigns.chaos.plan import Strike
from harness.faulty_s3 import S3Fault

# The longest that the service may sit on an upload whose task has been killed: less than the retry's delay.
MAX_LATENCY_SECONDS = 3.0

T = TypeVar("T")

_ANSWERS = ("html", "empty", "text", "truncated_json")
API_FAULTS: dict[str, Sequence[Fault]] = {
    "latency": [Fault(latency_seconds=seconds) for seconds in (0.5, 1.5, MAX_LATENCY_SECONDS)],
    "reset before": [Fault(method=method, reset=True) for method in ("POST", "POST", "GET")],
    "reset after": [Fault(method="POST", reset=True, after=True)],
    "429": [Fault(method=method, status=429, retry_after=wait)
            for method in ("POST", "*") for wait in ("1", "4", "date+3")],
    "5xx": [Fault(method=method, status=status, after=after)
            for status in (500, 502, 503, 504)
            for method, after in (("POST", False), ("POST", True), ("GET", False))],
    "truncated": [Fault(method="POST", truncate_to_bytes=15, after=True), Fault(method="GET", truncate_to_bytes=40)],
    "garbage": [Fault(method=method, status=200, body=body, after=after)  # type: ignore[arg-type] # the emulator's names
                for body in _ANSWERS
                for method, after in (("POST", False), ("POST", True), ("GET", False))],
}  # fmt: skip
S3_FAULTS: dict[str, Sequence[S3Fault]] = {
    "S3 500": [
        S3Fault(method=method, code="InternalError", is_carried_out=carried_out)
        for method, carried_out in (("GET", False), ("HEAD", False), ("PUT", False), ("PUT", True), ("*", False))
    ],
    "S3 SlowDown": [S3Fault(method=method, code="SlowDown") for method in ("GET", "PUT", "*")],
    "S3 latency": [S3Fault(latency_seconds=seconds) for seconds in (0.5, 2.0)],
    "S3 truncated": [S3Fault(method="GET", is_cut=True)],
}


def fault_of(strike: Strike) -> Fault | S3Fault:
    """The fault that a strike means."""
    if strike.kind in S3_FAULTS:
        return replace(_drawn(S3_FAULTS[strike.kind], strike.draw), name=strike.name, times=strike.times)
    return replace(_drawn(API_FAULTS[strike.kind], strike.draw), name=strike.name, times=strike.times)


def _drawn(variants: Sequence[T], draw: float) -> T:
    return variants[int(draw * len(variants))]
