"""Settings that can change while the emulator runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from airflow_provider_fluxions.emulator.profiles import CacheMode

ListOrder = Literal["newest", "oldest", "shuffled", "reshuffled"]
CacheKey = Literal["bytes_and_options", "bytes"]


@dataclass(frozen=True)
class Settings:
    """`cache_mode`: a repeated upload returns the old job, a new job that is completed at once, or a new job.

    `cache_key`: whether another ``non_speech`` is another cache entry (undocumented).
    `list_order` with `seed` for ``shuffled``, which gives the same permutation for the same seed; ``reshuffled`` gives
    another one at each request, so that pages repeat and omit entries.
    `reject_non_audio`: bytes without a known audio header are refused with 415.
    `query_urls_base`: prefix of ``query_urls``; None: the host of the request.
    `clock_offset_seconds`: new jobs have times that are too late by this amount (negative: too early), as after a jump
    of the service's clock. Their run time does not change.
    `speech_speed`: seconds of audio that are rendered a second; 0 renders at once.
    `words`: ``word_level_timestamps=true`` adds words to the segments.
    """

    list_order: ListOrder = "newest"
    seed: int = 0
    cache_mode: CacheMode = "same_job"
    cache_key: CacheKey = "bytes_and_options"
    reject_non_audio: bool = False
    query_urls_base: str | None = None
    words: bool = True
    clock_offset_seconds: float = 0.0
    speech_speed: float = 0.0

    def __post_init__(self) -> None:
        """Refuse unknown names."""
        for name, allowed in (("list_order", ListOrder), ("cache_mode", CacheMode), ("cache_key", CacheKey)):
            if getattr(self, name) not in get_args(allowed):
                raise ValueError(f"{name} must be one of {get_args(allowed)}, not {getattr(self, name)!r}")
        if not self.speech_speed >= 0:
            raise ValueError(f"speech_speed must be 0 or more, not {self.speech_speed}")
