"""The hosts that the emulator serves and calls: this machine, and allowed ones. No I/O.

A web page in a browser on this machine can send requests to a loopback address, from its own site or with its own host
name (DNS rebinding). A page cannot forge the headers that these rules read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

_LOOPBACK_NAMES = ("localhost", "localhost.localdomain")


def is_allowed(host: str | None, allowed: Collection[str] = ()) -> bool:
    """Return whether a host name or address (without port and brackets) is loopback or among `allowed`."""
    if host is None:
        return False
    host = host.lower().rstrip(".")
    if host in _LOOPBACK_NAMES or host in {name.lower() for name in allowed}:
        return True
    return _is_address(host) and ip_address(host).is_loopback


def refusal(headers: Mapping[str, str], allowed: Collection[str], *, any_address: bool = False) -> str | None:
    """Return the reason to refuse a request because of the hosts in its headers, or None.

    `any_address` allows every IP address as the Host, for a server that other machines can reach. A page of another
    site can only use a host name.
    """
    host = _host_of("//" + headers.get("host", ""))
    if not (is_allowed(host, allowed) or (any_address and host is not None and _is_address(host))):
        return f"The emulator does not serve the host {host!r}: name it in allowed_hosts (--allow-host)"
    origin = headers.get("origin")
    if origin is not None and not is_allowed(_host_of(origin), allowed):
        return f"The emulator does not serve pages of {origin[:200]!r}: name its host in allowed_hosts (--allow-host)"
    if headers.get("sec-fetch-site") == "cross-site" and origin is None:
        return "The emulator does not serve pages of other sites"
    return None


def check_callback(url: str | None, allowed: Collection[str]) -> None:
    """Refuse a callback to any other machine.

    :raises ValueError: if the URL is not HTTP, or if its host is neither loopback nor among `allowed`.
    """
    if url is None:
        return
    if urlsplit(url).scheme not in ("http", "https") or not is_allowed(_host_of(url), allowed):
        raise ValueError(f"callback_url must be on this machine or on a host of allowed_hosts, not {url[:200]!r}")


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
