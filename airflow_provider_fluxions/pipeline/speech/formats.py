"""Which results a spoken text gets: audio formats, captions and a time line, as users name them. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.pipeline.speech.records import LOSSLESS_EXTENSIONS
from airflow_provider_fluxions.speech.captions import CAPTION_FORMATS
from airflow_provider_fluxions.speech.encoding import AUDIO_FORMATS, check_format
from airflow_provider_fluxions.speech.pieces import split_sentences


@dataclass(frozen=True)
class SpeechFormats:
    """The extensions of the results of a text, in the order in which they are written.

    :param captions: first, so that who sees the audio sees them too.
    :param audio: lossless ones first: the others can be made from them after a crash in between.
    """

    captions: tuple[str, ...]
    audio: tuple[str, ...]

    @property
    def extensions(self) -> tuple[str, ...]:
        """All extensions, in order."""
        return self.captions + self.audio


def speech_formats(formats: object, *, installed: bool = False) -> SpeechFormats:
    """Return the formats of a list of names: ``wav``, ``flac``, ``ogg``, ``opus``, ``mp3``, ``vtt``, ``json``.

    :param installed: also require the extra that they need.
    :raises FluxionsFormatError: a name is unknown, there is no audio format, or an extra is missing.
    """
    if isinstance(formats, str) or not isinstance(formats, Sequence) or not formats:
        raise FluxionsFormatError(f"formats must be a list such as ['wav', 'vtt'], not {shown(formats)}.")
    audio, captions = [], []
    for name in formats:
        if isinstance(name, str) and name in AUDIO_FORMATS:
            audio.append(f".{name}")
        elif isinstance(name, str) and name in CAPTION_FORMATS:
            captions.append(CAPTION_FORMATS[name])
        else:
            known = ", ".join([*AUDIO_FORMATS, *CAPTION_FORMATS])
            raise FluxionsFormatError(f"formats must be among {known}, not {shown(name)}.")
    if not audio:
        raise FluxionsFormatError("formats must have an audio format, such as wav: captions alone cannot be spoken.")
    if installed:
        for extension in audio:
            check_format(extension.removeprefix("."))
        if captions:
            split_sentences("")
    in_order = sorted(dict.fromkeys(audio), key=lambda one: one not in LOSSLESS_EXTENSIONS)
    return SpeechFormats(tuple(dict.fromkeys(captions)), tuple(in_order))
