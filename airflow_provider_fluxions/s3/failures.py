"""What S3 and botocore say when something goes wrong, as our errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsStorageError


@contextmanager
def storage_errors(uri: str) -> Iterator[None]:
    """Turn botocore's errors into ours, naming the address.

    :raises FluxionsStorageError: for any of them.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        hints = {
            "NoSuchBucket": "The bucket does not exist.",
            "404": "The bucket does not exist.",
            "403": "The AWS connection may not do this.",
            "AccessDenied": "The AWS connection may not do this.",
        }
        code = code_of(error)
        raise FluxionsStorageError(
            f"S3 refused {uri}: {code}. {hints.get(code, error.response.get('Error', {}).get('Message', ''))}"
        ) from error
    except (BotoCoreError, HTTPError) as error:  # urllib3's errors come from bodies that are read piece by piece
        raise FluxionsStorageError(f"S3 cannot be used for {uri}: {error}") from error


def code_of(error: Any) -> str:
    """Return S3's name for an error."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))
