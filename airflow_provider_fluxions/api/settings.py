"""The settings of a client, checked before the first request."""

from __future__ import annotations

import ipaddress
import json
import logging
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_fluxions.api.errors import FluxionsConfigError
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.api.printable import printable

log = logging.getLogger(__name__)

# HTTP libraries interpret some characters differently (a backslash ends the host for some). They must not decide which
# host gets the key.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")

DEFAULT_BASE_URL = "https://api.fluxions.ai"
DEFAULT_CONNECT_TIMEOUT_SECONDS = 10.0
DEFAULT_READ_TIMEOUT_SECONDS = 60.0
# The service's machines sleep when idle and hold the first request: 30 s as documented, 77 s as measured.
DEFAULT_SUBMIT_TIMEOUT_SECONDS = 300.0
DEFAULT_MAX_RETRIES = 5


@dataclass(frozen=True)
class ClientSettings:
    """The settings of a client's requests. All timeouts are in seconds.

    :param submit_path: Path for submits. Default None: the documented ``/submit``, then ``/akro/submit``.
    :param submit_timeout: Maximum time for one block of an upload, and again for the response.
    :param max_retries: Maximum number of retries of a read. Submits are not affected.
    :param verify: False disables certificate checks; a path names a CA bundle.
    :raises FluxionsConfigError: on construction, if a field is invalid; the message names it.
    """

    api_key: str = field(repr=False)
    base_url: str = DEFAULT_BASE_URL
    submit_path: str | None = None
    connect_timeout: float = DEFAULT_CONNECT_TIMEOUT_SECONDS
    read_timeout: float = DEFAULT_READ_TIMEOUT_SECONDS
    submit_timeout: float = DEFAULT_SUBMIT_TIMEOUT_SECONDS
    max_retries: int = DEFAULT_MAX_RETRIES
    verify: bool | str = True
    allow_http: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_key", clean_key(self.api_key))
        object.__setattr__(self, "base_url", clean_base_url(self.base_url, allow_http=self.allow_http))
        for name in ("connect_timeout", "read_timeout", "submit_timeout"):
            seconds = getattr(self, name)
            if not (math.isfinite(seconds) and seconds > 0):
                raise FluxionsConfigError(f"{name} must be more than 0 seconds, not {seconds}.")
        if self.max_retries < 0:
            raise FluxionsConfigError(f"max_retries must be 0 or more, not {self.max_retries}.")
        path = (self.submit_path or "").strip().lstrip("/")
        object.__setattr__(self, "submit_path", f"/{path}" if path else None)


def clean_key(api_key: str | None) -> str:
    """Return the key without surrounding space and without a pasted ``Bearer`` prefix.

    The vendor's header is ``Authorization: <API key>``, no prefix (https://fluxions.ai/docs).

    :raises FluxionsConfigError: if the key is empty, or has a character that is not allowed in an HTTP header.
    """
    key = (api_key or "").strip()
    if key.lower() == "bearer" or key[:7].lower() == "bearer ":
        log.warning("The API key starts with 'Bearer '. Fluxions expects the bare key, so the prefix is removed.")
        key = key[7:].strip()
    if not key:
        raise FluxionsConfigError("No API key: put it into the password field of the Fluxions connection.")
    if not (key.isascii() and key.isprintable()):
        raise FluxionsConfigError(
            "The API key has characters that are not allowed in an HTTP header. Copy it again without line breaks."
        )
    return key


def clean_base_url(value: str | None, *, allow_http: bool = False) -> str:
    """Return scheme, host, port and path prefix without a trailing slash. The default scheme is https.

    :raises FluxionsConfigError: if there is no host, if scheme or port are invalid, if the URL has parts that a base
        URL cannot have, or for plain http to another machine, because the network could read the key.
    """
    text = (value or "").strip() or DEFAULT_BASE_URL
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = _ascii_host(parts.hostname), parts.port
    except ValueError as error:  # includes UnicodeError, for a name that IDNA does not allow
        raise FluxionsConfigError(f"The connection's host is not a URL: {error}.") from error
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or any(c.isspace() for c in text):
        raise FluxionsConfigError(f"The connection's host must look like {DEFAULT_BASE_URL}; it has scheme "
                                  f"{parts.scheme!r} and host {host!r}.")  # fmt: skip
    if parts.username or parts.password or parts.query or parts.fragment:
        raise FluxionsConfigError("The connection's host must not contain a user, a query or a fragment.")
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        raise FluxionsConfigError(
            f"Plain http to {host} is refused: the API key would travel readable. Use https, or set "
            '{"allow_http": true} in the connection\'s extra if you trust the network.'
        )
    netloc = f"[{host}]" if ":" in host else host
    if port is not None:
        netloc = f"{netloc}:{port}"
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}"


def _ascii_host(host: str | None) -> str:
    """Return a host in the form of the request, so that all comparisons use one form.

    :raises UnicodeError: if a label is empty or too long for a name server.
    """
    return (host or "").encode("idna").decode("ascii")


def with_port(base_url: str, port: int | None) -> str:
    """Return the base URL with this port, unless it already has one."""
    text = base_url if "://" in base_url else f"https://{base_url}"
    parts = urlsplit(text)
    if not port or parts.netloc.rpartition(":")[2].isdigit():
        return text
    return parts._replace(netloc=f"{parts.netloc}:{port}").geturl()


def is_loopback(host: str) -> bool:
    """Return whether a host name or address always is this machine."""
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # Python before 3.13 does not check it
    return bool((mapped or address).is_loopback)


# By `difflib`, 0 to 1: "read_timout", "timeout" and "verify_ssl" are like a field, "owner" and "region_name" like none.
MIN_LIKENESS = 0.7
# Airflow 2's form sends its fields a second time, as `extra__fluxions__read_timeout`.
_FORM_PREFIX = "extra__"
# The Test button of Airflow 2's form sends a ticked box as "y".
_TRUE, _FALSE = ("true", "1", "yes", "y", "on"), ("false", "0", "no", "n", "off")


def settings_from_strings(
    api_key: str, base_url: str | None, written: Any, called: Callable[[str], str]
) -> ClientSettings:
    """Return settings from a key, a base URL and the other fields as text or JSON; null or empty counts as absent.

    :param written: Values by field of `ClientSettings`. A name that is almost a field is refused. Other unknown names
        are ignored, because other programs can store their own values there.
    :param called: Function that returns the name of a field for messages.
    :raises FluxionsConfigError: if a value or a name is invalid; the message names it.
    """
    if not isinstance(written, Mapping):
        kind = "text (is it JSON inside JSON?)" if isinstance(written, str) else f"a JSON {type(written).__name__}"
        raise FluxionsConfigError(f'The extra must be a JSON object such as {{"read_timeout": 20}}, not {kind}.')
    given = {name: value for name, value in written.items() if value not in (None, "")}
    for name in given:
        meant = nearest_field(name)
        if meant is not None:
            raise FluxionsConfigError(f"{called(name)} is not a setting. Did you mean {meant}?")
    values = {name: _read(called(name), given[name], reader) for name, reader in READERS.items() if name in given}
    return ClientSettings(api_key, base_url or ClientSettings.base_url, **values)


def nearest_field(name: object) -> str | None:
    """Return the field that a name is similar to, or None if it is a field or is similar to none."""
    if not isinstance(name, str) or name in FIELDS or name.startswith(_FORM_PREFIX):
        return None
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    near = get_close_matches(plain, FIELDS, n=1, cutoff=MIN_LIKENESS)
    return near[0] if near else None


def _read(name: str, value: Any, reader: Callable[[Any], Any]) -> Any:
    problem = None
    try:
        return reader(value)
    except (TypeError, ValueError, OverflowError):
        problem = f"{name} must be {KINDS[reader]}, not {printable(_as_json(value), 100)}."
    raise FluxionsConfigError(problem)


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, default=str)
    except (TypeError, ValueError, RecursionError):  # a name that is not text, an integer with too many digits, depth
        return shown(value)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError(value)
    return float(value)


def _whole_number(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or number != float(value):
        raise TypeError(value)
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in (*_TRUE, *_FALSE):
        raise ValueError(value)
    return text in _TRUE


def _boolean_or_path(value: Any) -> bool | str:
    try:
        return _boolean(value)
    except ValueError:
        return _text(value)


READERS: Mapping[str, Callable[[Any], Any]] = {
    "submit_path": _text,
    "connect_timeout": _number,
    "read_timeout": _number,
    "submit_timeout": _number,
    "max_retries": _whole_number,
    "verify": _boolean_or_path,
    "allow_http": _boolean,
}
# The price is written in the same place, but is not a setting of a client: see `api.cost`.
FIELDS = (*READERS, "price_per_audio_hour")
KINDS: Mapping[Callable[[Any], Any], str] = {
    _text: "text",
    _number: "a number",
    _whole_number: "a whole number",
    _boolean: "true or false",
    _boolean_or_path: "true, false or a path",
}
