"""What the viewer refuses."""

from __future__ import annotations

from airflow_provider_fluxions.api.errors import FluxionsError


class ViewerError(FluxionsError):
    """A request that gets no answer but this: its message is for the user, ``status_code`` is the answer's."""

    def __init__(self, message: str, *, status_code: int) -> None:
        super().__init__(message, status_code=status_code)


def not_found(message: str) -> ViewerError:
    """Return the error for what does not exist, or not for this task."""
    return ViewerError(message, status_code=404)


def bad_request(message: str) -> ViewerError:
    """Return the error for an argument that cannot work."""
    return ViewerError(message, status_code=422)


def bad_gateway(message: str) -> ViewerError:
    """Return the error for S3, the API, or a connection to them that does not work."""
    return ViewerError(message, status_code=502)
