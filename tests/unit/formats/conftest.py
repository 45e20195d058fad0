"""Transcriptions to write: as short as a rule needs them, or random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_fluxions.api.models import Transcription

Make = Callable[..., Transcription]


@pytest.fixture
def make() -> Make:
    """Make a transcription of ``(speaker, start, end, text)`` segments, or of the fields of an answer."""

    def made(*segments: tuple[str | None, float | None, float | None, str], **fields: Any) -> Transcription:
        names = ("speaker", "start", "end", "text")
        shown = [dict(zip(names, segment, strict=True)) for segment in segments]
        return Transcription.from_json({"id": 124, "status": "completed", "segments": shown, **fields})

    return made
