"""Job ids. They are numbers in the page's examples, and opaque here."""

from __future__ import annotations

import re

from airflow_provider_fluxions.api.errors import FluxionsInputError, JobId
from airflow_provider_fluxions.api.json_values import shown

# Text that could change a URL's path, or a list rendered to text, is not an id.
_PLAIN_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]*")
MAX_ID_CHARACTERS = 200
_END_OF_NUMBERS = 10**200


def check_job_id(value: object) -> JobId:
    """Return a job id unchanged.

    :raises FluxionsInputError: if it is neither a whole number nor a plain word, or has more than 200 characters.
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _END_OF_NUMBERS:
        return value
    if isinstance(value, str) and is_plain_word(value, MAX_ID_CHARACTERS) and value.lower() not in ("none", "null"):
        return value
    raise FluxionsInputError(
        f"A job id must be a number or a plain word such as FluxionsSubmitOperator returns, not {shown(value)}. If it "
        "comes by XCom, check that the submitting task ran and which of its values is pulled."
    )


def is_plain_word(value: object, max_characters: int) -> bool:
    """Return whether a value is one word of ASCII letters, digits and ``._~:-``, so that a message can show it."""
    return isinstance(value, str) and len(value) <= max_characters and _PLAIN_WORD.fullmatch(value) is not None


def job_key(job_id: JobId) -> str:
    """Return an id in the form for comparisons, because templates turn the API's numbers into text."""
    return str(job_id)
