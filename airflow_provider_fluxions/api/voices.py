"""The voices of an account, and from the short name that users write to the voice that is served now."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from airflow_provider_fluxions.api import json_values
from airflow_provider_fluxions.api.errors import FluxionsInputError, FluxionsResponseError, FluxionsVoiceError
from airflow_provider_fluxions.api.printable import printable

MAX_VOICE_CHARACTERS = 200
_MAX_NAMED = 40


@dataclass(frozen=True)
class Voice:
    """One voice. Only ``voice_id`` is always there; unknown fields are in ``raw``.

    :param voice_id: The full id, ``maeve.h8ff7e07da``: the short one and the checkpoint (the model's version). A voice
        of the account has none: ``u-42``.
    :param id: The short id, which stays the same over checkpoints.
    """

    voice_id: str
    id: str
    name: str | None = None
    source: str | None = None
    status: str | None = None
    hidden: bool | None = None
    gender: str | None = None
    accent: str | None = None
    description: str | None = None
    style: str | None = None
    preview_text: str | None = None
    raw: json_values.Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: json_values.Json) -> Self:
        """Read one entry of the list.

        :raises FluxionsResponseError: it has no ``voice_id``.
        """
        voice_id = json_values.text(data.get("voice_id"))
        if not voice_id:
            raise FluxionsResponseError("Fluxions listed a voice without a voice_id.")
        names = ("name", "source", "status", "gender", "accent", "description", "style", "preview_text")
        texts: dict[str, Any] = {name: json_values.text(data.get(name)) for name in names}
        short = json_values.text(data.get("id")) or voice_id.partition(".")[0]
        return cls(voice_id, short, hidden=json_values.boolean(data.get("hidden")), raw=data, **texts)

    @property
    def checkpoint(self) -> str | None:
        """The version of the model that speaks; None for a voice without one."""
        return self.voice_id.partition(".")[2] or None

    @property
    def is_ready(self) -> bool:
        """Whether it can speak now, as far as the list shows."""
        return self.status is None or self.status.lower() == "ready"


def read_voices(data: json_values.Json) -> tuple[Voice, ...]:
    """Return the voices of a response, in its order, without entries that have no ``voice_id``.

    :raises FluxionsResponseError: it is not a list of voices.
    """
    entries = data.get("voices")
    if not isinstance(entries, list):
        raise FluxionsResponseError("Fluxions responded without a list of voices.")
    return tuple(
        Voice.from_json(entry) for entry in json_values.objects(entries) if json_values.text(entry.get("voice_id"))
    )


def find_voice(wanted: str, voices: Sequence[Voice]) -> Voice | None:
    """Return the voice with this full id, else the one with this short id; None if there is none.

    Two checkpoints of a voice can be served side by side. Of these, a voice that is ready and not hidden comes first,
    then the order of the list decides.
    """
    exact = next((voice for voice in voices if voice.voice_id == wanted), None)
    named = [voice for voice in voices if voice.id == wanted]
    return exact or min(named, key=lambda voice: (not voice.is_ready, bool(voice.hidden)), default=None)


def check_voice(voice: object) -> str:
    """Return a voice's name, short or full, if it can be sent.

    :raises FluxionsInputError: it is not text, is empty or too long, or has characters that cannot be printed.
    """
    if not isinstance(voice, str) or not voice.strip() or not voice.isprintable() or len(voice) > MAX_VOICE_CHARACTERS:
        raise FluxionsInputError(f"voice must be the id of a voice such as 'maeve', not {json_values.shown(voice)}.")
    return voice.strip()


class VoiceSource(Protocol):
    """What lists voices: a client."""

    def list_hosted_voices(self) -> tuple[Voice, ...]:
        """Return the voices that Fluxions offers to everyone."""

    def list_own_voices(self) -> tuple[Voice, ...]:
        """Return the account's own voices."""


class VoiceList:
    """Full ids of voices, for one task; threads can share it.

    Voices are listed when the first one is needed, the account's own only if the hosted ones do not have it, and once
    more for each voice that a render refuses.
    """

    def __init__(self, client: VoiceSource) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._hosted: tuple[Voice, ...] | None = None
        self._own: tuple[Voice, ...] | None = None
        self._resolved: dict[str, str] = {}
        self._missing: dict[str, FluxionsVoiceError] = {}

    def resolve(self, voice: str) -> str:
        """Return the full id of a voice. An id that no list has is returned as given: the service decides.

        :raises FluxionsInputError: ``voice`` cannot be the name of a voice.
        :raises FluxionsVoiceError: `resolve_again` did not find it before.
        :raises FluxionsRequestError: the list cannot be read.
        """
        wanted = check_voice(voice)
        with self._lock:
            if wanted in self._missing:
                raise self._error(wanted)
            if wanted not in self._resolved:
                found = self._find(wanted)
                self._resolved[wanted] = found.voice_id if found else wanted
            return self._resolved[wanted]

    def resolve_again(self, voice: str, *, refused: str) -> str:
        """Return the full id of a voice after a render with the id ``refused`` responded with 404.

        Lists again, once for each refused id: threads that were refused the same id share the new one.

        :raises FluxionsVoiceError: there is no such voice, or still the refused one. It names those that exist.
        :raises FluxionsRequestError: the list cannot be read.
        """
        wanted = check_voice(voice)
        with self._lock:
            if wanted in self._missing:
                raise self._error(wanted)
            known = self._resolved.get(wanted)
            if known is not None and known != refused:
                return known
            self._hosted = self._own = None
            found = self._find(wanted)
            if found is None or found.voice_id == refused:
                self._missing[wanted] = unknown_voice(wanted, self._hosted or (), self._own_voices())
                raise self._error(wanted)
            self._resolved[wanted] = found.voice_id
            return found.voice_id

    def _error(self, wanted: str) -> FluxionsVoiceError:
        """Return a new error each time: a raised one gets the traceback of its thread."""
        return FluxionsVoiceError(str(self._missing[wanted]), status_code=404)

    def _find(self, wanted: str) -> Voice | None:
        if self._hosted is None:
            self._hosted = self._client.list_hosted_voices()
        return find_voice(wanted, self._hosted) or find_voice(wanted, self._own_voices())

    def _own_voices(self) -> tuple[Voice, ...]:
        if self._own is None:
            self._own = self._client.list_own_voices()
        return self._own


def unknown_voice(wanted: str, hosted: Sequence[Voice], own: Sequence[Voice]) -> FluxionsVoiceError:
    """Return the error for a voice that does not exist; it names those that do."""
    names = list(dict.fromkeys(voice.id for voice in (*hosted, *own)))
    more = f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
    known = ", ".join(printable(name, 60) for name in names[:_MAX_NAMED]) or "none"
    return FluxionsVoiceError(
        f"Fluxions does not speak with the voice {printable(repr(wanted), 220)} (HTTP 404). Voices: {known}{more}. "
        "Set voice to one of them.",
        status_code=404,
    )
