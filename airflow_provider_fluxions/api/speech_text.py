"""Texts to speak: what can be sent, which tags they have, and how long they probably take. No I/O."""

from __future__ import annotations

import re

from airflow_provider_fluxions.api.errors import FluxionsInputError

# The synthesizer's tags: https://github.com/fluxions-ai/vui, docs/prompting.md.
TAGS = ("breath", "laugh", "sigh", "gasp", "cough", "hesitate")
# Measured with the offline voice: English, 16 characters a second.
CHARACTERS_PER_SECOND = 16.0

TAG = re.compile(r"\[([A-Za-z][A-Za-z_ -]{0,30})\]")
# Control characters (Unicode's category Cc) but tab, line feed and carriage return; lone surrogates.
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_SPOKEN = re.compile(r"[\W_]+")


def check_text(text: object) -> str:
    """Return a text unchanged if it can be spoken.

    No message quotes the text: it can be confidential.

    :raises FluxionsInputError: it is not text, has nothing to speak, or has a character that cannot be spoken.
    """
    if not isinstance(text, str):
        raise FluxionsInputError(f"The text to speak must be a string, not {type(text).__name__}.")
    unspeakable = _UNSPEAKABLE.search(text)
    if unspeakable:
        code = ord(unspeakable[0])
        kind = "a lone surrogate" if code >= 0xD800 else "a control character"
        raise FluxionsInputError(
            f"The text to speak has {kind} (U+{code:04X}, character {unspeakable.start() + 1:,} of {len(text):,}). "
            "Remove it."
        )
    if not text.strip():
        raise FluxionsInputError("The text to speak is empty.")
    if not spoken_characters(text) and not TAG.search(text):
        raise FluxionsInputError(f"The text to speak has no letter and no digit ({len(text):,} characters).")
    return text


def unknown_tags(text: str) -> tuple[str, ...]:
    """Return the tags that the service is not known to have, in order, each once: ``("[music]",)``."""
    unknown = (found[0] for found in TAG.finditer(text) if found[1].lower() not in TAGS)
    return tuple(dict.fromkeys(unknown))


def without_tags(text: str) -> str:
    """Return a text without its tags."""
    return TAG.sub(" ", text)


def spoken_characters(text: str) -> int:
    """Return how many characters are spoken: tags do not count, and a run of punctuation and space counts as one."""
    return len(_NOT_SPOKEN.sub(" ", without_tags(text)).strip())


def expected_seconds(text: str) -> float:
    """Return the estimated seconds of speech, at 16 characters per second."""
    return spoken_characters(text) / CHARACTERS_PER_SECOND
