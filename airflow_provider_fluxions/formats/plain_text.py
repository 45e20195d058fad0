"""``text``: the transcript with one line for each turn, in the vendor's notation (``SPEAKER_0: ...``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.transcript import speech
from airflow_provider_fluxions.formats.base import Format, Options


@dataclass(frozen=True)
class TextOptions(Options):
    """Options of ``text``.

    :param tags: Keep tags and emphasis of the API instead of the clean text. Default False.
    :param labels: Start each turn with its speaker: the given name, else ``SPEAKER_0``. Default True.
    """

    tags: bool = False
    labels: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_boolean("tags", "labels")


DEFAULTS = TextOptions()


def write(transcription: Transcription, options: TextOptions = DEFAULTS) -> bytes:
    """Write the text as UTF-8. Without ``tags``, a turn that contains only tags gives no line."""
    return "".join(f"{line}\n" for line in _lines(transcription, options)).encode("utf-8", errors="replace")


def _lines(transcription: Transcription, options: TextOptions) -> Iterator[str]:
    text = transcription.text if options.tags else transcription.text_clean
    for line in text.split("\n"):
        for turn in speech.parse_turns(line):
            if not turn.text:
                continue
            if not options.labels:
                yield turn.text
            elif name := transcription.name_of(turn.speaker):
                yield f"{' '.join(name.split())}: {turn.text}"
            else:
                yield speech.render_turns([turn])


FORMAT = Format("text", ".txt", "text/plain; charset=utf-8", write, TextOptions)
