"""The two profiles of the vendor's API that the emulator supports.

``documented`` follows the vendor's page (https://fluxions.ai/docs). ``observed`` follows reports of users of the live
API.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

CacheMode = Literal["same_job", "new_job_fast", "off"]


@dataclass(frozen=True)
class Profile:
    """The differences between the two profiles."""

    name: str
    submit_path: str
    health: dict[str, Any]
    inline_text: bool
    """The response for one job contains ``text``."""
    segments_always: bool
    """Segments are returned without ``word_level_timestamps=true`` too."""
    tags_in_segments: bool
    """Segment text keeps tags such as ``[pause]``, with any options of the submit."""
    detail_errors: bool
    """Errors are ``{"detail": ...}`` and a bad parameter is 422; otherwise ``{"error": ...}`` and 400."""
    unknown_as_null: bool
    """Fields that are not known yet are null; otherwise they are omitted."""
    cache_mode: CacheMode


DOCUMENTED = Profile(
    name="documented",
    submit_path="/submit",
    health={"status": "ok", "version": "1.0.0", "model": "akro-v1"},
    inline_text=True,
    segments_always=True,
    tags_in_segments=False,
    detail_errors=False,
    unknown_as_null=True,
    cache_mode="new_job_fast",
)
OBSERVED = Profile(
    name="observed",
    submit_path="/akro/submit",
    health={"status": "ok", "gateway": "api.fluxions.ai"},
    inline_text=False,
    segments_always=False,
    tags_in_segments=True,
    detail_errors=True,
    unknown_as_null=False,
    cache_mode="same_job",
)
PROFILES = {profile.name: profile for profile in (DOCUMENTED, OBSERVED)}
