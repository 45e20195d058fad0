"""The `requests` session of a client: how it authenticates, retries, redirects and uploads."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from weakref import WeakSet

import requests
from requests.auth import AuthBase
from requests.utils import requote_uri
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.retry import Retry

from airflow_provider_fluxions.api.bounded import BoundedAdapter
from airflow_provider_fluxions.api.errors import FluxionsConfigError
from airflow_provider_fluxions.api.responses import retry_after_seconds
from airflow_provider_fluxions.api.settings import ClientSettings
from airflow_provider_fluxions.version import __version__

USER_AGENT = f"airflow-provider-fluxions/{__version__}"
RETRIED_STATUSES = (408, 429, 500, 502, 503, 504)
MAX_RETRY_AFTER_SECONDS = 60.0
MAX_BACKOFF_SECONDS = 30.0
# Enough for a transfer's uploads side by side; more connections than this are closed after use.
POOL_CONNECTIONS = 32


class Session(requests.Session):
    """A session whose key and redirects stay with one origin (scheme, host and port)."""

    def abort(self) -> None:
        """Break off every read that runs now, from whatever thread."""
        for adapter in list(self.adapters.values()):
            if isinstance(adapter, ReadAdapter):
                adapter.abort()

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where a redirect leads if that is the same origin, else None: it is then not followed."""
        target = super().get_redirect_target(resp)
        try:
            stays = target is not None and _origin(urljoin(resp.url, target)) == _origin(resp.url)
        except ValueError:  # it is no address at all
            return None
        return target if stays else None

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Let the connection's ``verify`` win over REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE.

        `requests` does it the other way round for a session's setting
        (https://github.com/psf/requests/issues/3829).
        """
        verify = self.verify if verify is None else verify
        return super().merge_environment_settings(url, proxies, stream, verify, cert)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Keep our header on a redirect within the origin; `requests` would look into ~/.netrc instead."""


class KeyAuth(AuthBase):
    """Puts the key into each request; as an auth object, so that ~/.netrc cannot replace it."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the header: the bare key, without a ``Bearer`` prefix (https://fluxions.ai/docs)."""
        request.headers["Authorization"] = self._api_key
        return request


class ReadRetry(Retry):
    """Retries of reads: exponential backoff with jitter, ``Retry-After`` in both forms up to a cap."""

    def parse_retry_after(self, retry_after: str) -> float:
        """Return the pause in seconds; an unreadable header counts as 0 instead of raising."""
        return min(retry_after_seconds({"Retry-After": retry_after}) or 0.0, MAX_RETRY_AFTER_SECONDS)


class ReadAdapter(BoundedAdapter):
    """Sends requests that another thread can break off.

    The timeouts of `requests` begin anew with every byte, so a server that drips is bounded by nothing else.
    """

    def __init__(self, **options: Any) -> None:
        self._connections: WeakSet[HTTPConnection] = WeakSet()
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build pools whose connections are known here."""
        super().init_poolmanager(*args, **kwargs)
        self._note_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Do the same behind a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        self._note_connections(manager)
        return manager

    def abort(self) -> None:
        """Shut every connection's socket down: who reads from one gets an error at once."""
        for connection in list(self._connections):
            sock = connection.sock
            if sock is not None:
                with contextlib.suppress(OSError):  # it may be closed by now
                    # Not the TLS socket's own method, which takes the session away from under the reading thread.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _note_connections(self, manager: Any) -> None:
        connections = self._connections

        class NotedHTTPConnection(HTTPConnection):
            def connect(self) -> None:
                connections.add(self)
                super().connect()

        class NotedHTTPSConnection(HTTPSConnection):
            def connect(self) -> None:
                connections.add(self)
                super().connect()

        manager.pool_classes_by_scheme = _pools(NotedHTTPConnection, NotedHTTPSConnection)


def _pools(http: type[HTTPConnection], https: type[HTTPSConnection]) -> dict[str, type[HTTPConnectionPool]]:
    class HTTPPool(HTTPConnectionPool):
        ConnectionCls = http

    class HTTPSPool(HTTPSConnectionPool):
        ConnectionCls = https

    return {"http": HTTPPool, "https": HTTPSPool}


class UploadAdapter(BoundedAdapter):
    """Sends a body without the connect timeout hanging over it, and never twice.

    urllib3 leaves the connect timeout on the socket while it sends, so a gateway that holds an upload until
    its machines are awake would break it off after seconds.
    """

    def __init__(self, send_timeout_seconds: float) -> None:
        self._send_timeout_seconds = send_timeout_seconds
        super().__init__(pool_maxsize=POOL_CONNECTIONS, max_retries=Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build pools whose connections take the send timeout once they are connected."""
        super().init_poolmanager(*args, **kwargs)
        self._patient_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Do the same behind a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        self._patient_pools(manager)
        return manager

    def _patient_pools(self, manager: Any) -> None:
        seconds = self._send_timeout_seconds

        class PatientHTTPConnection(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                self.sock.settimeout(seconds)

        class PatientHTTPSConnection(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                self.sock.settimeout(seconds)

        manager.pool_classes_by_scheme = _pools(PatientHTTPConnection, PatientHTTPSConnection)


def new_session(settings: ClientSettings, submit_urls: tuple[str, ...], backoff_seconds: float) -> Session:
    """Return a session for one client; ``backoff_seconds`` is the first pause between two reads.

    :raises FluxionsConfigError: ``verify`` names a CA bundle that is not on this machine.
    """
    if isinstance(settings.verify, str) and not Path(settings.verify).exists():
        raise FluxionsConfigError(
            f"verify names the CA bundle {settings.verify}, which is not on this machine. It must be on every machine "
            "that runs tasks or the triggerer."
        )
    retry = ReadRetry(
        total=settings.max_retries,
        redirect=0,
        status_forcelist=RETRIED_STATUSES,
        allowed_methods={"GET"},
        backoff_factor=backoff_seconds,
        backoff_max=MAX_BACKOFF_SECONDS,
        backoff_jitter=backoff_seconds,
        raise_on_status=False,
    )
    session = Session()
    session.auth = KeyAuth(settings.api_key)
    session.verify = settings.verify
    session.headers["User-Agent"] = USER_AGENT
    session.headers["Accept"] = "application/json"
    reads = ReadAdapter(pool_maxsize=POOL_CONNECTIONS, max_retries=retry)
    uploads = UploadAdapter(settings.submit_timeout)
    # Adapters are found by the beginning of the URL as it is sent: quoted.
    session.mount(requote_uri(f"{settings.base_url}/"), reads)
    for url in submit_urls:
        session.mount(requote_uri(url), uploads)
    return session


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
