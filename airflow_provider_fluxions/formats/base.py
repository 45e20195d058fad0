"""The class of a result format, and a format with its options."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.signed_links import without_known_links


@dataclass(frozen=True)
class Options:
    """The options that all formats share. Formats with further options derive from it.

    Options are plain JSON values. They are checked when they are created, so an invalid option fails at DAG parsing.

    :param speaker_names: Names by speaker label, such as ``{"0": "Agent"}``. Tables keep the label, too.
    """

    speaker_names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = self.speaker_names
        if not isinstance(names, Mapping) or not all(isinstance(name, str) and name.strip() for name in names.values()):
            raise FluxionsFormatError(f"speaker_names must be like {{'0': 'Agent'}}, not {shown(names)}.")

    def check_boolean(self, *names: str) -> None:
        """Raise FluxionsFormatError if one of these options is not a boolean."""
        for name in names:
            if not isinstance(getattr(self, name), bool):
                raise FluxionsFormatError(f"{name} must be true or false, not {shown(getattr(self, name))}.")

    def check_choice(self, name: str, allowed: Iterable[Any]) -> None:
        """Raise FluxionsFormatError if this option has another value than the allowed ones."""
        value = getattr(self, name)
        if value not in tuple(allowed):
            raise FluxionsFormatError(f"{name} must be one of {', '.join(map(str, allowed))}, not {shown(value)}.")


@dataclass(frozen=True)
class Provenance:
    """Where a transcription came from, for the columns of a table. Unknown values stay null.

    :param source_uri: URI of the recording; ETag and size are also those of the recording.
    :param stored_uri: URI of the stored JSON result, for a conversion.
    """

    source_uri: str | None = None
    source_etag: str | None = None
    source_bytes: int | None = None
    stored_uri: str | None = None
    client_ref: str | None = None
    non_speech_requested: bool | None = None
    dag_id: str | None = None
    task_id: str | None = None
    run_id: str | None = None
    map_index: int | None = None
    ingested_at: datetime | None = None


UNKNOWN_PROVENANCE = Provenance()


@dataclass(frozen=True)
class Format:
    """One way to write a transcription.

    :param name: The name in ``formats=(...)``.
    :param extension: File extension, with its dot.
    :param content_type: Media type to store with the bytes.
    :param write: Function that returns the bytes of one file. The same transcription always gives the same bytes. The
        options are its optional second argument.
    :param options: Class of its options.
    :param require: Function that raises FluxionsFormatError if a required extra is not installed.
    """

    name: str
    extension: str
    content_type: str
    write: Callable[..., bytes]
    options: type[Options] = Options
    require: Callable[[], object] = lambda: None

    def extensions(self, options: Any) -> tuple[str, ...]:  # used by formats of several files
        """Return the extensions of the files that it writes with these options."""
        return (self.extension,)

    def files(self, transcription: Transcription, options: Any, provenance: Provenance) -> dict[str, bytes]:
        """Return the files by extension.

        :raises FluxionsFormatError: if this transcription cannot be written in this format.
        """
        return {self.extension: self.write(transcription, options)}

    def read_options(self, given: Mapping[str, Any]) -> Any:
        """Return options from plain values.

        :raises FluxionsFormatError: if an option is unknown or invalid; the message names format and option.
        """
        if not isinstance(given, Mapping):
            raise FluxionsFormatError(f"The options of {self.name} must be a mapping, not {shown(given)}.")
        known = [one.name for one in fields(self.options)]
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise FluxionsFormatError(
                    f"The format {self.name} has no option {shown(name)}.{hint} It has {', '.join(known)}."
                )
        try:
            return self.options(**given)
        except FluxionsFormatError as error:
            raise FluxionsFormatError(f"Format {self.name}: {error}") from error


@dataclass(frozen=True)
class Choice:
    """A format with its options, as an operator writes it."""

    format: Format
    options: Any

    @property
    def extensions(self) -> tuple[str, ...]:
        """The extensions of the files that this format writes."""
        return self.format.extensions(self.options)

    @property
    def changed_options(self) -> str:
        """The options digest, stored with an output. Empty for the defaults."""
        changed = {
            one.name: getattr(self.options, one.name)
            for one in fields(self.options)
            if getattr(self.options, one.name) != getattr(self.format.options(), one.name)
        }
        return repr(sorted((name, _plain(value)) for name, value in changed.items())) if changed else ""

    def files(self, transcription: Transcription, provenance: Provenance = UNKNOWN_PROVENANCE) -> dict[str, bytes]:
        """Return the files by extension.

        :raises FluxionsFormatError: if this transcription cannot be written in this format.
        """
        clean = without_known_links(transcription)
        return self.format.files(clean.named(self.options.speaker_names), self.options, provenance)


def _plain(value: Any) -> Any:
    """Return a value with the same repr for equal options."""
    if isinstance(value, Mapping):
        return sorted((str(name), str(one)) for name, one in value.items())
    return list(value) if isinstance(value, list | tuple) else value
