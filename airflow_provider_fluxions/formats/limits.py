"""The rules that caption cues keep, their presets, and the options by which users choose them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.formats.base import Options

Overlap = Literal["keep", "trim"]
Speakers = Literal["shown", "dashed", "hidden"]

MIN_LINE_CHARACTERS = 10


@dataclass(frozen=True)
class Limits:
    """How large and how long a cue may be; without arguments 42 characters, 2 lines, 7 s.

    :param line_characters: at most so many characters a line; only a longer word is cut itself.
    :param lines: at most so many lines a cue.
    :param cue_ms: at most so many milliseconds a cue. A word that lasts longer leaves the screen then.
    :param min_cue_ms: a shorter cue stays so long, where the next one leaves room.
    :param gap_ms: between a cue and the next one, if they do not overlap; where the cue would vanish, none.
    :param overlap: of people who talk at once: ``keep`` both cues, or ``trim`` the first one's end. Cues that
        begin in the same millisecond stay together either way.
    :param characters_per_second: a cue that is quicker to say than to read stays until it can have been read at this
        speed, spaces counted, where the next one leaves room. It stays too quick where none is left: words are never
        dropped. 0 for any speed.
    :param linger_ms: at most so long past its speech does a cue stay to be read.
    """

    line_characters: int = 42
    lines: int = 2
    cue_ms: int = 7_000
    min_cue_ms: int = 0
    gap_ms: int = 0
    overlap: Overlap = "keep"
    characters_per_second: float = 0
    linger_ms: int = 1_500

    @property
    def moves_ends(self) -> bool:
        """Whether a cue's end depends on the cue after it."""
        return bool(self.min_cue_ms or self.gap_ms or self.overlap == "trim" or self.characters_per_second)


DEFAULT_LIMITS = Limits()

# 42 characters, 2 lines, 5/6 s to 7 s, 2 frames between cues (at 24 a second):
# https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617
# 20 characters a second, for adults' programmes in English (17 for children's, and in other languages' guides):
# https://partnerhelp.netflixstudios.com/hc/en-us/articles/217350977
# and half a second past the speech for it: https://partnerhelp.netflixstudios.com/hc/en-us/articles/360051554394
NETFLIX = Limits(42, 2, 7_000, 833, 83, characters_per_second=20, linger_ms=500)
# 37 characters (3.1, where captions are broadcast too: what teletext shows) and 2 lines (3.3). 160 to 180 words a
# minute (4): the upper end, with 5 letters and a space a word, is 18 characters a second; counting characters is ours.
# Not more than 1.5 s past the speech (5.2). 7 s is ours too, since it gives no longest time. Breaks at natural points
# (3.4) and no gaps below a second (4.5) are left to an editor.
# https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/
BBC = Limits(37, 2, 7_000, characters_per_second=18, linger_ms=1_500)

PRESETS: Mapping[str | None, Limits] = MappingProxyType({None: DEFAULT_LIMITS, "netflix": NETFLIX, "bbc": BBC})


@dataclass(frozen=True)
class CaptionOptions(Options):
    """Options of ``srt`` and ``vtt``. What is None is as the preset has it, without a preset as `Limits` has it.

    :param preset: ``netflix`` (https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617) or ``bbc``
        (https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/): line length, lines, durations,
        gap and reading speed. Where people talk faster than that can be read, cues stay too quick: nothing is edited.
    :param lines: at most so many lines a cue.
    :param characters: at most so many characters a line, 10 or more.
    :param max_seconds: at most so long a cue.
    :param min_seconds: a shorter cue stays so long, where the next one leaves room.
    :param gap_seconds: between two cues that do not overlap.
    :param overlap: ``keep`` cues of people who talk at once, or ``trim`` the first one's end.
    :param max_chars_per_second: a cue that is quicker to say than to read stays longer, where the next one leaves
        room, up to `max_seconds`; 0 for any speed, whatever the preset.
    :param linger_seconds: at most so long past its speech does a cue stay to be read.
    :param speakers: ``shown`` by name, ``dashed`` (a dash where the speaker changes) or ``hidden``.
    """

    preset: str | None = None
    lines: int | None = None
    characters: int | None = None
    max_seconds: float | None = None
    min_seconds: float | None = None
    gap_seconds: float | None = None
    overlap: Overlap | None = None
    max_chars_per_second: float | None = None
    linger_seconds: float | None = None
    speakers: Speakers = "hidden"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_choice("preset", [name for name in PRESETS if name] if self.preset is not None else PRESETS)
        self.check_choice("overlap", ("keep", "trim") if self.overlap is not None else (None,))
        self.check_choice("speakers", ("shown", "dashed", "hidden"))
        for name, least in (("lines", 1), ("characters", MIN_LINE_CHARACTERS)):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < least):
                raise FluxionsFormatError(f"{name} must be a whole number of at least {least}, not {value!r}.")
        for name, least_seconds in (
            ("max_seconds", 0.1),
            ("min_seconds", 0.0),
            ("gap_seconds", 0.0),
            ("linger_seconds", 0.0),
        ):
            _check_number(name, getattr(self, name), least_seconds, " of seconds")
        _check_number("max_chars_per_second", self.max_chars_per_second, 0.0)
        if self.limits.min_cue_ms > self.limits.cue_ms:
            raise FluxionsFormatError("min_seconds is longer than max_seconds.")

    @property
    def limits(self) -> Limits:
        """The rules for cues: the preset's, but for what is given."""
        base = PRESETS[self.preset]
        return Limits(
            base.line_characters if self.characters is None else self.characters,
            base.lines if self.lines is None else self.lines,
            _ms(self.max_seconds, base.cue_ms),
            _ms(self.min_seconds, base.min_cue_ms),
            _ms(self.gap_seconds, base.gap_ms),
            base.overlap if self.overlap is None else self.overlap,
            base.characters_per_second if self.max_chars_per_second is None else self.max_chars_per_second,
            _ms(self.linger_seconds, base.linger_ms),
        )


def _check_number(name: str, value: Any, least: float, unit: str = "") -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
        raise FluxionsFormatError(f"{name} must be a number{unit}, {least:g} or more, not {value!r}.")


def _ms(seconds: float | None, otherwise: int) -> int:
    return otherwise if seconds is None else round(seconds * 1000)
