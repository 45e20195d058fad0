"""From any HTTP response to a JSON object or an error, without I/O.

The vendor documents no error bodies (https://fluxions.ai/docs), so every shape that such services respond with is read:
FastAPI's ``detail``, ``error`` as text or object, gateways' HTML, nothing at all.

A service or a gateway can echo the key, and a 2xx can hold a transcript. So this is the one place where a response
becomes a value or an error: the key is replaced in both, and the body of a 2xx is never quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_fluxions.api import json_values
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
from airflow_provider_fluxions.api.printable import MAX_SHOWN_CHARACTERS as MAX_SHOWN_CHARACTERS
from airflow_provider_fluxions.api.redaction import NO_KEY, Redactor
from airflow_provider_fluxions.api.retry_after import retry_after_seconds

# A message shows its beginning.
_MAX_DESCRIBED_BYTES = 64 << 10

_ERRORS: Mapping[int, type[FluxionsStatusError]] = {
    401: FluxionsAuthenticationError,
    403: FluxionsAuthenticationError,
    402: FluxionsCreditError,
    404: FluxionsNotFoundError,
    # A gateway sends 408 when an upload was too slow for it, so a retry can succeed, unlike after other 4xx.
    408: FluxionsServerError,
    429: FluxionsThrottledError,
}

_ADVICE: Mapping[type[FluxionsStatusError], str] = {
    FluxionsAuthenticationError: "Check the API key: the connection's password, or FLUXIONS_API_KEY in a shell.",
    FluxionsCreditError: "Add credit to the Fluxions account, then clear the task.",
    FluxionsNotFoundError: "Check the job id, and that the key belongs to the account that owns it.",
    FluxionsRejectedError: "The same request fails again.",
    FluxionsThrottledError: "Try again later, or with fewer tasks at a time (an Airflow pool).",
    FluxionsServerError: "Try again later.",
}


@dataclass(frozen=True)
class RequestFacts:
    """What an error says about the request behind a response.

    :param job_id: The job of the request; the error carries it.
    :param path: The path of the request below ``base_url``, for the message of a 404 that is not about a job.
    :param redactor: Replaces the key in the value and in every message.
    :param advice_by_status: What to do, for statuses that mean something else in this call. Default: none do.
    """

    job_id: JobId | None = None
    path: str | None = None
    base_url: str = ""
    redactor: Redactor = NO_KEY
    advice_by_status: Mapping[int, str] = field(default_factory=dict)


def read_response(
    status_code: int,
    headers: Mapping[str, str],
    body: bytes,
    request: RequestFacts | None = None,
    *,
    max_containers: int = json_values.MAX_CONTAINERS,
) -> dict[str, Any]:
    """Return the JSON object of a good response, without the key.

    :param headers: must find names in any case.
    :param max_containers: see `json_values.json_value`.
    :raises FluxionsStatusError: (a subclass of it) for any status but 2xx.
    :raises FluxionsResponseError: for a 2xx whose body is not a JSON object.
    """
    request = request or RequestFacts()
    redactor = request.redactor
    if not 200 <= status_code < 300:
        raise status_error(status_code, headers, body, request)
    value, problem = _object(body, max_containers, redactor)
    if not problem:
        return value
    kind = f"{len(body):,} bytes of type {redactor.quote(headers.get('Content-Type') or 'unknown', 100)}"
    # HTML and an empty body come from a gateway or a wrong host. They are described, because they contain no
    # transcript.
    if body.lstrip()[:1] in (b"", b"<"):
        kind, problem = _describe(body, headers, redactor), "which is not JSON"
    raise FluxionsResponseError(
        f"Fluxions responded with HTTP {status_code} and {kind}, {problem}. "
        "If this persists, the connection's host is probably not the Fluxions API.",
        job_id=request.job_id,
        status_code=status_code,
    )


def status_error(
    status_code: int, headers: Mapping[str, str], body: bytes, request: RequestFacts | None = None
) -> FluxionsStatusError:
    """Return the error that a response with this status means; its message says what to do."""
    request = request or RequestFacts()
    job_id, redactor = request.job_id, request.redactor
    cls = _ERRORS.get(status_code)
    if cls is None:
        cls = FluxionsServerError if status_code >= 500 else FluxionsRejectedError
    text = error_message(body, redactor) or _describe(body, headers, redactor)
    about = f" for job {job_id}" if job_id is not None else ""
    advice = _ADVICE[cls]
    # The session follows redirects within one origin only, so this one leads elsewhere.
    if 300 <= status_code < 400:
        advice = "The key must not follow a redirect: set the connection's host to the real URL."
    elif status_code == 404 and job_id is None and request.path is not None:
        missing = f"{request.base_url} has no {request.path}."
        advice = f"{missing} Check the connection's host: it must be the base URL of the API."
    advice = request.advice_by_status.get(status_code, advice)
    error = cls(
        f"Fluxions responded with HTTP {status_code}{about}: {text.rstrip('.')}. {advice}",
        job_id=job_id,
        status_code=status_code,
    )
    error.retry_after_seconds = retry_after_seconds(headers)
    return error


def error_message(body: bytes, redactor: Redactor = NO_KEY) -> str | None:
    """Return the message of an error body as one printable line, or None if it has none or is not JSON."""
    try:
        value = json_values.json_value(body)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return redactor.quote(value) if value else None
    # FastAPI's name first. The others are those of gateways and other frameworks.
    for name in ("detail", "error", "message", "error_message"):
        text = json_values.message_text(value.get(name))
        if text:
            return redactor.quote(text)
    return None


def _object(body: bytes, max_containers: int, redactor: Redactor) -> tuple[dict[str, Any], str]:
    """Return the JSON object of a body and "", or an empty one and the reason. An error would contain the body."""
    try:
        text = json_values.decoded(body)
        value = json_values.json_value(text, max_containers=max_containers)
    except ValueError as error:
        return {}, f"which cannot be read: {error}"
    if not isinstance(value, dict):
        return {}, f"which is a JSON {type(value).__name__} instead of an object"
    return redactor.value(value, text), ""


def _describe(body: bytes, headers: Mapping[str, str], redactor: Redactor) -> str:
    text = body[:_MAX_DESCRIBED_BYTES].decode("utf-8", errors="replace").strip()
    if not text:
        return "an empty body"
    kind = f"a body of type {redactor.quote(headers.get('Content-Type') or 'unknown', 100)}"
    return f"{'an HTML page' if text[:1] == '<' else kind} ({redactor.quote(text)})"
