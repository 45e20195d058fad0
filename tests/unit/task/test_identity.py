"""How far back a retry scans the job list: to the run's first start, as far as Airflow knows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from airflow_provider_fluxions.task.identity import first_start

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("run", "since"),
    [
        ({"start_date": NOW - HOUR, "run_after": NOW - 2 * HOUR}, NOW - HOUR),
        ({"start_date": NOW - HOUR, "run_after": LONG_AGO, "logical_date": LONG_AGO}, NOW - HOUR),
        ({"start_date": NOW - HOUR, "run_after": TOMORROW, "logical_date": TOMORROW}, NOW - HOUR),
        ({"start_date": None, "run_after": NOW - 2 * HOUR, "logical_date": LONG_AGO}, NOW - 2 * HOUR),
        ({"start_date": None, "logical_date": LONG_AGO}, LONG_AGO),
        ({}, None),
    ],
)
def test_a_retry_scans_back_to_the_start_of_its_run(run: dict[str, object], since: datetime | None) -> None:
    assert first_start(SimpleNamespace(**run), NOW) == since


@pytest.mark.parametrize(
    ("run", "since"),
    [
        ({"run_after": NOW - 5 * HOUR, "data_interval_end": NOW - 6 * HOUR, "logical_date": LONG_AGO}, NOW - 5 * HOUR),
        ({"data_interval_end": NOW - 6 * HOUR, "logical_date": NOW - 30 * HOUR}, NOW - 6 * HOUR),
        ({"run_after": TOMORROW, "logical_date": TOMORROW}, None),
        ({"data_interval_end": TOMORROW, "logical_date": LONG_AGO}, None),
    ],
)
def test_after_clearing_the_scan_goes_back_to_when_the_run_was_due(
    run: dict[str, object], since: datetime | None
) -> None:
    """Clearing resets the start. A run that is due in the future and has run already can have started at any time."""
    assert first_start(SimpleNamespace(start_date=NOW - HOUR, clear_number=1, **run), NOW) == since
