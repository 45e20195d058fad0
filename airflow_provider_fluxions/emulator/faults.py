"""Faults: their effect, the requests that they apply to, and how often."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from airflow_provider_fluxions.emulator.transitions import filename_matches

BodyStyle = Literal["error", "detail", "detail_list", "html", "empty", "truncated_json", "text"]
HoldStage = Literal["before_body", "mid_body", "before_create", "after_create"]
Shape = Literal["list", "nan"]

MAX_PADDED_BYTES = 256 * 1024 * 1024
MAX_LEVELS = 10_000_000


@dataclass(frozen=True)
class Fault:
    """An error for the requests that it matches.

    `method`, `path` and `filename` are shell patterns; a filename is the submit's parameter or that of the
    job read. `text` is a shell pattern, too: of the text that a request wants spoken. Its body is then read before the
    fault strikes. The first `skip` matching requests pass, the next `times` get the fault (None: all).

    `after=False` applies before the body is read, so no job is created. `after=True` carries the request out
    first, so a submit creates a job and its response is lost or replaced.

    The effects, in this order:
    `latency_seconds` delays; `hold` stops the request at a stage until it is released (`hold_after_bytes` for
    ``mid_body``; ``after_create``: carried out, without a response yet; `callback_url` gets a POST when it is
    reached); `reset` cuts the connection with a reset; `status` returns that status with a
    body of style `body`, `retry_after` (seconds, an HTTP date, or ``date+5``: the date in five seconds) and
    `location`. The rest changes that response or, without `status`, the real one:

    `headers` adds response headers. `echo_headers` repeats the request's headers, the key included: in the
    message of an error, on the page of ``html``, as ``request_headers`` in any other JSON object. The text
    ``{authorization}`` in `message`, `location`, `headers` and `fields` stands for the Authorization header of
    the request.

    `fields` replaces fields of a JSON response: ``{"id": "../../"}``, ``{"status": "queued"}``,
    ``{"error_message": {"code": 7}}``. In a page of the list, ``total``, ``limit``, ``offset`` and
    ``transcriptions`` are the page's own; any other field is replaced in every entry.
    `shape` makes the response a JSON list (``list``), or each of its numbers except ids NaN (``nan``).
    `pad_to_bytes` fills the list, or the segments, with ``{}`` up to that size, 256 MiB at most.
    `deepen_levels` adds a field with this many levels.

    `cut_to_bytes` sends a complete HTTP response with the first bytes of the body. `truncate_to_bytes` announces the
    whole body, sends its beginning and closes. `slow_body_seconds` spreads the body over that time.
    `drip_body_seconds` is the pause after each byte of the body, `drip_head_seconds` the one after each byte of
    the status line and the headers.
    """

    method: str = "*"
    path: str = "*"
    filename: str | None = None
    text: str | None = None
    times: int | None = 1
    skip: int = 0
    name: str = ""
    after: bool = False
    latency_seconds: float = 0.0
    hold: HoldStage | None = None
    hold_after_bytes: int = 0
    callback_url: str | None = None
    reset: bool = False
    status: int | None = None
    body: BodyStyle | None = None
    message: str = "Injected fault"
    retry_after: str | None = None
    location: str | None = None
    truncate_to_bytes: int | None = None
    slow_body_seconds: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    echo_headers: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    shape: Shape | None = None
    pad_to_bytes: int | None = None
    deepen_levels: int | None = None
    cut_to_bytes: int | None = None
    drip_body_seconds: float = 0.0
    drip_head_seconds: float = 0.0

    def __post_init__(self) -> None:
        """Refuse names that would silently have no effect, and sizes that would end this process."""
        if self.hold is not None and self.hold not in get_args(HoldStage):
            raise ValueError(f"hold must be one of {get_args(HoldStage)}, not {self.hold!r}")
        if self.body is not None and self.body not in get_args(BodyStyle):
            raise ValueError(f"body must be one of {get_args(BodyStyle)}, not {self.body!r}")
        if self.shape is not None and self.shape not in get_args(Shape):
            raise ValueError(f"shape must be one of {get_args(Shape)}, not {self.shape!r}")
        for name, most in (("pad_to_bytes", MAX_PADDED_BYTES), ("deepen_levels", MAX_LEVELS)):
            if not 0 <= (getattr(self, name) or 0) <= most:
                raise ValueError(f"{name} must be from 0 to {most}, not {getattr(self, name)}")
        if self.body is not None and self.status is None:
            raise ValueError("a body style needs a status")
        inner = self.hold not in (None, "before_body")
        if inner and not self.after and (self.reset or self.status is not None):
            raise ValueError(f"the stage {self.hold} is only reached with after=True")

    def matches(self, method: str, path: str, filename: str | None, text: str | None = None) -> bool:
        """Return whether this fault matches a request, without regard to `skip` and `times`."""
        if not (fnmatchcase(method, self.method) and fnmatchcase(path, self.path)):
            return False
        if self.text is not None and (text is None or not fnmatchcase(text, self.text)):
            return False
        return self.filename is None or (filename is not None and filename_matches(filename, self.filename))


class FaultPlan:
    """The current faults, counted down with each request. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._added = 0
        self.clearings = 0
        """How often all faults were removed. A fault selected before the last removal no longer holds requests."""

    def add(self, fault: Fault) -> str:
        """Add `fault` after the others and return its name, which is generated if it has none."""
        with self._lock:
            self._added += 1
            fault = fault if fault.name else replace(fault, name=f"fault-{self._added}")
            self._faults.append(fault)
            return fault.name

    def clear(self) -> None:
        """Remove all faults. Held requests stay held, and requests before a hold pass it."""
        with self._lock:
            self.clearings += 1
            self._faults.clear()

    def remaining(self) -> list[Fault]:
        """The faults that can still apply, with `skip` and `times` counted down."""
        with self._lock:
            return list(self._faults)

    @property
    def reads_texts(self) -> bool:
        """Whether a fault depends on the text that a request wants spoken."""
        with self._lock:
            return any(fault.text is not None for fault in self._faults)

    def take(self, method: str, path: str, filename: str | None, text: str | None = None) -> Fault | None:
        """Return the first fault that applies to this request and count it.

        A request gets at most one fault.
        """
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not fault.matches(method, path, filename, text):
                    continue
                if fault.skip > 0:
                    self._faults[index] = replace(fault, skip=fault.skip - 1)
                    continue
                self._count(index, fault)
                return fault
        return None

    def _count(self, index: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times <= 1:
            del self._faults[index]
        else:
            self._faults[index] = replace(fault, times=fault.times - 1)
