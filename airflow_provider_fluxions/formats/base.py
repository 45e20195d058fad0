"""What a result format is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from airflow_provider_fluxions.api.models import Transcription


@dataclass(frozen=True)
class Format:
    """One way to write a transcription.

    :param name: what users put into ``formats=(...)``.
    :param extension: of the files, with its dot.
    :param content_type: the media type to store with the bytes.
    :param write: makes the bytes of one file; the same transcription always gives the same bytes.
    """

    name: str
    extension: str
    content_type: str
    write: Callable[[Transcription], bytes]
