"""The modules that hold rules, and the tests that say so."""

from __future__ import annotations

from collections.abc import Sequence


def tests_in(folder: str, *names: str) -> tuple[str, ...]:
    """Return paths of test files of one folder."""
    return tuple(f"{folder}/test_{name}.py" for name in names)


API_TESTS = tests_in(
    "tests/unit", "once", "once_table", "search", "recent_jobs", "reference", "renaming", "responses", "redaction",
    "limits", "session", "echoes", "identity", "speech_text",
)  # fmt: skip
POLLING_TESTS = tests_in(
    "tests/unit/polling", "sweep", "survey", "verdict", "loop", "inplace", "news", "watcher", "calls"
)
TRANSFER_TESTS = tests_in(
    "tests/airflow", *(f"transfer_{name}" for name in ("rules", "ownership", "arguments", "names"))
)
CAPTION_TESTS = tests_in("tests/unit/formats", "captions", "cue_rules", "breaking", "srt", "vtt", "options", "golden")
# A test outside of these may notice a change too.
MODULES: dict[str, Sequence[str]] = {
    "api/once": API_TESTS,
    "api/search": API_TESTS,
    "api/recent_jobs": API_TESTS,
    "api/reference": API_TESTS,
    "api/renaming": API_TESTS,
    "api/responses": API_TESTS,
    "api/retry_after": API_TESTS,
    "api/redaction": API_TESTS,
    "api/pausing": API_TESTS,
    "api/stall": API_TESTS,
    "api/limits": API_TESTS,
    "polling/sweep": POLLING_TESTS,
    "polling/survey": POLLING_TESTS,
    "polling/verdict": POLLING_TESTS,
    "transfers/plan": TRANSFER_TESTS,
    "transfers/entry": TRANSFER_TESTS,
    "transfers/ownership": TRANSFER_TESTS,
    "transfers/selection": TRANSFER_TESTS,
    "formats/captions": CAPTION_TESTS,
    "formats/cutting": CAPTION_TESTS,
    "formats/breaking": CAPTION_TESTS,
}
