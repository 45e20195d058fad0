"""What each kind of fault of a plan is at the emulator or at S3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from airflow_provider_fluxions.emulator.faults import Fault
from campaigns.chaos.plan import Strike
from harness.faulty_s3 import S3Fault

# The longest that the service may hold an upload whose task has been killed. Together with the time by which its list
# may be late, it is less than the retry's delay.
MAX_LATENCY_SECONDS = 3.0
LIST = "/transcriptions"

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
    "echo": [
        *(Fault(method=method, status=502, body=body, after=after, echo_headers=True)  # type: ignore[arg-type] # as above
          for body in ("html", "error", "text")
          for method, after in (("POST", True), ("GET", False))),
        Fault(status=429, retry_after="1", message="Throttled: {authorization}", headers={"X-Key": "{authorization}"}),
        *(Fault(method=method, path=path, echo_headers=True) for method, path in (("POST", "*"), ("GET", LIST))),
    ],
    "cut": [Fault(method=method, cut_to_bytes=size) for method in ("POST", "GET") for size in (6, 40)],
    # Of a transcription that is read, only what no client can take for its result: results are compared.
    "reshaped": [
        *(Fault(method=method, shape="list") for method in ("POST", "GET")),
        *(Fault(method=method, deepen_levels=100_000) for method in ("POST", "GET")),
        *(Fault(method="POST", fields={"id": identifier}) for identifier in ("../../", None, {"no": 1})),
        *(Fault(method="GET", fields={"status": status}) for status in ("queued", None, 7)),
        Fault(path=LIST, shape="nan"),
        Fault(path=LIST, pad_to_bytes=20 * 1024 * 1024),
        Fault(path=LIST, fields={"transcriptions": {}}),
    ],
    "drip": [
        *(Fault(method=method, drip_body_seconds=seconds) for method in ("POST", "GET") for seconds in (0.01, 0.05)),
        *(Fault(method=method, drip_head_seconds=0.1) for method in ("POST", "GET")),
    ],
}  # fmt: skip
S3_FAULTS: dict[str, Sequence[S3Fault]] = {
    "S3 500": [
        S3Fault(method=method, code="InternalError", is_carried_out=carried_out)
        for method, carried_out in (("GET", False), ("HEAD", False), ("PUT", False), ("PUT", True), ("*", False))
    ],
    "S3 SlowDown": [S3Fault(method=method, code="SlowDown") for method in ("GET", "PUT", "*")],
    "S3 latency": [S3Fault(latency_seconds=seconds) for seconds in (0.5, 2.0)],
    "S3 truncated": [S3Fault(method="GET", is_cut=True)],
    "S3 closed": [
        S3Fault(method=method, closes=True, is_carried_out=carried_out)
        for method, carried_out in (("GET", False), ("HEAD", False), ("PUT", False), ("PUT", True), ("*", False))
    ],
}


def fault_of(strike: Strike) -> Fault | S3Fault:
    """The fault that a strike means."""
    if strike.kind in S3_FAULTS:
        return replace(_drawn(S3_FAULTS[strike.kind], strike.draw), name=strike.name, times=strike.times)
    return replace(_drawn(API_FAULTS[strike.kind], strike.draw), name=strike.name, times=strike.times)


def _drawn(variants: Sequence[T], draw: float) -> T:
    return variants[int(draw * len(variants))]
