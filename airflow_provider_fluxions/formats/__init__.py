"""Result formats: a :class:`~airflow_provider_fluxions.api.models.Transcription` in, bytes out.

How to add a format:

1. Create ``formats/<name>.py`` with ``def write(transcription, options=DEFAULTS) -> bytes``: no I/O, no clock, no
   Airflow. Raise :class:`~airflow_provider_fluxions.api.errors.FluxionsFormatError`, with the job's id, where a
   transcription cannot be written that way; never leave speech out. An empty transcription is a valid file.
2. Its options are a frozen dataclass that derives from :class:`~airflow_provider_fluxions.formats.base.Options`
   and checks itself when it is made; `Options` itself if it has none.
3. At its end put ``FORMAT = Format("<name>", ".<extension>", "<media type>", write, <options>)``. A format of
   several files derives from `Format`; ``TableFormat`` in ``table_format.py`` shows how.
4. Add it to ``_ALL`` below: that line is the registry, and operators offer whatever stands there.
5. Add ``tests/unit/formats/test_<name>.py``. Read the bytes back with somebody else's reader there.

What an extra brings (pyarrow, say) is imported inside ``write``, with an error that names the extra; ``require`` of the
format raises it too, so that nothing is paid for what cannot be written. Captions share
:mod:`~airflow_provider_fluxions.formats.captions`, tables :mod:`~airflow_provider_fluxions.formats.tables`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.read import shown
from airflow_provider_fluxions.formats import jsonl, parquet, plain_text, raw_json, srt, vtt
from airflow_provider_fluxions.formats.base import Choice, Format
from airflow_provider_fluxions.formats.signed_links import without_told_links
from airflow_provider_fluxions.formats.stored import read_stored

__all__ = [
    "FORMATS",
    "Choice",
    "Format",
    "check_formats",
    "choose",
    "choose_installed",
    "get_format",
    "read_stored",
    "render",
    "render_files",
]

_ALL = (raw_json.FORMAT, plain_text.FORMAT, srt.FORMAT, vtt.FORMAT, jsonl.FORMAT, parquet.FORMAT)

FORMATS: Mapping[str, Format] = MappingProxyType({one.name: one for one in _ALL})


def get_format(name: str) -> Format:
    """Return the format of this name.

    :raises FluxionsFormatError: there is none; the message lists all, and the one that was probably meant.
    """
    if isinstance(name, str) and name in FORMATS:
        return FORMATS[name]
    near = difflib.get_close_matches(str(name).strip(" .").lower(), FORMATS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise FluxionsFormatError(f"There is no result format {shown(name)}.{hint} The formats are {', '.join(FORMATS)}.")


def check_formats(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names as a tuple if a task can use them: at least one, each known, none twice.

    :raises FluxionsFormatError: it cannot. Text such as ``"json"`` is refused where a list is meant,
        because its letters would be taken for names.
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

    :param options: by format, such as ``{"vtt": {"preset": "netflix"}}``; what is not given is the default.
    :raises FluxionsFormatError: see :func:`check_formats`; or an option is unknown, cannot be so, or belongs to a
        format that is not among the names.
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
    """Return formats as :func:`choose` does, if they can be written here: to be asked before anything is paid.

    :raises FluxionsFormatError: as :func:`choose`; or an extra is not installed on this machine.
    """
    choices = choose(names, options)
    for choice in choices:
        choice.format.require()
    return choices


def render(transcription: Transcription, name: str, /, **options: Any) -> bytes:
    """Write a transcription in the named format.

    :raises FluxionsFormatError: there is no such format or option, this transcription cannot be written that way,
        or the result would be several files.
    """
    chosen = get_format(name).read_options(options)
    return get_format(name).write(without_told_links(transcription).named(chosen.speaker_names), chosen)


def render_files(transcription: Transcription, name: str, /, **options: Any) -> dict[str, bytes]:
    """Write a transcription in the named format, which may be several files; return them by extension.

    :raises FluxionsFormatError: as :func:`render`, but for the number of files.
    """
    return Choice(get_format(name), get_format(name).read_options(options)).files(transcription)
