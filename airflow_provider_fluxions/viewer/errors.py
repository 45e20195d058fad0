"""Errors of requests to the viewer."""

from __future__ import annotations

from airflow_provider_fluxions.api.errors import FluxionsError


class ViewerError(FluxionsError):
    """A refused request. The message is for the user, and ``status_code`` is the status of the response."""

    def __init__(self, message: str, *, status_code: int) -> None:
        super().__init__(message, status_code=status_code)


def not_found(message: str) -> ViewerError:
    """Return the error for an item that does not exist, or does not belong to this task."""
    return ViewerError(message, status_code=404)


def bad_request(message: str) -> ViewerError:
    """Return the error for an invalid argument."""
    return ViewerError(message, status_code=422)


def bad_gateway(message: str) -> ViewerError:
    """Return the error for a failure of the store, the API, or their connections."""
    return ViewerError(message, status_code=502)
