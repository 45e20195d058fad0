"""What a message of a transfer says: counts, cost, first failures, and what is missing."""

from __future__ import annotations

import asyncio
import logging
import re
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseNotifier
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.emulator import Emulator, OutcomeRule
from airflow_provider_fluxions.notifications import (
    MAX_NAMED,
    FluxionsNotifier,
    report_missed_deadline,
    summarize,
    transfer_report,
)
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.airflow.conftest import INPUT, OUTPUT, task_context
from tests.airflow.transferring import put, transfer

AIRFLOW = tuple(map(int, version("apache-airflow").split(".")[:2]))
has_deadlines = pytest.mark.skipif(AIRFLOW < (3, 1), reason="deadline alerts are new in Airflow 3.1")
DESTINATION = f"s3://{OUTPUT}/out/"
IDS = {"dag_id": "a_dag", "run_id": "manual__1", "task_id": "a_task"}
PLACES = {"manifest": "s3://b/m.jsonl", "viewer": ""}


class Sent(BaseNotifier):
    """A notifier that keeps its messages."""

    template_fields = ("text",)
    messages: ClassVar[list[str]] = []

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def notify(self, context: Any) -> None:
        """Keep the rendered message."""
        self.messages.append(self.text)


@pytest.fixture
def sent() -> list[str]:
    Sent.messages.clear()
    return Sent.messages


@pytest.fixture
def night(fluxions_connection: str, s3: Any, emulator: Emulator) -> None:
    """A transfer of two recordings, of which one has failed."""
    put(s3, "calls/bad.mp3", "calls/good.mp3")
    emulator.add_outcome(OutcomeRule("bad*", outcome="failed"))
    with pytest.raises(AirflowFailException):
        transfer("calls/", price_per_audio_hour=0.2)


@pytest.mark.usefixtures("night")
def test_a_report_has_counts_cost_and_the_first_failures_with_their_reasons() -> None:
    report = transfer_report(DESTINATION, **IDS)
    assert (report["inputs"], report["missing"]) == (2, 1)
    assert (report["counts"]["completed"], report["counts"]["failed"]) == (1, 1)
    (failure,) = report["first_failures"]
    assert failure["source"] == f"s3://{INPUT}/calls/bad.mp3"
    assert failure["error"]
    assert report["cost"] > 0
    assert report["text"] == (
        f"1 of 2 recordings have no results: s3://{INPUT}/calls/bad.mp3 (failed). Manifest: {report['manifest']}"
    )


@pytest.mark.usefixtures("night")
def test_another_notifiers_message_can_use_the_report_each_time(sent: list[str]) -> None:
    notifier = FluxionsNotifier(lambda: Sent("{{ fluxions.counts.failed }} failed: {{ fluxions.missing }} missing"))
    with DAG("a_dag", schedule=None) as dag:
        task = FluxionsS3ToS3Operator(task_id="a_task", source=f"s3://{INPUT}/calls/", destination=DESTINATION)
    for _ in range(2):
        notifier({**task_context(), "task": task, "dag": dag})
    assert sent == ["1 failed: 1 missing"] * 2


@has_deadlines
@pytest.mark.usefixtures("night")
@pytest.mark.parametrize(
    "run",
    [{"dag_id": "a_dag", "dag_run_id": "manual__1"}, IDS, SimpleNamespace(**IDS)],
    ids=["as of the REST API", "mapping", "object"],
)
def test_a_missed_deadline_names_what_is_missing_in_the_log_and_in_a_message(
    run: Any, sent: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        asyncio.run(
            report_missed_deadline(
                {"dag_run": run},
                destination=DESTINATION,
                task_id="a_task",
                notifier=f"{Sent.__module__}.{Sent.__name__}",
                notifier_arguments={"text": "late: {{ fluxions.first_missing[0] }}"},
            )
        )
    assert sent == [f"late: s3://{INPUT}/calls/bad.mp3"]
    assert "The deadline has passed. 1 of 2 recordings have no results" in caplog.text


@pytest.mark.usefixtures("s3")
def test_a_task_that_has_not_started_is_named_and_no_error() -> None:
    report = transfer_report(DESTINATION, **IDS)
    assert report["text"].startswith(f"There is no manifest at {DESTINATION}_manifests/a_dag/manual__1/a_task.jsonl")
    assert (report["inputs"], report["missing"]) == (0, 0)


def test_a_destination_that_cannot_be_read_is_named_and_no_error() -> None:
    assert "cannot be read" in transfer_report("file:///tmp", **IDS)["text"]


def test_a_message_names_ten_recordings_and_counts_the_others() -> None:
    report = summarize([{"source": f"s3://b/{n}", "status": "to_do"} for n in range(12)], **PLACES)
    assert (report["missing"], len(report["first_missing"])) == (12, MAX_NAMED)
    assert report["text"].endswith("and 2 more. Manifest: s3://b/m.jsonl")


def test_a_night_that_has_landed_says_so() -> None:
    rows = [{"status": status} for status in ("completed", "already_done", "skipped")]
    assert summarize(rows, **PLACES)["text"] == (
        "All 3 recordings have results or were skipped. Manifest: s3://b/m.jsonl"
    )


@has_deadlines
def test_the_blocks_in_the_documentation_run() -> None:
    text = (Path(__file__).parents[2] / "docs" / "howto" / "deadline.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "a page", "exec"), {})  # noqa: S102  # it is what readers do


@given(st.lists(st.dictionaries(st.sampled_from(["source", "status", "error"]), st.text(max_size=20) | st.none())))
def test_whatever_stands_in_a_manifest_the_message_is_one_printable_line(rows: list[dict[str, Any]]) -> None:
    assert summarize(rows, **PLACES)["text"].isprintable()
