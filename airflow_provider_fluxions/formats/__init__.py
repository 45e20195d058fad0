"""Result formats: a :class:`~airflow_provider_fluxions.api.models.Transcription` in, bytes out.

How to add a format:

1. Create ``formats/<name>.py`` with ``def write(transcription, options=DEFAULTS) -> bytes``: no I/O, no clock, no
   Airflow. If a transcription cannot be written in this format, raise
   :class:`~airflow_provider_fluxions.api.errors.FluxionsFormatError` with the job's id; never leave speech out. An
   empty transcription gives a valid file.
2. Write its options as a frozen dataclass that derives from :class:`~airflow_provider_fluxions.formats.base.Options`
   and checks its values when it is created. Use `Options` itself if the format has no options.
3. End the file with ``FORMAT = Format("<name>", ".<extension>", "<media type>", write, <options>)``. A format of
   several files derives from `Format`; see ``TableFormat`` in ``table_format.py``.
4. Add it to ``_ALL`` below. That line is the registry, and operators offer all formats in it.
5. Add ``tests/unit/formats/test_<name>.py``, and read the bytes back with a reader from another project.

Import packages of an extra (such as pyarrow) inside ``write``, with an error that names the extra. ``require`` of the
format raises this error before a submit, so that a job is never charged for a result that cannot be written. Captions
share
:mod:`~airflow_provider_fluxions.formats.captions`, tables :mod:`~airflow_provider_fluxions.formats.tables`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.json_values import shown
from airflow_provider_fluxions.api.models import Transcription, register_renderer
from airflow_provider_fluxions.formats import jsonl, parquet, plain_text, raw_json, srt, vtt
from airflow_provider_fluxions.formats.base import Choice, Format
from airflow_provider_fluxions.formats.signed_links import without_known_links
from airflow_provider_fluxions.formats.stored import read_stored

__all__ = [
    "FORMATS",
    "Choice",
    "Format",
    "base",
    "captions",
    "check_formats",
    "choose",
    "choose_installed",
    "get_format",
    "read_stored",
    "render",
    "render_files",
    "table_format",
    "tables",
]

_ALL = (raw_json.FORMAT, plain_text.FORMAT, srt.FORMAT, vtt.FORMAT, jsonl.FORMAT, parquet.FORMAT)

FORMATS: Mapping[str, Format] = MappingProxyType({one.name: one for one in _ALL})


def get_format(name: str) -> Format:
    """Return the format of this name.

    :raises FluxionsFormatError: if there is none; the message lists all formats and suggests a similar name.
    """
    if isinstance(name, str) and name in FORMATS:
        return FORMATS[name]
    near = difflib.get_close_matches(str(name).strip(" .").lower(), FORMATS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise FluxionsFormatError(f"There is no result format {shown(name)}.{hint} The formats are {', '.join(FORMATS)}.")


def check_formats(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names as a tuple: at least one name, each known and different.

    :raises FluxionsFormatError: if the names are invalid. Text such as ``"json"`` instead of a list is refused, because
        each letter would count as a name.
    """
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        raise FluxionsFormatError(f"formats must be a list of names such as ['json', 'srt'], not {shown(names)}.")
    checked = tuple(get_format(name).name for name in names)
    if not checked:
        raise FluxionsFormatError(f"formats is empty; name at least one of {', '.join(FORMATS)}.")
    if len(set(checked)) < len(checked):
        raise FluxionsFormatError(f"formats names one twice: {', '.join(checked)}.")
    return checked


def choose(names: Iterable[str], options: Mapping[str, Mapping[str, Any]] | None = None) -> tuple[Choice, ...]:
    """Return formats with their options, in the order of the names.

    :param options: Options by format, such as ``{"vtt": {"preset": "netflix"}}``. Other options have their defaults.
    :raises FluxionsFormatError: as :func:`check_formats`, and if an option is unknown, invalid, or of a format that is
        not among the names.
    """
    checked = check_formats(names)
    given = {} if options is None else options
    if not isinstance(given, Mapping):
        raise FluxionsFormatError(f"format_options must be like {{'vtt': {{'preset': 'bbc'}}}}, not {shown(options)}.")
    for name in given:
        if get_format(name).name not in checked:
            raise FluxionsFormatError(f"format_options are given for {name}, which is not among formats: {checked}.")
    return tuple(Choice(get_format(name), get_format(name).read_options(given.get(name, {}))) for name in checked)


def choose_installed(
    names: Iterable[str], options: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[Choice, ...]:
    """Return formats as :func:`choose` does, if they can be written on this machine. Call it before a submit.

    :raises FluxionsFormatError: as :func:`choose`, and if an extra is not installed on this machine.
    """
    choices = choose(names, options)
    for choice in choices:
        choice.format.require()
    return choices


def render(transcription: Transcription, name: str, /, **options: Any) -> bytes:
    """Write a transcription in the named format.

    :raises FluxionsFormatError: if there is no such format or option, if this transcription cannot be written that
        way, or if the result would be several files.
    """
    chosen = get_format(name).read_options(options)
    return get_format(name).write(without_known_links(transcription).named(chosen.speaker_names), chosen)


def render_files(transcription: Transcription, name: str, /, **options: Any) -> dict[str, bytes]:
    """Write a transcription in the named format, also as several files; return them by extension.

    :raises FluxionsFormatError: as :func:`render`, except for the number of files.
    """
    return Choice(get_format(name), get_format(name).read_options(options)).files(transcription)


register_renderer(render)
