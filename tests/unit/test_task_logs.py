"""Why a task ended is read from its log, in the words of either Airflow."""

from __future__ import annotations

import json

import pytest

from harness.task_logs import Failure, last_failure


def record(event: str, error: str | None = None, message: str = "") -> str:
    """A line of Airflow 3's log."""
    detail = {"error_detail": [{"exc_type": error, "exc_value": message, "frames": []}]} if error else {}
    return json.dumps({"event": event, "level": "error", **detail})


def test_the_last_error_of_a_log_counts() -> None:
    log = "\n".join(
        [
            record("Task failed with exception", "FluxionsRateLimitError", "Too many"),
            record("Process timed out"),
            record("Task failed with exception", "AirflowTaskTimeout", "Timeout, PID: 7"),
        ]
    )
    assert last_failure(log) == Failure("AirflowTaskTimeout", "Timeout, PID: 7")


def test_what_airflow_says_of_links_after_the_end_is_no_reason_for_it() -> None:
    """Seen on 3.3.2: its timer fired while it waited for its supervisor, whose answer came for the next question."""
    log = "\n".join(
        [
            record("Task failed with exception", "AirflowTaskTimeout", "Timeout, PID: 7"),
            record("Failed to push an xcom for task operator extra link", "TypeError", "Expected XComResult"),
        ]
    )
    assert last_failure(log) == Failure("AirflowTaskTimeout", "Timeout, PID: 7")


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        (
            "airflow_provider_fluxions.api.errors.FluxionsAuthenticationError: Check the API key",
            Failure("FluxionsAuthenticationError", "Check the API key"),
        ),
        ("airflow.exceptions.AirflowTaskTimeout", Failure("AirflowTaskTimeout", "")),
    ],
)
def test_airflow_2_ends_a_traceback_with_the_error(line: str, failure: Failure) -> None:
    assert last_failure(f"Traceback (most recent call last):\n{line}\n[2026-11-26] INFO - Done") == failure


@pytest.mark.parametrize("log", [record("Skipped as asked by pre_execute."), "INFO - Skipped as asked by pre_execute."])
def test_a_skip_has_words_and_no_error(log: str) -> None:
    assert last_failure(log) == Failure(None, "Skipped as asked by pre_execute.")


def test_a_task_that_did_not_fail_has_neither() -> None:
    assert last_failure(record("Done")) == Failure(None, "")
