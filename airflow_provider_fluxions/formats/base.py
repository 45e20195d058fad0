"""What a result format is, and a choice of one with its options."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.read import shown
from airflow_provider_fluxions.formats.signed_links import without_told_links


@dataclass(frozen=True)
class Options:
    """The options of a format that has none of its own; others derive from it.

    Options are plain JSON values, checked when they are made, so that a DAG with a wrong one does not parse.

    :param speaker_names: by speaker's label, such as ``{"0": "Agent"}``. Labels themselves stay in tables.
    """

    speaker_names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = self.speaker_names
        if not isinstance(names, Mapping) or not all(isinstance(name, str) and name.strip() for name in names.values()):
            raise FluxionsFormatError(f"speaker_names must be like {{'0': 'Agent'}}, not {shown(names)}.")

    def check_boolean(self, *names: str) -> None:
        """Raise FluxionsFormatError for one of these options that is not true or false."""
        for name in names:
            if not isinstance(getattr(self, name), bool):
                raise FluxionsFormatError(f"{name} must be true or false, not {shown(getattr(self, name))}.")

    def check_choice(self, name: str, allowed: Iterable[Any]) -> None:
        """Raise FluxionsFormatError if this option is none of the allowed values."""
        value = getattr(self, name)
        if value not in tuple(allowed):
            raise FluxionsFormatError(f"{name} must be one of {', '.join(map(str, allowed))}, not {shown(value)}.")


@dataclass(frozen=True)
class Origin:
    """What a table says about where a transcription comes from; all that is not known stays null.

    :param source_uri: of the recording, as its ETag and size.
    :param stored_uri: of the stored JSON, where a conversion was made from one.
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


UNKNOWN_ORIGIN = Origin()


@dataclass(frozen=True)
class Format:
    """One way to write a transcription.

    :param name: what users put into ``formats=(...)``.
    :param extension: of the file, with its dot.
    :param content_type: the media type to store with the bytes.
    :param write: makes the bytes of one file; the same transcription always gives the same bytes. Takes the
        options as its second argument, or none for the defaults.
    :param options: the class of its options.
    :param require: raises FluxionsFormatError where the extra that it needs is not installed.
    """

    name: str
    extension: str
    content_type: str
    write: Callable[..., bytes]
    options: type[Options] = Options
    require: Callable[[], object] = lambda: None

    def extensions(self, options: Any) -> tuple[str, ...]:  # formats of several files ask it
        """Return the extensions of the files that it writes with these options."""
        return (self.extension,)

    def files(self, transcription: Transcription, options: Any, origin: Origin) -> dict[str, bytes]:
        """Return the files by extension.

        :raises FluxionsFormatError: this transcription cannot be written that way.
        """
        return {self.extension: self.write(transcription, options)}

    def read_options(self, given: Mapping[str, Any]) -> Any:
        """Return options from plain values.

        :raises FluxionsFormatError: one is unknown or cannot be so; the message names format and option.
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
    """A format with its options: what an operator writes."""

    format: Format
    options: Any

    @property
    def extensions(self) -> tuple[str, ...]:
        """The extensions of the files that it writes."""
        return self.format.extensions(self.options)

    @property
    def mark(self) -> str:
        """What tells the options apart, stored beside an output: empty for the defaults."""
        changed = {
            one.name: getattr(self.options, one.name)
            for one in fields(self.options)
            if getattr(self.options, one.name) != getattr(self.format.options(), one.name)
        }
        return repr(sorted((name, _plain(value)) for name, value in changed.items())) if changed else ""

    def files(self, transcription: Transcription, origin: Origin = UNKNOWN_ORIGIN) -> dict[str, bytes]:
        """Return the files by extension.

        :raises FluxionsFormatError: this transcription cannot be written that way.
        """
        told = without_told_links(transcription)
        return self.format.files(told.named(self.options.speaker_names), self.options, origin)


def _plain(value: Any) -> Any:
    """Return a value whose repr is the same for equal options."""
    if isinstance(value, Mapping):
        return sorted((str(name), str(one)) for name, one in value.items())
    return list(value) if isinstance(value, list | tuple) else value
