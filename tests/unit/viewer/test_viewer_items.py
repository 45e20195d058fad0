"""What the table shows."""

from __future__ import annotations

from airflow_provider_fluxions.api.media_types import audio_type
from airflow_provider_fluxions.api.models import Job, JobStatus
from airflow_provider_fluxions.viewer.items import Item, Status, count, page, total
from airflow_provider_fluxions.viewer.job_items import items_of_jobs

ITEMS = (
    Item("calls/a.mp3", Status.DONE, "completed", "11", stored="s3://out/a.json", recording="s3://in/a.mp3"),
    Item("calls/b.mp3", Status.FAILED, "failed", "12", error="Too NOISY"),
    Item("calls/c.mp3", Status.SKIPPED, "skipped", source="s3://in/calls/c.mp3"),
    Item("calls/d.txt", Status.RUNNING, "in_flight", "14", recording="s3://in/d.txt"),
    Item("memo.mp3", Status.DONE, "already_done"),
)


def numbers(status: str = "all", text: str = "", offset: int = 0, limit: int = 100) -> list[int]:
    return [item["no"] for item in page(ITEMS, status, text, offset, limit)["items"]]


def test_items_keep_their_number_in_every_filter() -> None:
    assert numbers() == [0, 1, 2, 3, 4]
    assert numbers("done") == [0, 4]
    assert numbers("failed") == [1]
    assert numbers("running") == [3]


def test_a_page_says_how_many_there_are() -> None:
    found = page(ITEMS, "all", "", 3, 1)
    assert (found["total"], found["offset"], [item["no"] for item in found["items"]]) == (5, 3, [3])
    assert numbers(offset=5) == []


def test_a_search_looks_at_name_job_address_and_error_in_any_case() -> None:
    assert numbers(text="CALLS/a") == [0]
    assert numbers(text=" 14 ") == [3]
    assert numbers(text="noisy") == [1]
    assert numbers(text="s3://in/calls") == [2]
    assert numbers("failed", "calls") == [1]


def test_counts_name_every_status() -> None:
    assert count(ITEMS) == {"all": 5, "done": 2, "failed": 1, "skipped": 1, "running": 1}
    assert count(()) == {"all": 0, "done": 0, "failed": 0, "skipped": 0, "running": 0}


def test_what_is_not_known_adds_nothing() -> None:
    assert total([None, 1.25, 2]) == 3.25
    assert total([None]) is None


def test_a_transcript_is_there_when_it_is_done_and_stored_or_at_the_service() -> None:
    assert [item.has_transcript for item in ITEMS] == [True, False, False, False, False]


def test_only_what_is_called_a_recording_can_be_played() -> None:
    assert [item.has_audio for item in ITEMS] == [True, False, False, False, False]
    assert audio_type("s3://in/A.MP3") == "audio/mpeg"
    assert [audio_type(name) for name in ("a.html", "a.mp3.svg", "mp3", "", "a.")] == [None] * 5


def test_an_item_tells_the_page_no_address_that_only_the_server_needs() -> None:
    shown = ITEMS[0].to_json(0)
    assert "stored" not in shown
    assert "recording" not in shown


def test_jobs_show_their_share_of_the_cost_that_the_task_reported_not_one_at_todays_price() -> None:
    ended = {
        "1": Job(1, JobStatus.COMPLETED, audio_duration=1800.0),
        "2": Job(2, JobStatus.COMPLETED, audio_duration=5400.0),
    }
    assert [item.cost for item in items_of_jobs(["1", "2", "3"], ended, 0.4, None)] == [0.1, 0.3, None]
    assert [item.cost for item in items_of_jobs(["1", "2"], ended, None, None)] == [None, None]
