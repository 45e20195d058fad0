"""Remove signed links from results, because until they expire every reader of the file could fetch the audio.

Known fields become null at any depth. A URL with a signature in its query is found in any field. A value that is
only such a URL becomes null. Within other text, ``?***`` replaces its query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from airflow_provider_fluxions.api.models import Transcription

LINK_FIELDS = frozenset({"audio_url", "original_audio_url"})

# AWS and R2 (X-Amz-), Google (X-Goog-), CloudFront and older AWS (Signature), Azure (sig), others (sign, token, hmac).
_SIGNATURE = re.compile(
    r"[?&;](?:x-(?:amz|goog|oss|cos)-[a-z-]{1,40}|(?:q-)?sign(?:ature)?|sig|hmac|verify|(?:access|auth|security)?[_-]?token"
    r"|(?:api|access)[_-]?key)=",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\s\"'<>]+")


def may_hold_signed_link(text: str) -> bool:
    """Return whether a text might contain a URL with a signature. This is quick for texts of any length."""
    return _SIGNATURE.search(text) is not None


def without_signed_links(text: str) -> str:
    """Return a text without signatures in its URLs."""
    return _WORD.sub(_unsigned, text) if may_hold_signed_link(text) else text


def _unsigned(found: re.Match[str]) -> str:
    word = found[0]
    scheme = word.find("://")
    query = word.find("?", scheme) if scheme >= 0 else -1
    return f"{word[:query]}?***" if query >= 0 and _SIGNATURE.search(word, query) else word


def without_links(value: Any) -> Any:
    """Return JSON without signed links. If it has some, this is a copy. Members keep their order."""
    if isinstance(value, str):
        unsigned = without_signed_links(value)
        return None if unsigned != value and _WORD.fullmatch(value.strip()) else unsigned
    if isinstance(value, Mapping):
        return {
            without_signed_links(str(name)): None if name in LINK_FIELDS else without_links(one)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_links(one) for one in value]
    return value


def without_known_links(transcription: Transcription) -> Transcription:
    """Return a transcription without signed links in its texts; if it has none, the same object.

    Every format writes this transcription, so results from a stored ``json`` are equal to those written at once.
    """
    if not transcription.raw or not any("=" in text and may_hold_signed_link(text) for text in _texts(transcription)):
        return transcription
    clean = type(transcription).from_json(without_links(transcription.raw))
    return replace(clean, speaker_names=transcription.speaker_names)


def _texts(transcription: Transcription) -> Iterator[str]:
    for name, value in vars(transcription).items():
        if isinstance(value, str) and name not in LINK_FIELDS:
            yield value
    for segment in transcription.segments:
        yield segment.text
        yield segment.speaker or ""
        for word in segment.words:
            yield word.text
