"""How jobs move, end, repeat, are listed and survive."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from airflow_provider_fluxions.emulator import ControlClient, Emulator, EmulatorServer, OutcomeRule, Transition

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Api, MakeApi


def _statuses(api: Api, job: int, reads: int) -> list[str]:
    return [api.get(f"/transcriptions/{job}").json()["status"] for _ in range(reads)]


def test_at_once_the_first_look_finds_a_job_completed(api: Api) -> None:
    assert api.submit().json()["status"] == "submitted"
    assert _statuses(api, 1, 1) == ["completed"]


def test_after_two_reads_the_third_finds_a_job_completed(make_api: MakeApi) -> None:
    api = make_api(transition=Transition.after_reads(2))
    assert _statuses(api, api.job(), 4) == ["submitted", "processing", "completed", "completed"]


def test_a_list_answer_counts_as_a_read_of_each_job_on_it(make_api: MakeApi) -> None:
    api = make_api(transition=Transition.after_reads(2))
    job = api.job()
    api.get("/transcriptions")
    api.get("/transcriptions", offset=1)
    api.get("/transcriptions")
    assert _statuses(api, job, 1) == ["completed"]


def test_looking_from_python_counts_no_read(make_api: MakeApi) -> None:
    api = make_api(transition=Transition.after_reads(1))
    job = api.job()
    assert [entry.status for entry in api.emulator.jobs for _ in range(3)] == ["submitted"] * 3
    assert _statuses(api, job, 2) == ["processing", "completed"]


def test_after_seconds_follows_the_clock(make_api: MakeApi) -> None:
    api = make_api(transition=Transition.after_seconds(3.0))
    job, seen = api.job(), []
    for _ in range(4):
        seen += _statuses(api, job, 1)
        api.clock.now += 1
    assert seen == ["submitted", "processing", "processing", "completed"]
    assert api.get(f"/transcriptions/{job}").json()["updated_at"] == "2025-10-24T10:35:03.000Z"


@pytest.mark.slow
def test_between_two_durations_each_job_takes_its_own_and_the_same_audio_the_same(make_api: MakeApi) -> None:
    transition = Transition.after_seconds_between(2.0, 10.0)
    ends = []
    for audio in (b"one", b"two", b"one"):
        api = make_api(transition=transition)
        job, start = api.job(audio), api.clock.now
        while _statuses(api, job, 1) != ["completed"]:
            api.clock.now += 0.5
        ends.append(api.clock.now - start)
    assert ends[0] == ends[2] != ends[1]
    assert all(2.0 <= end <= 10.5 for end in ends)


def test_a_new_transition_holds_for_running_jobs_and_not_for_ended_ones(make_api: MakeApi) -> None:
    api = make_api()
    ended, running = api.job(b"one"), api.job(b"two")
    _statuses(api, ended, 1)
    api.emulator.set_transition(Transition.after_reads(9))
    assert _statuses(api, ended, 1) + _statuses(api, running, 1) == ["completed", "submitted"]


def test_a_rule_makes_jobs_fail_by_filename_with_or_without_a_clients_reference(api: Api) -> None:
    api.emulator.add_outcome(OutcomeRule("bad.mp3", error_message="Unreadable audio"))
    for number, name in enumerate(("bad.mp3", "bad--0123456789abcdef.mp3")):
        answer = api.get(f"/transcriptions/{api.job(bytes([65 + number]), filename=name)}").json()
        assert (answer["status"], answer["error_message"]) == ("failed", "Unreadable audio")
        assert "segments" not in answer
    assert _statuses(api, api.job(b"z", filename="good.mp3"), 1) == ["completed"]


def test_a_rule_makes_a_job_never_end(api: Api) -> None:
    api.emulator.add_outcome(OutcomeRule("*", "never"))
    assert _statuses(api, api.job(), 3) == ["processing"] * 3


def test_a_rule_shows_an_unknown_status_for_a_while(make_api: MakeApi) -> None:
    api = make_api(transition=Transition.after_reads(1))
    api.emulator.add_outcome(OutcomeRule("*", "unknown_status", status="queued", for_reads=2))
    assert _statuses(api, api.job(), 4) == ["queued", "queued", "processing", "completed"]


def test_a_forced_status_stays(api: Api) -> None:
    job = api.job()
    api.emulator.force_status(job, "failed", "out of credit")
    assert _statuses(api, job, 2) == ["failed", "failed"]


def test_documented_a_repeated_file_is_a_new_job_completed_at_once(documented: Api) -> None:
    first = documented.job(filename="first.mp3")
    _statuses(documented, first, 1)
    documented.emulator.set_transition(Transition.after_reads(9))
    again = documented.submit(filename="again.mp3").json()
    assert again["id"] != first
    assert (again["status"], again["cached"]) == ("completed", False)
    read = documented.get(f"/transcriptions/{again['id']}").json()
    assert (read["filename"], read["cached"]) == ("again.mp3", True)
    assert read["segments"] == documented.get(f"/transcriptions/{first}").json()["segments"]


def test_observed_a_repeated_file_answers_the_old_job_under_its_old_name(observed: Api) -> None:
    first = observed.job(filename="first.mp3")
    assert observed.job(filename="again.mp3") == first
    read = observed.get(f"/transcriptions/{first}").json()
    assert (read["filename"], read["cached"]) == ("first.mp3", True)


def test_without_cache_a_repeated_file_is_a_new_job(api: Api) -> None:
    assert api.job(cache="false") != api.job(cache="false")


def test_the_cache_can_be_off(api: Api) -> None:
    api.emulator.set_settings(cache_mode="off")
    assert api.job() != api.job()


def test_the_cache_forgets_failed_jobs(observed: Api) -> None:
    first = observed.job()
    observed.emulator.force_status(first, "failed")
    assert observed.job() != first


def test_the_cache_minds_the_options_unless_told_otherwise(observed: Api) -> None:
    plain = observed.job()
    assert observed.job(non_speech="true") != plain
    observed.emulator.set_settings(cache_key="bytes")
    assert observed.job(b"other") == observed.job(b"other", non_speech="true")


@pytest.mark.slow
def test_the_list_order_is_a_setting_and_shuffling_is_a_seeded_permutation(make_api: MakeApi) -> None:
    api = make_api(seed=7)
    api.emulator.seed_jobs(250)

    def ids(order: Any) -> list[int]:
        api.emulator.set_settings(list_order=order)
        pages = [api.get("/transcriptions", limit=100, offset=start).json() for start in (0, 100, 200, 300)]
        return [entry["id"] for page in pages for entry in page["transcriptions"]]

    assert ids("newest") == list(range(250, 0, -1))
    assert ids("oldest") == list(range(1, 251))
    assert sorted(ids("shuffled")) == list(range(1, 251))
    assert ids("shuffled") == ids("shuffled") != ids("oldest")


@pytest.mark.slow
def test_five_thousand_foreign_jobs_are_seeded_with_status_and_age(api: Api) -> None:
    api.emulator.seed_jobs(5_000, status="failed", age_seconds=60.0, filename="theirs-{n}.wav")
    page = api.get("/transcriptions", limit=1).json()
    assert page["total"] == 5_000
    assert page["transcriptions"][0]["filename"] == "theirs-4999.wav"
    assert page["transcriptions"][0]["created_at"] == "2025-10-24T10:34:00.000Z"
    assert page["transcriptions"][0]["status"] == "failed"


def test_a_seeded_job_lists_the_counts_that_its_transcript_has(api: Api) -> None:
    api.emulator.seed_jobs(1)
    entry = api.get("/transcriptions").json()["transcriptions"][0]
    job = api.get(f"/transcriptions/{entry['id']}", word_level_timestamps="true").json()
    assert entry["num_segments"] == len(job["segments"])


def test_jobs_survive_a_restart(tmp_path: Path, make_api: MakeApi) -> None:
    first = make_api(database=tmp_path / "jobs.db")
    job = first.job(filename="kept.mp3")
    before = first.get(f"/transcriptions/{job}").json()
    first.server.stop()
    first.emulator.close()
    second = make_api(database=tmp_path / "jobs.db")
    after = second.get(f"/transcriptions/{job}").json()
    assert after["segments"] == before["segments"]
    assert second.job(b"new", filename="new.mp3") == job + 1


def test_one_emulator_may_be_served_twice(documented: Api) -> None:
    job = documented.job()
    with EmulatorServer(documented.emulator) as other:
        url = f"{other.base_url}/transcriptions/{job}"
        assert documented.session.get(url, headers=documented.key, timeout=10).status_code == 200


def test_two_emulators_give_the_same_bytes_the_same_transcript(make_api: MakeApi) -> None:
    texts = [api.get(f"/transcriptions/{api.job()}").json()["text"] for api in (make_api(), make_api())]
    assert texts[0] == texts[1]
    assert isinstance(make_api().emulator, Emulator)


def test_time_that_is_advanced_passes_for_jobs_and_for_their_times(api: Api) -> None:
    api.emulator.set_transition(Transition.after_seconds(3600))
    job_id = api.job()
    assert api.get(f"/transcriptions/{job_id}").json()["status"] == "submitted"
    api.emulator.advance(3600)
    job = api.get(f"/transcriptions/{job_id}").json()
    assert job["status"] == "completed"
    assert datetime.fromisoformat(job["updated_at"]) - datetime.fromisoformat(job["created_at"]) == timedelta(hours=1)


def test_another_process_can_advance_the_time(api: Api, control: ControlClient) -> None:
    before = api.emulator.clock()
    assert control.advance(60) == api.emulator.clock() == before + 60


def test_time_does_not_run_backwards(api: Api, control: ControlClient) -> None:
    with pytest.raises(requests.HTTPError, match="seconds must be 0 or more"):
        control.advance(-1)
