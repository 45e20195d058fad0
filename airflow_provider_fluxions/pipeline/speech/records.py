"""One text of a speech transfer: what is known of it, and its line of the manifest. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_fluxions.api.cost import SpeechPrice
from airflow_provider_fluxions.api.speech_text import expected_seconds, unknown_tags
from airflow_provider_fluxions.pipeline.records import InputRecord, State
from airflow_provider_fluxions.storage import ObjectAddress

# Formats that others can be made from without a render, the best one first.
LOSSLESS_EXTENSIONS = (".wav", ".flac")


@dataclass(slots=True)
class SpeechInput:
    """One text and its audio.

    :param record: the same record that a transcription has: source, results, state, error and times.
    :param name: the id of a JSON line; empty for a file that is one text.
    :param text: empty once its audio is stored, and where it cannot be spoken.
    :param voice: as the user writes it.
    :param characters: of the text as it is spoken, tags and spaces included.
    :param voice_id: the full id, with the checkpoint, of the voice that spoke; None: not yet spoken.
    :param base: the extension of a stored lossless result that all missing ones can be made from; None: it is rendered.
    :param has_timeline: whether its stored time line says where the pieces of the audio start.
    :param renders: requests sent for it by this run, see docs/recovery.md; of texts that are the same, the first has
        them.
    :param renders_lost: those of them without complete audio.
    :param paid_characters: characters of its complete renders in this run.
    :param paid_seconds: audio seconds of its complete renders in this run.
    """

    record: InputRecord
    name: str
    text: str
    voice: str
    characters: int = 0
    unknown_tags: tuple[str, ...] = ()
    voice_id: str | None = None
    base: str | None = None
    has_timeline: bool = False
    pieces: int = 0
    renders: int = 0
    renders_lost: int = 0
    paid_characters: int = 0
    paid_seconds: float = 0.0

    @classmethod
    def of(cls, record: InputRecord, name: str, text: str, voice: str) -> SpeechInput:
        """Return the record of a text, with its length and the tags that the service is not known to have."""
        record.estimated_seconds = round(expected_seconds(text), 3) if text else None
        return cls(record, name, text, voice, len(text), unknown_tags(text) if text else ())

    @property
    def ref(self) -> str:
        """The reference of its text, voice and options: equal ones have the same audio."""
        return self.record.item.ref

    @property
    def label(self) -> str:
        """What to call it in a log."""
        uri = self.record.item.source.uri
        return f"{uri} ({self.name})" if self.name else uri

    def fail(self, error: Exception | str, *, transient: bool = False) -> None:
        """Note that it failed, and why; the reason of a JSON line names its id."""
        reason = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
        self.record.fail(f"{self.name}: {reason}" if self.name else reason, transient=transient)

    def to_row(self, price: SpeechPrice) -> dict[str, Any]:
        """Return its line of the manifest: the fields of a transcription's, and those of speech."""
        record = self.record
        return {
            **record.to_row(),
            "id": self.name or None,
            "voice": self.voice,
            "voice_id": self.voice_id,
            "characters": self.characters,
            "pieces": self.pieces,
            "renders": self.renders,
            "renders_lost": self.renders_lost,
            "unknown_tags": list(self.unknown_tags),
            "made_from": self.base,
            "estimated_cost": price.cost(self.characters, record.estimated_seconds or 0.0),
            "cost": price.cost(self.paid_characters, self.paid_seconds),
        }


@dataclass
class SpeechUnit:
    """Texts that are the same in text, voice and options: rendered once, written to the results of each.

    :param inputs: at least one; the first has the account of the renders.
    """

    inputs: list[SpeechInput] = field(default_factory=list)

    @property
    def first(self) -> SpeechInput:
        """The input that stands for all."""
        return self.inputs[0]

    @property
    def folder(self) -> ObjectAddress:
        """Where its pieces are: ``{destination}_pieces/{reference}/``."""
        return self.first.record.item.target.destination.below(f"_pieces/{self.first.ref}/")


def units_of(inputs: Iterable[SpeechInput]) -> list[SpeechUnit]:
    """Return the work that is to be done, in order: inputs that are made from stored audio are units of their own."""
    units: dict[tuple[str, str], SpeechUnit] = {}
    for one in inputs:
        if one.record.state is State.TO_DO:
            own = one.record.item.path if one.base else ""
            units.setdefault((one.ref, own), SpeechUnit()).inputs.append(one)
    return list(units.values())


def records_of(inputs: Sequence[SpeechInput]) -> list[InputRecord]:
    """Return the records that the rules of all transfers work on."""
    return [one.record for one in inputs]
