"""The modules that hold rules, and the tests that say so."""

from __future__ import annotations

from collections.abc import Sequence


def tests_in(folder: str, *names: str) -> tuple[str, ...]:
    """Return paths of test files of one folder."""
    return tuple(f"{folder}/test_{name}.py" for name in names)


API_TESTS = (
    *tests_in(
        "tests/unit/api", "submit_once", "submit_once_table", "job_search", "recent_jobs", "job_reference",
        "job_warnings", "job_calls", "job_errors",
        "responses", "redaction", "limits", "session", "echoes",
    ),
    *tests_in("tests/unit", "speech_text"),
)  # fmt: skip
POLLING_TESTS = (
    *tests_in("tests/unit/polling", "poll_planner", "watched_jobs", "loop", "blocking", "request_thread"),
    *tests_in("tests/unit/polling/watch", "list_scan", "cursor", "watcher"),
)
TRANSFER_TESTS = tests_in(
    "tests/airflow", *(f"transfer_{name}" for name in ("rules", "ownership", "arguments", "names"))
)
CAPTION_TESTS = tests_in("tests/unit/formats", "captions", "cue_rules", "breaking", "srt", "vtt", "options", "golden")
# A test outside of these may notice a change too.
MODULES: dict[str, Sequence[str]] = {
    "api/submit_once": API_TESTS,
    "api/job_search": API_TESTS,
    "api/recent_jobs": API_TESTS,
    "api/job_calls": API_TESTS,
    "api/job_errors": API_TESTS,
    "api/job_reference": API_TESTS,
    "api/job_warnings": API_TESTS,
    "api/responses": API_TESTS,
    "api/retry_after": API_TESTS,
    "api/redaction": API_TESTS,
    "api/retry": API_TESTS,
    "api/stall": API_TESTS,
    "api/limits": API_TESTS,
    "polling/poll_planner": POLLING_TESTS,
    "polling/watch/list_scan": POLLING_TESTS,
    "polling/watched_jobs": POLLING_TESTS,
    "pipeline/items": TRANSFER_TESTS,
    "pipeline/records": TRANSFER_TESTS,
    "pipeline/ownership": TRANSFER_TESTS,
    "pipeline/selection": TRANSFER_TESTS,
    "formats/captions": CAPTION_TESTS,
    "formats/cutting": CAPTION_TESTS,
    "formats/breaking": CAPTION_TESTS,
}
