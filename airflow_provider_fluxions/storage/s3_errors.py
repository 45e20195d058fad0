"""Errors of S3 and botocore as errors of this package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsAudioError, FluxionsError, FluxionsStorageError
from airflow_provider_fluxions.api.printable import printable

MAX_SHOWN_CHARACTERS = 300
# S3 refuses requests whose time differs by more: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
MAX_SKEW_SECONDS = 15 * 60.0

ARCHIVED = (
    "The object is archived ({storage_class}) and cannot be read. Restore it, for example with `aws s3api "
    "restore-object`, and clear the task."
)

_NOT_ALLOWED = "The AWS connection is not allowed to do this."
_NO_CREDENTIALS = "Check the credentials of the AWS connection."
_SKEW = "The clock of this machine differs from S3's by more than 15 minutes. Set the clock."
_HINTS = {
    "NoSuchBucket": "The bucket does not exist.",
    "404": "The bucket does not exist.",
    "403": _NOT_ALLOWED,
    "AccessDenied": _NOT_ALLOWED,
    "InvalidAccessKeyId": _NO_CREDENTIALS,
    "SignatureDoesNotMatch": _NO_CREDENTIALS,
    "ExpiredToken": f"The credentials have expired. {_NO_CREDENTIALS}",
    "InvalidToken": _NO_CREDENTIALS,
    "RequestTimeTooSkewed": _SKEW,
}
# These codes concern one object, with any text.
_OF_ONE_OBJECT = frozenset({"AccessDenied", "403"})
_REGION_CODES = frozenset({"301", "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"})


# A condition of a request was not met. 409: another request is changing the object.
CHANGED_CODES = frozenset({"PreconditionFailed", "412"})
_RACE_CODES = frozenset({"ConditionalRequestConflict", "OperationAborted"})


@dataclass(frozen=True)
class Refusal:
    """The reason of a failed request to S3.

    :param concerns_all: Whether S3 refuses every request of this kind.
    :param transient: Whether the same request can succeed later.
    :param is_response: Whether S3 responded; otherwise no request was sent, or there was no response.
    """

    code: str
    reason: str
    concerns_all: bool = False
    transient: bool = True
    is_response: bool = True

    @property
    def text(self) -> str:
        """The code and the reason."""
        return f"{self.code}. {self.reason}".rstrip()


@contextmanager
def storage_errors(uri: str) -> Iterator[None]:
    """Convert errors of botocore and urllib3 into errors of this package that name the URI.

    :raises FluxionsStorageError: for any of them.
    """
    try:
        yield
    except s3_exceptions() as error:
        raise storage_error(uri, error) from error


def recording_error(uri: str, error: Exception) -> FluxionsError:
    """Return the error for a recording that could not be read, limited to this recording if possible.

    :param error: One of `s3_exceptions`.
    """
    refusal = refusal_of(error)
    if refusal.code in ("NoSuchKey", "404"):
        return FluxionsAudioError(f"{uri} was deleted since it was listed.", transient=True)
    if refusal.code in CHANGED_CODES:
        return FluxionsAudioError(f"{uri} changed since it was listed.", transient=True)
    if refusal.concerns_all and (refusal.code not in _OF_ONE_OBJECT or refusal.reason == _SKEW):
        return _refused(uri, refusal)
    # A policy can forbid one object, and the same request then fails again.
    transient = refusal.transient and refusal.code not in _OF_ONE_OBJECT
    return FluxionsAudioError(f"{uri} cannot be read: {refusal.text}", transient=transient)


def storage_error(uri: str, error: Exception) -> FluxionsStorageError:
    """Return the error for a request that failed, from one of `s3_exceptions`."""
    return _refused(uri, refusal_of(error))


def _refused(uri: str, refusal: Refusal) -> FluxionsStorageError:
    if refusal.is_response:
        error = FluxionsStorageError(f"S3 refused {uri}: {refusal.text}", transient=refusal.transient)
    else:
        error = FluxionsStorageError(f"Could not use S3 for {uri}: {refusal.text}", transient=refusal.transient)
    error.concerns_all = refusal.concerns_all
    return error


def s3_exceptions() -> tuple[type[Exception], ...]:
    """Return all exceptions of an S3 call, or of reading its response."""
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    return ClientError, BotoCoreError, HTTPError


def refusal_of(error: Exception) -> Refusal:
    """Return the reason for an error of `s3_exceptions`."""
    from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError, PartialCredentialsError

    if isinstance(error, ClientError):
        return refusal_of_response(error.response, datetime.now(UTC))
    message = printable(error, MAX_SHOWN_CHARACTERS)
    is_no_login = isinstance(error, NoCredentialsError | PartialCredentialsError)
    # botocore refused an argument before it sent anything.
    is_transient = not isinstance(error, ParamValidationError)
    return Refusal(type(error).__name__, message, concerns_all=is_no_login, transient=is_transient, is_response=False)


def refusal_of_response(response: Mapping[str, Any], now: datetime) -> Refusal:
    """Return the reason in an error response of S3."""
    facts, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, headers = str(facts.get("Code", "unknown")), meta.get("HTTPHeaders", {})
    # S3 responds to a HEAD without a body, so a wrong clock looks like a missing permission.
    if code in ("403", "AccessDenied") and _is_skewed(headers.get("date"), now):
        return Refusal(code, _SKEW, concerns_all=True)
    if code in _REGION_CODES:
        region = facts.get("Region") or headers.get("x-amz-bucket-region")
        named = f" ({printable(region, 40)})" if region else ""
        reason = f"The bucket is in another region{named}. Set region_name in the extra of the AWS connection."
        return Refusal(code, reason, concerns_all=True)
    if code == "InvalidObjectState":
        return Refusal(code, ARCHIVED.format(storage_class=facts.get("StorageClass") or "GLACIER"), transient=False)
    reason = _HINTS.get(code) or printable(facts.get("Message", ""), MAX_SHOWN_CHARACTERS)
    return Refusal(printable(code, 60), reason, concerns_all=code in _HINTS)


def _is_skewed(date: str | None, now: datetime) -> bool:
    """Return whether a response's Date header differs too much, because the response to a HEAD has no body."""
    try:
        there = parsedate_to_datetime(date or "")
    except (ValueError, TypeError, OverflowError):
        return False
    there = there if there.tzinfo else there.replace(tzinfo=UTC)
    return abs((now - there).total_seconds()) > MAX_SKEW_SECONDS


def is_changed(error: Exception) -> bool:
    """Return whether S3 refused a conditional write because the object exists, changed or was deleted.

    `NoSuchUpload`: the parts were removed, also if this upload was completed and its response was lost.
    """
    return code_of(error) in CHANGED_CODES | _RACE_CODES | {"NoSuchKey", "NoSuchUpload"}


def is_unknown_condition(error: Exception) -> bool:
    """Return whether the store, or an old botocore, does not support conditional PUTs."""
    from botocore.exceptions import ParamValidationError

    return code_of(error) in ("NotImplemented", "501") or isinstance(error, ParamValidationError)


def code_of(error: Any) -> str:
    """Return S3's code for an error."""
    response = getattr(error, "response", None) or {}  # connection errors of botocore can have the code None
    return str(response.get("Error", {}).get("Code", "unknown"))
