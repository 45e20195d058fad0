"""``submit``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from airflow_provider_fluxions.emulator import OutcomeRule, Transition
from tests.unit.cli.conftest import Run
from tests.unit.conftest import Service


def test_submit_prints_the_id_of_the_new_job(run: Run, account: Service, recording: Path) -> None:
    done = run("submit", recording, "-o", "json")
    assert done.status == 0
    assert done.json == [{"id": 1, "status": "submitted", "reused": False, "audio": str(recording)}]
    assert [job.id for job in account.emulator.jobs] == [1]


def test_the_id_is_said_on_stderr_too(run: Run, recording: Path) -> None:
    assert "Submitted job 1 " in run("submit", recording).err


def test_repeating_a_submit_takes_up_its_job_and_says_so(run: Run, account: Service, recording: Path) -> None:
    run("submit", recording)
    done = run("submit", recording, "-o", "json")
    assert done.json[0]["reused"]
    assert "--no-once" in done.err
    assert len(account.posts) == 1


def test_a_copy_of_the_recording_is_the_same_work(run: Run, account: Service, recording: Path) -> None:
    run("submit", recording)
    copy = recording.with_name("copy.mp3")
    shutil.copy(recording, copy)
    assert run("submit", copy, "-o", "json").json[0]["id"] == 1
    assert len(account.posts) == 1


def test_other_options_are_other_work(run: Run, account: Service, recording: Path) -> None:
    run("submit", recording)
    assert not run("submit", recording, "--non-speech", "-o", "json").json[0]["reused"]


def test_other_content_is_other_work(run: Run, recording: Path) -> None:
    run("submit", recording)
    recording.write_bytes(b"ID3 other audio")
    assert not run("submit", recording, "-o", "json").json[0]["reused"]


def test_without_the_cache_each_submit_is_a_new_job(run: Run, account: Service, recording: Path) -> None:
    for _ in range(2):
        run("submit", recording, "--no-cache")
    assert len(account.emulator.jobs) == 2


def test_without_the_cache_once_still_takes_up_the_job_if_told_so(run: Run, account: Service, recording: Path) -> None:
    for _ in range(2):
        run("submit", recording, "--no-cache", "--once")
    assert len(account.emulator.jobs) == 1


def test_no_once_sends_the_plain_name_and_looks_for_nothing(run: Run, account: Service, recording: Path) -> None:
    for _ in range(2):
        run("submit", recording, "--no-once")
    assert {job.filename for job in account.emulator.jobs} == {"interview.mp3"}
    assert not account.gets


def test_a_submit_whose_answer_was_lost_is_reused_by_the_next(run: Run, account: Service, recording: Path) -> None:
    account.fault_on_submit(reset=True, after=True)
    assert run("submit", recording, "--retry-for", "0").status == 0
    assert len(account.emulator.jobs) == 1


def test_every_recording_is_looked_at_before_the_first_is_sent(run: Run, account: Service, recording: Path) -> None:
    done = run("submit", recording, recording.with_name("missing.mp3"))
    assert done.status == 2
    assert "missing.mp3 does not exist" in done.err
    assert not account.emulator.jobs


def test_ids_that_were_paid_for_are_printed_when_a_later_recording_is_refused(
    run: Run, account: Service, recording: Path
) -> None:
    other = recording.with_name("other.mp3")
    other.write_bytes(b"ID3 another")
    account.fault_on_submit(status=402, skip=1)
    done = run("submit", recording, other, "-o", "json")
    assert done.status == 3
    assert [row["id"] for row in done.json] == [1]


def test_wait_shows_how_the_jobs_ended(run: Run, account: Service, recording: Path) -> None:
    done = run("submit", recording, "--wait", "-o", "json")
    assert [row["status"] for row in done.json] == ["completed"]


def test_wait_ends_with_the_status_of_a_failed_job(run: Run, account: Service, recording: Path) -> None:
    account.emulator.add_outcome(OutcomeRule("interview.mp3", "failed", "silence"))
    done = run("submit", recording, "--wait", "-o", "json")
    assert done.status == 5
    assert [row["status"] for row in done.json] == ["failed"]


def test_a_wait_that_is_over_leaves_the_job_and_says_so(run: Run, account: Service, recording: Path) -> None:
    account.emulator.set_transition(Transition.after_seconds(3600))
    done = run("submit", recording, "--wait", "--timeout", "0")
    assert done.status == 6
    assert "Still running: job 1" in done.err


def test_a_format_waits_and_puts_nothing_but_the_transcript_on_stdout(run: Run, recording: Path) -> None:
    done = run("submit", recording, "--format", "vtt")
    assert done.status == 0
    assert done.out.startswith("WEBVTT")


def test_formats_are_checked_before_anything_is_paid(run: Run, account: Service, recording: Path) -> None:
    done = run("submit", recording, "--format", "vvt")
    assert done.status == 2
    assert "Did you mean 'vtt'?" in done.err
    assert not account.posts


def test_nothing_is_paid_for_a_format_whose_extra_is_missing(
    run: Run, account: Service, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as where it is not installed
    done = run("submit", recording, "--format", "parquet", "--to", tmp_path / "out")
    assert done.status == 2
    assert "airflow-provider-fluxions[parquet]" in done.err
    assert not account.posts
    assert not done.out


def test_a_folder_without_a_format_is_refused(run: Run, recording: Path) -> None:
    assert run("submit", recording, "--to", "somewhere").status == 2


def test_one_name_cannot_be_for_several_recordings(run: Run, recording: Path) -> None:
    assert run("submit", recording, recording, "--filename", "a.mp3").status == 2


def test_other_addresses_than_local_paths_need_airflow(run: Run, account: Service) -> None:
    done = run("submit", "s3://bucket/key.mp3")
    assert (done.status, account.posts) == (2, [])
    assert "needs Airflow" in done.err
