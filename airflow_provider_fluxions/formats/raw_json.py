"""``json``: the answer as it was received, the source from which any other format can be made again.

One line, UTF-8, members in the order received. One line because that is what Athena, Spark and
BigQuery take for a record, and a third of the size that indentation gives once there are words.

``audio_url`` and ``original_audio_url`` are written as null. They are signed links: useless once they
expire, and until then whoever reads the stored file could fetch the audio without any key.
"""

from __future__ import annotations

import json

from airflow_provider_fluxions.api.errors import FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats.base import Format, Options

_SIGNED_LINKS = ("audio_url", "original_audio_url")

DEFAULTS = Options()


def write(transcription: Transcription, options: Options = DEFAULTS) -> bytes:  # noqa: ARG001  # it has none
    """Write the JSON the transcription was read from, without its signed links.

    :raises FluxionsFormatError: it was not read from JSON, so writing ``{}`` would lose it.
    """
    if not transcription.raw:
        raise FluxionsFormatError(
            "The json format writes what the API answered, but this transcription was read from no answer.",
            job_id=transcription.id,
        )
    kept = {name: None if name in _SIGNED_LINKS else value for name, value in transcription.raw.items()}
    line = json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n"
    # JSON may hold half a surrogate pair, which UTF-8 cannot; backslashreplace writes the escape that JSON
    # has for it (RFC 8259, section 8.2).
    return line.encode("utf-8", errors="backslashreplace")


FORMAT = Format("json", ".json", "application/json", write)
