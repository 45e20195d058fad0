"""A door in front of a local S3 that answers some requests as a busy or a broken S3 does."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from campaigns.holding_s3 import Answer, HoldingS3
from harness.s3 import LocalS3

_REASONS = {500: "InternalError", 503: "SlowDown"}


@dataclass(frozen=True)
class S3Fault:
    """What happens to the next `times` requests of a `method` (`*`: any).

    `latency_seconds` delays; `status` answers 500 (InternalError) or 503 (SlowDown), with `is_carried_out` after S3 has
    done as it was asked; `is_cut` ends the genuine answer in the middle of its body.
    """

    name: str = ""
    method: str = "*"
    times: int = 1
    latency_seconds: float = 0.0
    status: int | None = None
    is_carried_out: bool = False
    is_cut: bool = False


class FaultyS3(HoldingS3):
    """Passes requests on to an S3 but for the faults added; `hits` counts the requests that each one met."""

    def __init__(self, behind: LocalS3, *, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__(behind)
        self.hits: Counter[str] = Counter()
        self._faults: list[S3Fault] = []
        self._sleep = sleep
        self._door = threading.Lock()

    def add_fault(self, fault: S3Fault) -> None:
        """Put it behind the others: a request meets the first that means it."""
        with self._door:
            self._faults.append(fault)

    def clear_faults(self) -> None:
        """Forget all faults."""
        with self._door:
            self._faults.clear()

    def answer(self, method: str, path: str, headers: http.client.HTTPMessage, body: bytes) -> Answer:
        fault = self._take(method)
        if fault is None:
            return super().answer(method, path, headers, body)
        self._sleep(fault.latency_seconds)
        if fault.status is None:
            genuine = super().answer(method, path, headers, body)
            return replace(genuine, is_cut=fault.is_cut and bool(genuine.body))
        if fault.is_carried_out:
            super().answer(method, path, headers, body)
        return _refusal(method, fault.status)

    def _take(self, method: str) -> S3Fault | None:
        with self._door:
            for number, fault in enumerate(self._faults):
                if fault.method not in ("*", method):
                    continue
                self._faults[number : number + 1] = [replace(fault, times=fault.times - 1)] * (fault.times > 1)
                self.hits[fault.name] += 1
                return fault
        return None


def _refusal(method: str, status: int) -> Answer:
    code = _REASONS[status]
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>Injected fault</Message></Error>".encode()
    return Answer(status, [("Content-Type", "application/xml")], b"" if method == "HEAD" else body)
