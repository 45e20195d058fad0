"""Coverage-guided fuzzing of what reads answers and transcripts: see scripts/fuzz."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["airflow_provider_fluxions"]):
    from tests.fuzz import targets

_STATUSES = (200, 200, 200, 204, 301, 400, 401, 402, 404, 408, 422, 429, 500, 503)


def fuzz(data: bytes) -> None:
    """Let the first bytes choose what the others are: a transcript, or an answer with its status and a header."""
    provider = atheris.FuzzedDataProvider(data)
    choice = provider.ConsumeIntInRange(0, len(_STATUSES))
    if choice == len(_STATUSES):
        targets.read_text(provider.ConsumeUnicode(4096))
        return
    headers = {"Retry-After": provider.ConsumeUnicodeNoSurrogates(40)} if provider.ConsumeBool() else {}
    targets.read_answer(_STATUSES[choice], headers, provider.ConsumeBytes(65_536))


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()
