"""Arguments of the client, checked before anything is sent. No I/O."""

from __future__ import annotations

import math
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.read import MAX_INTEGER, shown


def check_page(limit: Any, offset: Any, max_limit: int) -> None:
    """Do nothing if a page of the list can be asked for.

    :raises FluxionsInputError: ``limit`` is not a whole number from 1 to ``max_limit``, or ``offset`` not one from 0.
    """
    if not _is_whole(limit, 1, max_limit) or not _is_whole(offset, 0, MAX_INTEGER):
        raise FluxionsInputError(
            f"limit must be 1 to {max_limit} and offset 0 or more: {shown(limit)}, {shown(offset)}."
        )


def check_limits(total_timeout: Any, max_retries: Any) -> None:
    """Do nothing if a call can have these limits; None is no limit.

    :raises FluxionsInputError: ``total_timeout`` is not more than 0, or ``max_retries`` not a whole number from 0.
    """
    if total_timeout is not None and not (_is_number(total_timeout) and total_timeout > 0):
        raise FluxionsInputError(f"total_timeout must be more than 0 seconds, not {shown(total_timeout)}.")
    if max_retries is not None and not _is_whole(max_retries, 0, math.inf):
        raise FluxionsInputError(f"max_retries must be 0 or more, not {shown(max_retries)}.")


def sent_filename(filename: Any) -> str:
    """Return a file name as it can be sent. Names from a file system may hold bytes that are not UTF-8.

    :raises FluxionsInputError: it is not text.
    """
    if not isinstance(filename, str):
        raise FluxionsInputError(f"filename must be text, not {shown(filename)}.")
    return filename.encode("utf-8", errors="replace").decode()


def check_content_type(content_type: Any) -> None:
    """Do nothing if a media type can be sent as a header; None and empty stand for none.

    :raises FluxionsInputError: it cannot.
    """
    if not content_type and (content_type is None or content_type == ""):
        return
    if not (isinstance(content_type, str) and content_type.isascii() and content_type.isprintable()):
        raise FluxionsInputError(f"content_type must be a media type such as audio/mpeg, not {shown(content_type)}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or _is_whole(value, -MAX_INTEGER, MAX_INTEGER)


def _is_whole(value: Any, least: int, most: float) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
