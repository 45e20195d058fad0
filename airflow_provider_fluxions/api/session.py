"""The `requests` session of a client: authentication, retries, redirects and uploads."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import requote_uri
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, ResponseError
from urllib3.util.retry import Retry

from airflow_provider_fluxions.api.connections import pool_classes
from airflow_provider_fluxions.api.errors import FluxionsConfigError
from airflow_provider_fluxions.api.limits import MAX_RESPONSE_BYTES, running_call
from airflow_provider_fluxions.api.retry_after import retry_after_seconds
from airflow_provider_fluxions.api.settings import ClientSettings, is_loopback
from airflow_provider_fluxions.version import __version__


class ResponseTooLargeError(requests.RequestException):
    """A response was larger than the maximum size; the rest of it was not read."""


class BoundedAdapter(HTTPAdapter):
    """Stops reading a response, that of a redirect included, at the maximum size of the running call.

    `requests` reads and unpacks a response to its end, so a few kilobytes of gzip could fill the memory.
    """

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return the response with a body that raises `ResponseTooLargeError` if it becomes too large."""
        response = super().build_response(req, resp)
        call = running_call()
        response.raw = _BoundedBody(resp, MAX_RESPONSE_BYTES if call is None else call.max_bytes)
        return response


class _BoundedBody:
    """A response of urllib3. All calls except reads are passed to it unchanged."""

    def __init__(self, raw: Any, max_bytes: int) -> None:
        self._raw = raw
        self._max_bytes = max_bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amt: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield the unpacked body in pieces. `requests` reads it only with this method."""
        size_bytes = 0
        for piece in self._raw.stream(amt, decode_content=decode_content):
            size_bytes += len(piece)
            if size_bytes > self._max_bytes:
                self._raw.close()  # the next user of the connection must not read the rest
                raise ResponseTooLargeError(f"the response is larger than {self._max_bytes >> 20} MiB")
            yield piece


USER_AGENT = f"airflow-provider-fluxions/{__version__}"
RETRIED_STATUSES = (408, 429, 500, 502, 503, 504)
MAX_BACKOFF_SECONDS = 30.0
# Enough for the parallel uploads of a transfer; further connections are closed after use.
POOL_CONNECTIONS = 32


class Session(requests.Session):
    """A session that sends the key and follows redirects only within one origin (scheme, host and port)."""

    def abort(self) -> None:
        """Abort all running reads, from any thread."""
        for adapter in list(self.adapters.values()):
            if isinstance(adapter, ReadAdapter):
                adapter.abort()

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return the target of a redirect within the same origin, else None, so that it is not followed."""
        target = super().get_redirect_target(resp)
        try:
            # Another origin would get the API key.
            stays = target is not None and _origin(urljoin(resp.url, target)) == _origin(resp.url)
        except ValueError:  # not a valid URL
            return None
        return target if stays else None

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Use the connection's ``verify`` instead of REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE.

        For a session's setting, `requests` has the opposite precedence
        (https://github.com/psf/requests/issues/3829).
        """
        verify = self.verify if verify is None else verify
        return super().merge_environment_settings(url, proxies, stream, verify, cert)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Keep the header on a redirect within the origin, because `requests` would read ~/.netrc instead."""


class KeyAuth(AuthBase):
    """Puts the key into each request; as an auth object, so that ~/.netrc cannot replace it."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the header: the bare key, without a ``Bearer`` prefix (https://fluxions.ai/docs)."""
        request.headers["Authorization"] = self._api_key
        return request


class ReadRetry(Retry):
    """Retries of reads: exponential backoff with jitter, ``Retry-After`` in both forms up to a maximum."""

    def parse_retry_after(self, retry_after: str) -> float:
        """Return the pause in seconds; an unreadable header counts as 0 instead of raising."""
        return retry_after_seconds({"Retry-After": retry_after}) or 0.0

    def increment(self, *args: Any, **options: Any) -> ReadRetry:
        """Return the state for the next try.

        :raises MaxRetryError: if no retry is left, by the session's limits or those of the running call. After a
            response urllib3 then returns that response.
        """
        following = super().increment(*args, **options)
        call, response = running_call(), options.get("response")
        # urllib3 sleeps for Retry-After, or else for its backoff. The longer one is the safe bound.
        pause = following.get_backoff_time()
        if response is not None:
            pause = max(pause, following.get_retry_after(response) or 0.0)
        # A retry that cannot end in time is not started: the caller gets the error of this attempt at once.
        if call is not None and not call.allows_retry(len(following.history), pause):
            reason = options.get("error") or ResponseError("no retry is left")
            raise MaxRetryError(options.get("_pool"), following.history[-1].url, reason)  # type: ignore[arg-type]
        return following


class _LimitedAdapter(BoundedAdapter):
    """Sends requests within the limits of the running call; a thread can also abort those of other threads."""

    def __init__(self, retry: Retry) -> None:
        self._connections: WeakSet[HTTPConnection] = WeakSet()
        super().__init__(pool_maxsize=POOL_CONNECTIONS, max_retries=retry)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build pools of limited connections."""
        super().init_poolmanager(*args, **kwargs)
        # requests has no setting for timeouts of a whole call, so the connections below it apply them.
        self.poolmanager.pool_classes_by_scheme = pool_classes(self._connections)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Do the same for connections to a proxy."""
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        # requests caches one manager for each proxy, and its pools must not change while they are in use.
        if is_new:
            manager.pool_classes_by_scheme = pool_classes(self._connections)
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request, without a proxy to loopback addresses, because a proxy could read the key.

        ``no_proxy`` often omits loopback addresses, and `requests` reads the proxies again for a redirect.
        """
        if is_loopback(urlsplit(str(request.url)).hostname or ""):
            options["proxies"] = {}
        return super().send(request, *args, **options)

    def abort(self) -> None:
        """Shut down the socket of every connection: a thread that reads from one gets an error at once."""
        for connection in list(self._connections):
            sock = connection.sock
            if sock is not None:
                with contextlib.suppress(OSError):  # it might be closed by now
                    # Not the TLS socket's own method, which would remove the TLS session while the other thread reads.
                    # TLS through a proxy with TLS has no socket of its own: urllib3 wraps that of the proxy.
                    socket.socket.shutdown(getattr(sock, "socket", sock), socket.SHUT_RDWR)


class ReadAdapter(_LimitedAdapter):
    """Sends reads, with retries."""


class UploadAdapter(_LimitedAdapter):
    """Sends a body, and never twice."""

    def __init__(self) -> None:
        # `submit_once` decides about retries of a submit, and never urllib3, because each complete body can create a
        # job.
        super().__init__(Retry(0, read=False))


def new_session(settings: ClientSettings, submit_urls: tuple[str, ...], backoff_seconds: float) -> Session:
    """Return a session for one client; ``backoff_seconds`` is the first pause between two reads.

    :raises FluxionsConfigError: if ``verify`` names a CA bundle that is not on this machine.
    """
    if isinstance(settings.verify, str) and not Path(settings.verify).exists():
        raise FluxionsConfigError(
            f"verify names the CA bundle {settings.verify}, which is not on this machine. It must be on every machine "
            "that runs tasks or the triggerer."
        )
    retry = ReadRetry(
        total=settings.max_retries,
        # Redirects are followed by requests, which asks get_redirect_target.
        redirect=0,
        status_forcelist=RETRIED_STATUSES,
        allowed_methods={"GET"},
        backoff_factor=backoff_seconds,
        backoff_max=MAX_BACKOFF_SECONDS,
        backoff_jitter=backoff_seconds,
        # After the last retry the response is returned, because its status and body become the error.
        raise_on_status=False,
    )
    session = Session()
    session.auth = KeyAuth(settings.api_key)
    session.verify = settings.verify
    session.headers["User-Agent"] = USER_AGENT
    session.headers["Accept"] = "application/json"
    reads, uploads = ReadAdapter(retry), UploadAdapter()
    # requests selects an adapter by the start of the quoted URL.
    session.mount(requote_uri(f"{settings.base_url}/"), reads)
    for url in submit_urls:
        # The longest matching prefix wins, so a submit path uses the adapter without retries.
        session.mount(requote_uri(url), uploads)
    return session


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
