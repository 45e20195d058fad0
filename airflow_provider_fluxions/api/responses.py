"""From any HTTP answer to a JSON object or an error, without I/O.

The vendor documents no error bodies (https://fluxions.ai/docs), so every shape that such services
answer with is read: FastAPI's ``detail``, ``error`` as text or object, gateways' HTML, nothing at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_fluxions.api import read
from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsCreditError,
    FluxionsNotFoundError,
    FluxionsRejectedError,
    FluxionsResponseError,
    FluxionsServerError,
    FluxionsStatusError,
    FluxionsThrottledError,
    JobId,
)
from airflow_provider_fluxions.api.retry_after import retry_after_seconds

MAX_SHOWN_CHARACTERS = 500

_ERRORS: Mapping[int, type[FluxionsStatusError]] = {
    401: FluxionsAuthenticationError,
    403: FluxionsAuthenticationError,
    402: FluxionsCreditError,
    404: FluxionsNotFoundError,
    408: FluxionsServerError,
    429: FluxionsThrottledError,
}

_ADVICE: Mapping[type[FluxionsStatusError], str] = {
    FluxionsAuthenticationError: "Check the API key: the connection's password, or FLUXIONS_API_KEY in a shell.",
    FluxionsCreditError: "Add credit to the Fluxions account, then clear the task.",
    FluxionsNotFoundError: "Check the job id, and that the key belongs to the account that owns it.",
    FluxionsRejectedError: "Sending it again unchanged cannot help.",
    FluxionsThrottledError: "Try again later, or with fewer tasks at a time (an Airflow pool).",
    FluxionsServerError: "Try again later.",
}


def read_response(
    status_code: int, headers: Mapping[str, str], body: bytes, *, job_id: JobId | None = None
) -> dict[str, Any]:
    """Return the JSON object of a good answer.

    :param headers: must find names whatever their case.
    :param job_id: the job the request was about; a raised error carries it.
    :raises FluxionsStatusError: (a subclass of it) for any status but 2xx.
    :raises FluxionsResponseError: for a 2xx whose body is not a JSON object.
    """
    if not 200 <= status_code < 300:
        raise status_error(status_code, headers, body, job_id=job_id)
    try:
        value = read.json_value(body)
    except ValueError as error:
        raise FluxionsResponseError(
            f"Fluxions answered HTTP {status_code} with {_describe(body, headers)}, which is not JSON. "
            "If this persists, the connection's host is probably not the Fluxions API.",
            job_id=job_id,
            status_code=status_code,
        ) from error
    if not isinstance(value, dict):
        raise FluxionsResponseError(
            f"Fluxions answered HTTP {status_code} with a JSON {type(value).__name__} instead of an object: "
            f"{_shorten(body.decode('utf-8', errors='replace'))}",
            job_id=job_id,
            status_code=status_code,
        )
    return value


def status_error(
    status_code: int, headers: Mapping[str, str], body: bytes, *, job_id: JobId | None = None
) -> FluxionsStatusError:
    """Return the error that an answer with this status means; its message says what to do."""
    cls = _ERRORS.get(status_code)
    if cls is None:
        cls = FluxionsServerError if status_code >= 500 else FluxionsRejectedError
    said = error_message(body) or _describe(body, headers)
    about = f" for job {job_id}" if job_id is not None else ""
    advice = _ADVICE[cls]
    if 300 <= status_code < 400:
        advice = "The key must not follow a redirect: set the connection's host to the real address."
    error = cls(
        f"Fluxions answered HTTP {status_code}{about}: {said.rstrip('.')}. {advice}",
        job_id=job_id,
        status_code=status_code,
    )
    error.retry_after_seconds = retry_after_seconds(headers)
    return error


def error_message(body: bytes) -> str | None:
    """Return what an error body says, or None where it is not JSON or says nothing."""
    try:
        value = read.json_value(body)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return _shorten(str(value)) if value else None
    for name in ("detail", "error", "message", "error_message"):
        said = _said(value.get(name))
        if said:
            return _shorten(said)
    return None


def _said(value: Any) -> str | None:
    """Read one member of an error body: text, ``{"message"}``, or FastAPI's list of ``{"loc","msg"}``."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        inner = value.get("message") or value.get("msg") or value.get("detail")
        where = ".".join(str(part) for part in value["loc"]) if isinstance(value.get("loc"), list) else ""
        return f"{where}: {inner}" if where and inner else (str(inner) if inner else json.dumps(value))
    if isinstance(value, list):
        # Lists in lists say nothing that we know of, and following them down would exhaust the stack.
        parts = (_said(item) for item in value if not isinstance(item, list))
        return "; ".join(part for part in parts if part) or None
    return None


def _describe(body: bytes, headers: Mapping[str, str]) -> str:
    text = body.decode("utf-8", errors="replace").strip()
    if not text:
        return "an empty body"
    kind = "an HTML page" if text[:1] == "<" else f"a body of type {headers.get('Content-Type') or 'unknown'}"
    return f"{kind} ({_shorten(text)})"


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[: MAX_SHOWN_CHARACTERS - 1] + "…"
