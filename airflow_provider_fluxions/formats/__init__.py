"""Result formats: a :class:`~airflow_provider_fluxions.api.models.Transcription` in, bytes out.

How to add a format:

1. Create ``formats/<name>.py`` with ``def write(transcription) -> bytes``: no I/O, no clock, no Airflow.
   Raise :class:`~airflow_provider_fluxions.api.errors.FluxionsFormatError`, with the job's id, where a
   transcription cannot be written that way; never leave speech out. An empty transcription is a valid file.
2. At its end put ``FORMAT = Format("<name>", ".<extension>", "<media type>", write)``.
3. Add it to ``_ALL`` below: that line is the registry, and operators offer whatever stands there.
4. Add ``tests/unit/formats/test_<name>.py``. Read the bytes back with somebody else's reader there.

What an extra brings (pyarrow, say) is imported inside ``write``, with an error that names the extra. Captions
share :mod:`~airflow_provider_fluxions.formats.captions`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import jsonl, plain_text, raw_json, srt, vtt
from airflow_provider_fluxions.formats.base import Format

__all__ = ["FORMATS", "Format", "check_formats", "get_format", "render"]

_ALL = (raw_json.FORMAT, plain_text.FORMAT, srt.FORMAT, vtt.FORMAT, jsonl.FORMAT)

FORMATS: Mapping[str, Format] = MappingProxyType({one.name: one for one in _ALL})


def get_format(name: str) -> Format:
    """Return the format of this name.

    :raises FluxionsFormatError: there is none; the message lists all, and the one that was probably meant.
    """
    if isinstance(name, str) and name in FORMATS:
        return FORMATS[name]
    near = difflib.get_close_matches(str(name).strip(" .").lower(), FORMATS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise FluxionsFormatError(f"There is no result format {name!r}.{hint} The formats are {', '.join(FORMATS)}.")


def check_formats(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names as a tuple if a task can use them: at least one, each known, none twice.

    :raises FluxionsFormatError: it cannot. Text such as ``"json"`` is refused where a list is meant,
        because its letters would be taken for names.
    """
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        raise FluxionsFormatError(f"formats must be a list of names such as ['json', 'srt'], not {names!r}.")
    checked = tuple(get_format(name).name for name in names)
    if not checked:
        raise FluxionsFormatError(f"formats is empty; name at least one of {', '.join(FORMATS)}.")
    if len(set(checked)) < len(checked):
        raise FluxionsFormatError(f"formats names one twice: {', '.join(checked)}.")
    return checked


def render(transcription: Transcription, name: str) -> bytes:
    """Write a transcription in the named format.

    :raises FluxionsFormatError: there is no such format, or this transcription cannot be written in it.
    """
    return get_format(name).write(transcription)
