"""A proxy in front of an S3 that answers as a busy, a broken or another kind of S3 does.

    with FaultyS3(S3At(url)) as s3:
        s3.add_fault(S3Fault(method="GET", target="/bucket/a.mp3", closes=True, times=None))
        s3.set_store(metadata_names="capitalized", archived="*/2019/*")

A fault hits some requests; a store is what this S3 is like for all of them.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

from harness.holding_s3 import S3, Answer, HoldingS3
from harness.s3_store import Store, is_met, refusal

# Error code of S3 -> its status (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
STATUSES = {
    "AccessDenied": 403,
    "ExpiredToken": 400,
    "InternalError": 500,
    "InvalidObjectState": 403,
    "NoSuchKey": 404,
    "PermanentRedirect": 301,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "RequestTimeout": 400,
    "SlowDown": 503,
}
OTHER_REGION = "eu-central-1"


@dataclass(frozen=True)
class S3At:
    """An S3 that already runs at `url` and accepts any credentials, such as moto's server in this process."""

    url: str

    def airflow_connection(self) -> dict[str, Any]:
        """The fields of the `aws_default` connection that leads there."""
        extra = {"endpoint_url": self.url, "region_name": "us-east-1"}
        return {"conn_type": "aws", "login": "test", "password": "test", "extra": extra}


@dataclass(frozen=True)
class S3Fault:
    """What happens to the next `times` requests (None: to all) that it matches.

    `method` and `target` are shell patterns, `target` for the unquoted `/bucket/key?query`; the first `skip` such
    requests pass. `latency_seconds` delays. `code` refuses the request with that error of S3 (`STATUSES` has them;
    `PermanentRedirect` names another region). `closes` ends the connection without an answer, `is_cut` in the middle of
    the body of the genuine answer.
    `is_carried_out`: S3 has done as it was asked before it refuses or closes.
    """

    name: str = ""
    method: str = "*"
    target: str = "*"
    times: int | None = 1
    skip: int = 0
    latency_seconds: float = 0.0
    code: str | None = None
    closes: bool = False
    is_carried_out: bool = False
    is_cut: bool = False

    def __post_init__(self) -> None:
        """Refuse codes without a status."""
        if self.code is not None and self.code not in STATUSES:
            raise ValueError(f"code must be one of {sorted(STATUSES)}, not {self.code!r}")

    def matches(self, method: str, target: str) -> bool:
        """Return whether this fault applies to a request, without regard to `skip` and `times`."""
        return fnmatchcase(method, self.method) and fnmatchcase(target, self.target)


class FaultyS3(HoldingS3):
    """Passes requests on to an S3, except for the faults added; `hits` counts the requests of each fault by name."""

    def __init__(self, behind: S3, *, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__(behind)
        self.hits: Counter[str] = Counter()
        self.store = Store()
        self._faults: list[S3Fault] = []
        self._sleep = sleep
        self._door = threading.Lock()

    def add_fault(self, fault: S3Fault) -> None:
        """Put it behind the others: a request meets the first one that matches."""
        with self._door:
            self._faults.append(fault)

    def clear_faults(self) -> None:
        """Forget all faults; the store stays as it is."""
        with self._door:
            self._faults.clear()

    def set_store(self, **changes: Any) -> Store:
        """Change what this S3 is like from now on; `harness.s3_store.Store` has the names."""
        self.store = replace(self.store, **changes)
        return self.store

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What comes back for a request: the fault that it meets, or the genuine answer of this kind of store."""
        fault = self._take(method, unquote(path))
        if fault is None:
            return self._genuine(method, path, headers, body)
        self._sleep(fault.latency_seconds)
        if not (fault.code or fault.closes):
            genuine = self._genuine(method, path, headers, body)
            return replace(genuine, is_cut=fault.is_cut and bool(genuine.body))
        if fault.is_carried_out:
            self._genuine(method, path, headers, body)
        if fault.code is None:
            return Answer(0, [], b"", is_closed=True)
        region = {"x-amz-bucket-region": OTHER_REGION} if fault.code == "PermanentRedirect" else {}
        return refusal(method, STATUSES[fault.code], fault.code, region)

    def _genuine(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        store = self.store
        refused = store.refused_by(method, unquote(path), headers)
        if refused is not None:
            return refused
        path, headers = store.passed_on(method, path, headers)
        if method == "POST" and "uploadId=" in path and not is_met(headers, self._etag(path, headers)):
            return refusal(method, 412, "PreconditionFailed")  # moto has this condition for PUT only
        return store.changed(method, unquote(path), super().answer(method, path, headers, body))

    def _etag(self, path: str, headers: Mapping[str, str]) -> str | None:
        """The ETag of an object, None if there is none."""
        login = {name: value for name, value in headers.items() if name.lower() == "authorization"}
        found = super().answer("HEAD", path.partition("?")[0], login, b"")
        return dict(found.headers).get("ETag") if found.status == 200 else None

    def _take(self, method: str, target: str) -> S3Fault | None:
        with self._door:
            for number, fault in enumerate(self._faults):
                if not fault.matches(method, target):
                    continue
                if fault.skip:
                    self._faults[number] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times is not None:
                    left = replace(fault, times=fault.times - 1)
                    self._faults[number : number + 1] = [left] * (fault.times > 1)
                self.hits[fault.name] += 1
                return fault
        return None
