"""Settings that may change while the emulator runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from airflow_provider_fluxions.emulator.profiles import CacheMode

ListOrder = Literal["newest", "oldest", "shuffled", "reshuffled"]
CacheKey = Literal["bytes_and_options", "bytes"]


@dataclass(frozen=True)
class Settings:
    """`cache_mode`: a repeated upload is answered with the old job, a new one completed at once, or afresh.

    `cache_key`: whether another ``non_speech`` is another cache entry (the page does not say).
    `list_order` with `seed` for ``shuffled``, which gives the same permutation for the same seed; ``reshuffled`` gives
    another one at each request, so that pages repeat and miss entries.
    `reject_non_audio`: bytes without a known audio header are refused with 415.
    `query_urls_base`: what ``query_urls`` begin with; None: the host that the client called.
    `clock_offset_seconds`: jobs created from now on carry times that are so much too late (negative: too early), as
    after a jump of the service's clock. How long they run does not change.
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
