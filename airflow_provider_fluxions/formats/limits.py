"""The limits of caption cues, their presets, and the options with which users choose them."""

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
    """Maximum size and length of a cue. The defaults are 42 characters, 2 lines, 7 s.

    :param line_characters: Maximum characters in a line. Only a longer single word is cut.
    :param lines: Maximum lines in a cue.
    :param cue_ms: Maximum length of a cue in milliseconds, also for a longer word.
    :param min_cue_ms: Minimum length in milliseconds, if the next cue leaves time.
    :param gap_ms: Gap in milliseconds to the next cue, if they do not overlap. No gap if the cue would vanish.
    :param overlap: For people who talk at once, ``keep`` both cues, or ``trim`` the end of the first. Cues that start
        in the same millisecond always stay together.
    :param characters_per_second: Reading speed, with spaces counted. A cue with more text stays longer, if the next one
        leaves time. Without time it stays too short, because words are never dropped. 0 for any speed.
    :param linger_ms: Maximum milliseconds that a cue stays after its speech.
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
        """Return whether a cue's end depends on the cue after it."""
        return bool(self.min_cue_ms or self.gap_ms or self.overlap == "trim" or self.characters_per_second)


DEFAULT_LIMITS = Limits()

# 42 characters, 2 lines, 5/6 s to 7 s, 2 frames between cues (at 24 a second):
# https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617
# 20 characters per second, for adults' programs in English (17 for children's, and in other languages' guides):
# https://partnerhelp.netflixstudios.com/hc/en-us/articles/217350977
# and half a second past the speech for it: https://partnerhelp.netflixstudios.com/hc/en-us/articles/360051554394
NETFLIX = Limits(42, 2, 7_000, 833, 83, characters_per_second=20, linger_ms=500)
# 37 characters (3.1, the limit of teletext for broadcast captions) and 2 lines (3.3). 160 to 180 words per minute (4):
# the upper value is 18 characters per second, with 5 letters and a space in a word; the guide counts words. At most
# 1.5 s after the speech (5.2). It gives no maximum length; 7 s is the choice of the provider. Breaks at natural
# points (3.4) and no gaps below one second (4.5) are left to an editor.
# https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/
BBC = Limits(37, 2, 7_000, characters_per_second=18, linger_ms=1_500)

PRESETS: Mapping[str | None, Limits] = MappingProxyType({None: DEFAULT_LIMITS, "netflix": NETFLIX, "bbc": BBC})


@dataclass(frozen=True)
class CaptionOptions(Options):
    """Options of ``srt`` and ``vtt``. None means the value of the preset, or of `Limits` without a preset.

    :param preset: ``netflix`` (https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617) or ``bbc``
        (https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/): line length, lines, durations,
        gap and reading speed. If people talk faster than that, cues stay too short, because the text is never edited.
    :param lines: Maximum lines in a cue.
    :param characters: Maximum characters in a line, at least 10.
    :param max_seconds: Maximum length of a cue.
    :param min_seconds: Minimum length of a cue, if the next one leaves time.
    :param gap_seconds: Gap between two cues that do not overlap.
    :param overlap: ``keep`` the cues of people who talk at once, or ``trim`` the end of the first.
    :param max_chars_per_second: Reading speed. A cue with more text stays longer, up to `max_seconds`, if the next one
        leaves time. 0 allows any speed, also with a preset.
    :param linger_seconds: Maximum time that a cue stays after its speech.
    :param speakers: ``shown`` by name, ``dashed`` (a dash before each new speaker) or ``hidden``.
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
        """Return the limits of cues: the given options, else those of the preset."""
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
