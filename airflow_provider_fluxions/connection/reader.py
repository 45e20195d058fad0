"""Read the settings of an Airflow connection. This is the only module that reads Fluxions connections."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from airflow.providers.common.compat.connection import get_async_connection, get_async_extra_dejson
from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, mask_secret
from asgiref.sync import sync_to_async

from airflow_provider_fluxions.api.cost import parse_price
from airflow_provider_fluxions.api.errors import (
    FluxionsConfigError,
    FluxionsInputError,
    FluxionsMissingConnectionError,
    FluxionsUnreadableConnectionError,
)
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.settings import ClientSettings, settings_from_strings, with_port

T = TypeVar("T")


def read_connection(conn_id: str, get: Callable[[str], Any] = BaseHook.get_connection) -> ClientSettings:
    """Return a connection's settings; see `read_connection_and_price`."""
    return read_connection_and_price(conn_id, get)[0]


def read_connection_and_price(
    conn_id: str, get: Callable[[str], Any] = BaseHook.get_connection
) -> tuple[ClientSettings, float | None]:
    """Return a connection's settings and price, and register its key as a secret, which Airflow masks in logs.

    The price is for one hour of audio, in the user's currency; None if the connection has none.

    :raises FluxionsMissingConnectionError: if the connection id does not exist.
    :raises FluxionsUnreadableConnectionError: if a secrets backend does not respond.
    :raises FluxionsConfigError: if the connection is invalid; the message names the field.
    """
    try:
        connection = get(conn_id)
        extra = connection.extra_dejson
    except AirflowNotFoundException:
        # Not as its cause, because a task's log would show Airflow's traceback before the message that helps.
        raise _not_found(conn_id) from None
    except Exception as error:  # an error of any secrets backend
        raise unreadable(conn_id, error) from error
    settings = settings_of(connection, extra)
    # At once, before any request could fail with a message that contains the key.
    for mask in _masks():
        mask(settings.api_key)
    return settings, price_of(connection, extra)


async def read_connection_in_triggerer(conn_id: str) -> ClientSettings:
    """Do the same on an event loop, in a way that all supported Airflow versions allow in a triggerer."""
    try:
        connection = await get_async_connection(conn_id)
        extra = await get_async_extra_dejson(connection)
    except AirflowNotFoundException:
        raise await _in_thread(_not_found)(conn_id) from None
    except Exception as error:  # an error of any secrets backend
        raise unreadable(conn_id, error) from error
    settings = settings_of(connection, extra)
    await _mask_in_triggerer(settings.api_key)
    return settings


def settings_of(connection: Any, extra: Any) -> ClientSettings:
    """Return a connection's settings. An extra that is null or empty counts as unset, because forms save it like that.

    :param extra: The parsed extra of the connection.
    :raises FluxionsConfigError: if a value is invalid; the message names the connection and the field.
    """
    host = with_port(connection.host or ClientSettings.base_url, connection.port)
    try:
        _check_extra(connection.extra, extra)
        return settings_from_strings(connection.password or "", host, extra or {}, "extra {}".format)
    except FluxionsConfigError as error:
        # Without the first error as cause, because it has the same message and a task's log would show both tracebacks.
        raise type(error)(f"Connection {connection.conn_id!r}: {error}") from None


def price_of(connection: Any, extra: Any) -> float | None:
    """Return a connection's price per hour of audio, None if it has none.

    :raises FluxionsConfigError: it is not a price; the message names the connection and the field.
    """
    try:
        return parse_price((extra or {}).get("price_per_audio_hour"), "extra price_per_audio_hour")
    except FluxionsInputError as error:
        raise FluxionsConfigError(f"Connection {connection.conn_id!r}: {error}") from None


def missing(conn_id: str) -> FluxionsMissingConnectionError:
    """Return the error for a missing connection. Its message has the command that creates it."""
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    return FluxionsMissingConnectionError(
        f"There is no connection {conn_id!r}. Create it with: airflow connections add {conn_id} --conn-type fluxions "
        f"--conn-password YOUR-KEY. Or set the environment variable {variable}="
        """'{"conn_type": "fluxions", "password": "YOUR-KEY"}' on every machine that runs tasks or the triggerer."""
    )


def unreadable(conn_id: str, error: BaseException) -> FluxionsUnreadableConnectionError:
    """Return the error for a connection that might exist but cannot be read now."""
    return FluxionsUnreadableConnectionError(
        f"Connection {conn_id!r} cannot be read now ({type(error).__name__}: {printable(str(error), 200)}). Check the "
        "secrets backend, or Airflow's API server or database."
    )


def _check_extra(text: Any, parsed: Any) -> None:
    """Raise if the extra is not a JSON object, because Airflow would ignore it with all its settings."""
    if not isinstance(parsed, Mapping):
        raise FluxionsConfigError(
            f'the extra must be a JSON object such as {{"read_timeout": 20}}, not a {type(parsed).__name__}. JSON '
            "inside quotation marks, where backslashes precede the inner ones, is text: remove the outer marks."
        )
    # extra_dejson is empty for text that is not JSON, so empty settings can be an error.
    if parsed or not isinstance(text, str) or not text.strip():
        return
    try:
        json.loads(text)
    except ValueError as error:
        raise FluxionsConfigError(f"the extra is not JSON: {error}.") from None


def _not_found(conn_id: str) -> FluxionsConfigError:
    """Ask each secrets backend again, and return the error that fits."""
    # Airflow raises the same AirflowNotFoundException for a missing connection and for an unreadable one, because it
    # tries its secrets backends one by one and ignores their errors (on 2.11 and 3.x).
    for ask in _questions():
        try:
            ask(conn_id)
        except Exception as error:  # an error of any secrets backend
            return unreadable(conn_id, error)
    return missing(conn_id)


def _questions() -> Iterable[Callable[[str], Any]]:
    """Return calls that raise an error if a secrets backend does not respond."""
    try:
        from airflow.sdk.execution_time.supervisor import ensure_secrets_backend_loaded as backends
    except ImportError:
        from airflow.configuration import ensure_secrets_loaded as backends
    for backend in backends():
        # This backend returns None for every error of the API server, so the server is asked without it.
        hides_its_errors = type(backend).__name__ == "ExecutionAPISecretsBackend"
        yield _ask_api_server if hides_its_errors else backend.get_connection


def _ask_api_server(conn_id: str) -> None:
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection

    answer = task_runner.SUPERVISOR_COMMS.send(GetConnection(conn_id=conn_id))
    if isinstance(answer, ErrorResponse) and answer.error.name != "CONNECTION_NOT_FOUND":
        raise RuntimeError(f"{answer.error.value}: {answer.detail}")


def _masks() -> Iterable[Callable[[str], Any]]:
    """Return the functions that register a secret."""
    # Airflow itself registers the password only as stored, possibly with a pasted ``Bearer `` or spaces.
    yield mask_secret
    try:
        # On Airflow 3, the servers and the task SDK have separate lists of secrets.
        from airflow._shared.secrets_masker import mask_secret as mask_in_servers
    except ImportError:
        return
    yield mask_in_servers


async def _mask_in_triggerer(key: str) -> None:
    """Register the key as a secret. In a child task of a trigger, the synchronous call would have no effect."""
    try:
        from airflow.sdk.log import amask_secret
    except ImportError:
        await _in_thread(mask_secret)(key)
    else:
        await amask_secret(key)


def _in_thread(call: Callable[[str], T]) -> Callable[[str], Awaitable[T]]:
    """Return a call that can send requests to the triggerer's supervisor from a thread."""
    # Airflow 3.0 to 3.2 send such a message through asgiref, which finds the triggerer's event loop only in a thread
    # that asgiref started. From any other thread, the supervisor's response stays unread, the next reader receives it,
    # and the triggerer ends ("Response read out of order").
    in_thread: Callable[[str], Awaitable[T]] = sync_to_async(call, thread_sensitive=False)
    return in_thread
