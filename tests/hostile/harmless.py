"""What must hold for every hostile input, in one function.

1. The result is a value or a `FluxionsError`.
2. The API key, the text of a transcript and the signature of a link are in no error, log record or stored value.
3. The time is bounded: by CPU seconds here, and by timeouts as arguments where a service is slow.
4. The memory is bounded.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import pickle
import resource
import sys
import time
import traceback
import tracemalloc
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from airflow_provider_fluxions.api.errors import FluxionsError

# URLs, JSON and HTML each escape some of its characters, and leave "s3cret" as it is.
KEY = 's3cret/k&y+<"1'
SPELLINGS = {
    "as sent": KEY,
    "after Bearer": f"Bearer {KEY}",
    "escaped for a URL": quote(KEY, safe=""),
    "escaped for JSON": json.dumps(KEY)[1:-1],
    "escaped for HTML": html.escape(KEY),
    "in base64": base64.b64encode(KEY.encode()).decode(),
}
TRANSCRIPT = "Tr4nsfer 40,000 to account 1234-5678"
LINK = "https://bucket.r2.test/a.mp3?X-Amz-Signature=S1gnature&X-Amz-Expires=900"
# Parts that stay the same, however the whole is escaped.
KEY_MARKS = ("s3cret", SPELLINGS["in base64"][:12])
TRANSCRIPT_MARK = "Tr4nsfer"
LINK_MARK = "S1gnature"
MARKS = (*KEY_MARKS, TRANSCRIPT_MARK, LINK_MARK)

MAX_CPU_SECONDS = 20.0
MAX_MIB = 24.0
# They log what they send to S3 and what they receive, at DEBUG.
FOREIGN_LOGGERS = ("asyncio", "boto3", "botocore", "hypothesis", "moto", "s3transfer", "werkzeug")
OUR_LOGGERS = "airflow_provider_fluxions"


@dataclass(frozen=True)
class Outcome:
    """What a user sees: a value or an error."""

    value: Any
    error: BaseException | None

    @property
    def shown(self) -> str:
        """The message, or the value as text."""
        return repr(self.value) if self.error is None else str(self.error)


def assert_harmless(
    act: Callable[[], Any],
    *,
    kept: Callable[[], Iterable[Any]] = tuple,
    marks: Collection[str] = MARKS,
    value_marks: Collection[str] = KEY_MARKS,
    max_mib: float = MAX_MIB,
    resident: bool = False,
) -> Outcome:
    """Do something with a hostile input, and return its outcome if all four rules held.

    :param kept: returns what was stored or sent on: XComs, events, manifests, files.
    :param marks: what must be in no error, no log record and nothing of ``kept``.
    :param resident: measure the memory of the process instead of Python's allocations, which takes no time.
    :param value_marks: what must not be in the value. A transcript is the value that a user asked for.
    """
    with recorded_logs() as logs, measured(resident=resident) as spent:
        outcome = _outcome(act)
    # Outside of the handler of the exception, which would be the context of a failure.
    assert spent.cpu_seconds < MAX_CPU_SECONDS, f"{spent.cpu_seconds:.1f} s of CPU"
    assert spent.peak_mib < max_mib, f"{spent.peak_mib:.1f} MiB"
    if outcome.error is not None:
        assert is_expected(outcome.error), "".join(traceback.format_exception(outcome.error))
        assert_hidden(everything_of(outcome.error), marks, "the error")
        assert_one_printable_line(str(outcome.error))
    else:
        assert_hidden(f"{outcome.value!r}{getattr(outcome.value, 'raw', '')!r}", value_marks, "the value")
    for logger, text in logs:
        assert_hidden(text, marks, f"a log record of {logger}")
    for thing in kept():
        assert_hidden(thing if isinstance(thing, str) else repr(thing), marks, "what is stored")
    return outcome


def _outcome(act: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(act(), None)
    except Exception as error:  # whatever is raised is judged
        return Outcome(None, error)


def is_expected(error: BaseException) -> bool:
    """Whether an exception is one of ours, or Airflow's with one of ours as its cause."""
    return isinstance(error, FluxionsError) or isinstance(error.__cause__, FluxionsError)


def assert_hidden(text: str, marks: Collection[str], where: str) -> None:
    """Fail if a secret is in a text, and show its surroundings."""
    for mark in marks:
        at = text.find(mark)
        assert at < 0, f"{mark} is in {where}: ...{text[max(0, at - 300) : at + 100]}"


def assert_one_printable_line(message: str) -> None:
    """Fail if a message could steer a terminal or forge a log line."""
    unsafe = {char for char in message if not char.isprintable() and char not in "\u200c\u200d"}
    assert not {char for char in unsafe if char < "\xa0" or char in "\u2028\u2029\u202e"}, message


def everything_of(error: BaseException) -> str:
    """Return all that an error shows: its text, its attributes, its pickle, its traceback and its whole chain."""
    texts, left, seen = ["".join(traceback.format_exception(error))], [error], set()
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        texts += [repr(one), str(one), repr(vars(one))]
        if isinstance(one, FluxionsError):
            packed = pickle.dumps(one)
            assert str(pickle.loads(packed)) == str(one)  # noqa: S301 - our own bytes
            texts.append(packed.decode("latin-1"))
        left += [link for link in (one.__cause__, one.__context__) if link is not None]
    return "\n".join(texts)


@contextmanager
def recorded_logs() -> Iterator[list[tuple[str, str]]]:
    """Collect every log record at DEBUG, with its traceback; check that each of ours is printable."""
    records: list[tuple[str, str]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith(FOREIGN_LOGGERS):
                records.append((record.name, logging.Formatter().format(record)))

    root, handler = logging.getLogger(), Keep(logging.DEBUG)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield records
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    for logger, text in records:
        if logger.startswith(OUR_LOGGERS):
            assert_one_printable_line(text.partition("\nTraceback")[0])


@dataclass
class Spent:
    """What a call took."""

    cpu_seconds: float = 0.0
    peak_mib: float = 0.0


@contextmanager
def measured(*, resident: bool) -> Iterator[Spent]:
    """Measure CPU seconds of the process and the most memory on top.

    :param resident: above the most that the process ever had; else what Python allocated above the beginning.
    """
    spent = Spent()
    before, started = _most_resident_mib(), time.process_time()
    if not resident:
        tracemalloc.start()
    try:
        yield spent
    finally:
        spent.cpu_seconds = time.process_time() - started
        spent.peak_mib = _most_resident_mib() - before
        if not resident:
            spent.peak_mib = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()


def _most_resident_mib() -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
