"""Another vendor's jobs behind the same waits and watchers: its own names, states, list and errors.

A new vendor is one class like `PrinterJobs`, and the function that connects to it.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import airflow_provider_fluxions.polling as polling
from airflow_provider_fluxions.api.errors import FluxionsServerError, JobId
from airflow_provider_fluxions.api.job_source import LOST, JobPage, JobSource
from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.polling.loop import wait_for_jobs
from airflow_provider_fluxions.polling.observer import NullObserver
from airflow_provider_fluxions.polling.watch.watcher import WatchFilter, watch
from airflow_provider_fluxions.polling.watched_jobs import WaitOutcome, WatchedJobs
from tests.unit.fakes import START, FakeLoopClock

STATES = {"queued": "submitted", "printing": "processing", "printed": "completed", "jammed": "failed"}
PAGE_JOBS = 30
SECONDS_TO_PRINT = 60.0


class PrinterOfflineError(Exception):
    """The vendor's own error."""


@dataclass
class PrinterApi:
    """The vendor's own client: sheets with other names, the oldest first."""

    now: Callable[[], float]
    printed_at: dict[str, float] = field(default_factory=dict)
    jammed: set[str] = field(default_factory=set)
    failures: int = 0
    calls: int = 0

    def sheet(self, name: str) -> dict[str, Any]:
        end = self.printed_at[name]
        state = "printing" if self.now() < end else "jammed" if name in self.jammed else "printed"
        return {"name": name, "state": state, "queued_at": end - SECONDS_TO_PRINT, "title": f"{name}.pdf"}

    def sheets(self, first: int) -> list[dict[str, Any]]:
        return [self.sheet(name) for name in list(self.printed_at)[first : first + PAGE_JOBS]]

    def called(self) -> None:
        self.calls += 1
        if self.failures:
            self.failures -= 1
            raise PrinterOfflineError


@dataclass
class PrinterJobs:
    """The vendor's sheets as a `JobSource`."""

    api: PrinterApi
    closed: bool = False

    def list_page(self, offset: int) -> JobPage:
        self._call()
        sheets = self.api.sheets(offset)
        total, behind = len(self.api.printed_at), offset + len(sheets)
        return JobPage(tuple(map(self._job, sheets)), behind if behind < total else None, total)

    def poll_job(self, job_id: JobId) -> Job:
        self._call()
        if job_id not in self.api.printed_at:
            return Job(job_id, LOST, error_message="The printer has no such sheet.")
        return self._job(self.api.sheet(str(job_id)))

    def with_limits(self, *, total_timeout: float | None = None, max_retries: int | None = None) -> PrinterJobs:
        return self

    def abort(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    async def connect(self) -> JobSource:
        return self

    def _call(self) -> None:
        try:
            self.api.called()
        except PrinterOfflineError as error:
            raise FluxionsServerError("The printer is offline.") from error

    @staticmethod
    def _job(sheet: dict[str, Any]) -> Job:
        queued = datetime.fromtimestamp(sheet["queued_at"], UTC)
        return Job(sheet["name"], JobStatus(STATES[sheet["state"]]), created_at=queued, filename=sheet["title"])


@pytest.fixture
def clock() -> FakeLoopClock:
    return FakeLoopClock()


@pytest.fixture
def printer(clock: FakeLoopClock) -> PrinterJobs:
    ends = {f"sheet-{number}": START.timestamp() + 30 + number for number in range(200)}
    return PrinterJobs(PrinterApi(clock.now, ends))


def waited(printer: PrinterJobs, clock: FakeLoopClock, watched: WatchedJobs) -> WaitOutcome:
    async def wait() -> WaitOutcome:
        return await wait_for_jobs(
            watched,
            connection="printer",
            connect=printer.connect,
            poll_interval=15,
            deadline=clock.now() + 600,
            clock=clock,
        )

    return asyncio.run(asyncio.wait_for(wait(), 30))


def test_the_shared_loop_waits_for_the_jobs_of_another_vendor(printer: PrinterJobs, clock: FakeLoopClock) -> None:
    watched = WatchedJobs(tuple(printer.api.printed_at))
    assert waited(printer, clock, watched) is WaitOutcome.DONE
    assert set(watched.statuses.values()) == {"completed"}
    assert printer.closed


def test_a_round_over_another_vendors_jobs_costs_their_pages(printer: PrinterJobs, clock: FakeLoopClock) -> None:
    printer.api.printed_at = dict.fromkeys(printer.api.printed_at, clock.now() + 4)
    assert waited(printer, clock, WatchedJobs(tuple(printer.api.printed_at))) is WaitOutcome.DONE
    assert printer.api.calls <= 2 * -(-200 // PAGE_JOBS)


def test_an_outage_of_another_vendor_ends_no_wait(printer: PrinterJobs, clock: FakeLoopClock) -> None:
    printer.api.failures = 5
    assert waited(printer, clock, WatchedJobs(("sheet-7",))) is WaitOutcome.DONE


def test_a_job_that_failed_and_one_that_does_not_exist_end_their_waits(
    printer: PrinterJobs, clock: FakeLoopClock
) -> None:
    printer.api.jammed = {"sheet-1"}
    bad = WatchedJobs(("sheet-1", "sheet-9999"), min_ended=2)
    assert waited(printer, clock, bad) is WaitOutcome.DONE
    assert bad.statuses == {"sheet-1": "failed", "sheet-9999": "lost"}


def test_a_watcher_reports_each_finished_job_of_another_vendor_once(printer: PrinterJobs, clock: FakeLoopClock) -> None:
    async def first(count: int) -> list[JobId]:
        jobs = watch(
            WatchFilter("sheet-*.pdf", since=START.replace(year=START.year - 1)),
            None,
            connection="printer",
            connect=printer.connect,
            poll_interval=30,
            lookback=3600,
            observer=NullObserver(),
            clock=clock,
        )
        async with aclosing(jobs):
            return [(await anext(jobs)).id for _ in range(count)]

    reported = asyncio.run(asyncio.wait_for(first(200), 30))
    assert sorted(map(str, reported)) == sorted(printer.api.printed_at)


def sentences(path: Path) -> list[str]:
    """Return the string literals of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]


def test_no_message_of_the_polling_core_names_a_vendor() -> None:
    modules = Path(str(polling.__file__)).parent.rglob("*.py")
    assert [text for path in modules for text in sentences(path) if "Fluxions" in text] == []


def test_the_polling_core_knows_no_client() -> None:
    modules = Path(str(polling.__file__)).parent.rglob("*.py")
    forbidden = ("api.client", "api.job_calls", "list_transcriptions", "get_transcription", "FluxionsClient")
    assert [(path.name, word) for path in modules for word in forbidden if word in path.read_text()] == []
