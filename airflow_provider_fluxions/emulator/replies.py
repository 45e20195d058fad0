"""Responses as values (status, body and headers), and the errors that become responses."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.profiles import Profile

_HTML = "<html><head><title>Error</title></head><body><center><h1>{status}</h1></center>{told}<hr>nginx</body></html>"


@dataclass(frozen=True)
class Reply:
    """The response to the client."""

    status: int
    body: bytes
    content_type: str | None = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    chunk_bytes: int | None = None
    """The body is streamed in chunks of this size, without a length; None sends it whole."""


class ApiError(Exception):
    """A request that is refused.

    `parameter` names an invalid query parameter, whose status follows the profile. `allowed` is the method that a 405
    must name (RFC 9110, section 15.5.6).
    """

    def __init__(self, status: int, message: str, parameter: str | None = None, *, allowed: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameter = parameter
        self.headers = (("Allow", allowed),) if allowed else ()


def json_reply(body: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """Return a JSON response."""
    return Reply(status, json.dumps(body, ensure_ascii=False).encode(), headers=headers)


def error_reply(error: ApiError, profile: Profile) -> Reply:
    """Return an error response in the style of the profile."""
    if not profile.detail_errors:
        return json_reply({"error": error.message}, error.status, error.headers)
    if error.parameter is None:
        return json_reply({"detail": error.message}, error.status, error.headers)
    entry = {"loc": ["query", error.parameter], "msg": error.message, "type": "value_error"}
    return json_reply({"detail": [entry]}, 422)


def fault_reply(fault: Fault, profile: Profile, now: float, request_headers: Mapping[str, str]) -> Reply:
    """Return the response of an injected fault.

    ``date+5`` is relative to `now` (epoch seconds). `request_headers` are repeated in the message or on the page.
    """
    status = fault.status or 500
    headers = []
    if fault.retry_after is not None:
        headers.append(("Retry-After", _retry_after(fault.retry_after, now)))
    if fault.location is not None:
        headers.append(("Location", fault.location))
    style = fault.body or ("empty" if 300 <= status < 400 else None)
    told = "\n".join(f"{name}: {value}" for name, value in request_headers.items())
    body, content_type = _fault_body(style, fault.message, told, status, profile)
    return Reply(status, body, content_type, tuple(headers))


def _fault_body(style: str | None, message: str, told: str, status: int, profile: Profile) -> tuple[bytes, str | None]:
    if style is None:
        style = "detail" if profile.detail_errors else "error"
    if style == "html":
        page = f"<pre>{html.escape(told)}</pre>" if told else ""
        return _HTML.format(status=status, told=page).encode(), "text/html"
    if style == "empty":
        return b"", None
    message = f"{message}\n{told}" if told else message
    if style == "text":
        return message.encode(), "text/plain"
    entry = {"loc": ["body"], "msg": message, "type": "value_error"}
    bodies = {"error": {"error": message}, "detail": {"detail": message}, "detail_list": {"detail": [entry]}}
    if style in bodies:
        return json.dumps(bodies[style]).encode(), "application/json"
    return json.dumps({"id": 1, "status": "submitted"}).encode()[:18], "application/json"


def _retry_after(value: str, now: float) -> str:
    if not value.startswith("date+"):
        return value
    moment = datetime.fromtimestamp(now, UTC) + timedelta(seconds=float(value.removeprefix("date+")))
    return format_datetime(moment, usegmt=True)
