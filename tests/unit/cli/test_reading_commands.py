"""``health``, ``get``, ``list``, ``wait`` and ``export``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_provider_fluxions.cli.options import FORMAT
from airflow_provider_fluxions.emulator import OutcomeRule, Transition
from airflow_provider_fluxions.formats import FORMATS, read_stored
from tests.unit.cli.conftest import Run
from tests.unit.conftest import KEY, Service


@pytest.fixture
def job(run: Run, recording: Path) -> int:
    """A job that is completed as soon as somebody looks."""
    return int(run("submit", recording, "-o", "json").json[0]["id"])


def test_health_says_what_the_service_and_the_key_are(run: Run, account: Service) -> None:
    done = run("health", "-o", "json")
    assert done.status == 0
    assert done.json["status"] == "ok"
    assert done.json["key_accepted"]
    assert done.json["settings_from"] == "the environment (FLUXIONS_API_KEY)"


def test_health_proves_the_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXIONS_API_KEY", "another key")
    assert run("health").status == 3


def test_get_shows_facts_and_text(run: Run, job: int) -> None:
    done = run("get", job)
    assert "completed" in done.out
    assert "SPEAKER_0:" in done.out


def test_get_as_json_is_the_answer_without_its_signed_links(run: Run, job: int) -> None:
    done = run("get", job, "-o", "json")
    assert done.json["segments"]
    assert done.json["audio_url"] is None


def test_a_transcript_cannot_steer_the_terminal(run: Run, account: Service, recording: Path) -> None:
    run("submit", recording, "--no-once", "--filename", "\x1b[31mred\x1b]0;title\x07.mp3")
    assert "\x1b" not in run("get", 1).out + run("list").out


def test_what_looks_like_markup_is_shown_as_it_is(run: Run, recording: Path) -> None:
    run("submit", recording, "--no-once", "--filename", "[bold]call[/bold].mp3")
    assert "[bold]call[/bold].mp3" in run("list").out


def test_list_shows_id_time_status_seconds_and_name(run: Run, job: int) -> None:
    (row,) = run("list", "-o", "json").json
    assert list(row) == ["id", "created_at", "status", "audio_seconds", "filename"]
    assert (row["id"], row["status"]) == (job, "completed")


def test_list_keeps_to_a_status(run: Run, account: Service) -> None:
    account.emulator.seed_jobs(2)
    account.emulator.seed_jobs(1, status="failed")
    assert [row["status"] for row in run("list", "--status", "FAILED", "-o", "json").json] == ["failed"]


def test_list_matches_names_without_our_reference_too(run: Run, account: Service, job: int) -> None:
    account.emulator.seed_jobs(3)
    assert [row["id"] for row in run("list", "--match", "interview.mp3", "-o", "json").json] == [job]
    assert len(run("list", "--match", "foreign-*", "-o", "json").json) == 3


@pytest.mark.parametrize(("limit", "count", "pages"), [(7, 7, 1), (100, 100, 1), (0, 150, 2)])
def test_list_reads_no_more_pages_than_its_limit_takes(
    run: Run, account: Service, limit: int, count: int, pages: int
) -> None:
    account.emulator.seed_jobs(150)
    assert len(run("list", "--limit", limit, "-o", "json").json) == count
    assert len(account.gets) == pages


def test_a_table_has_a_line_a_job_however_long_its_name_is(run: Run, account: Service) -> None:
    account.emulator.seed_jobs(3, filename="x" * 180 + "-{n}.mp3")
    assert len(run("list").out.splitlines()) == 1 + 3


def test_wait_shows_all_jobs_the_failed_ones_included(run: Run, account: Service) -> None:
    account.emulator.seed_jobs(2)
    account.emulator.force_status(1, "failed", "silence")
    done = run("wait", 1, 2, "-o", "json")
    assert done.status == 5
    assert [(row["id"], row["status"], row["error"]) for row in done.json] == [
        (1, "failed", "silence"),
        (2, "completed", None),
    ]


def test_wait_says_what_still_runs_when_its_time_is_up(run: Run, account: Service, job: int) -> None:
    account.emulator.set_transition(Transition.after_seconds(3600))
    done = run("wait", job, "--timeout", "0", "-o", "json")
    assert (done.status, done.json[0]["status"]) == (6, "running")


def test_wait_for_a_job_of_nobody(run: Run) -> None:
    done = run("wait", 99, "-o", "json")
    assert (done.status, done.json[0]["status"]) == (4, "lost")


def test_export_writes_text_to_stdout(run: Run, job: int) -> None:
    assert run("export", job).out.startswith("SPEAKER_0:")


def test_export_writes_a_file_for_each_job_and_format(run: Run, job: int, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    done = run("export", job, "-f", "json", "-f", "srt", "--to", folder, "-o", "json")
    assert [row["file"] for row in done.json] == [f"{folder}/interview-1.json", f"{folder}/interview-1.srt"]
    assert read_stored((folder / "interview-1.json").read_bytes()).id == job
    assert sorted(path.name for path in folder.iterdir()) == ["interview-1.json", "interview-1.srt"]


def test_export_takes_options_of_formats(run: Run, job: int) -> None:
    done = run("export", job, "-f", "text", "--option", 'text.speaker_names={"0": "Agent"}')
    assert done.out.startswith("Agent:")


@pytest.mark.parametrize("option", ["preset=bbc", "vtt.preset", "vtt.=1", ".preset=bbc"])
def test_an_option_of_another_shape_is_refused(run: Run, job: int, option: str) -> None:
    done = run("export", job, "-f", "vtt", "--option", option)
    assert done.status == 2
    assert "vtt.preset=netflix" in done.err


@pytest.mark.parametrize("more", [("-f", "vtt", "-f", "srt"), ("-o", "json"), (2,), ("-f", "parquet")])
def test_stdout_takes_one_file_of_one_transcript(run: Run, job: int, more: tuple[object, ...]) -> None:
    assert run("export", job, *more).status == 2


def test_export_of_a_running_job(run: Run, account: Service, job: int) -> None:
    account.emulator.set_transition(Transition.after_seconds(3600))
    done = run("export", job)
    assert done.status == 6
    assert "Wait for it" in done.err


def test_export_of_a_failed_job(run: Run, account: Service, job: int) -> None:
    account.emulator.add_outcome(OutcomeRule("*", "failed", "silence"))
    done = run("export", job)
    assert done.status == 5
    assert "silence" in done.err


def test_a_folder_that_cannot_be_made_is_one_clear_line(run: Run, job: int, recording: Path) -> None:
    done = run("export", job, "--to", recording)
    assert done.status == 2
    assert "cannot be written" in done.err
    assert len(done.err.splitlines()) == 1


def test_the_help_names_every_format() -> None:
    assert FORMAT.options["help"].startswith(", ".join(FORMATS))


def test_no_output_holds_the_key(run: Run, job: int) -> None:
    for command in (["health"], ["get", job], ["list", "-v"], ["wait", 99]):
        done = run(*command)
        assert KEY not in done.out + done.err
        assert KEY not in json.dumps(done.out)
