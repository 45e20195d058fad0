"""Submitted once: the four rules, against an emulator on a socket and with a clock that nobody waits for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsAuthenticationError,
    FluxionsConnectionError,
    FluxionsCreditError,
    FluxionsRejectedError,
    FluxionsRequestError,
    FluxionsServerError,
    FluxionsThrottledError,
    FluxionsUnknownOutcomeError,
)
from airflow_provider_fluxions.api.humanize import ago, megabytes
from airflow_provider_fluxions.api.retry import MAX_PAUSE_SECONDS, pause_seconds
from airflow_provider_fluxions.api.stall import STALL_SECONDS
from airflow_provider_fluxions.api.submit_once import SubmitOptions, SubmitRequest, SubmitResult, submit_once
from tests.unit.conftest import MakeService, Service
from tests.unit.fakes import MARK, REF, START, FakeList, FakeTime, Source, job, source

DEADLINE_SECONDS = 3600.0


def work(audio: bytes = b"RIFF audio", **options: object) -> SubmitRequest:
    given = {
        "source": source(audio),
        "filename": "interview.mp3",
        "ref": REF,
        "options": SubmitOptions(cache=False),
        **options,
    }
    return SubmitRequest(**given)  # type: ignore[arg-type]


def take(
    client: FluxionsClient,
    time: FakeTime,
    item: SubmitRequest | None = None,
    *,
    may_exist: bool = False,
    **options: object,
) -> SubmitResult:
    given = {"deadline": time.now() + DEADLINE_SECONDS, "clock": time.clock, **options}
    return submit_once(client, item or work(), may_exist=may_exist, **given)  # type: ignore[arg-type]


def submitted(service: Service, status: str | None = None, **options: object) -> int:
    """Submit as an earlier try did, forget the requests, and return the job's id."""
    job_id = int(service.client().submit(work(**options).source, filename=f"interview{MARK}.mp3", cache=False).id)
    if status is not None:
        service.emulator.force_status(job_id, status)
    service.emulator.clear_requests()
    return job_id


# Rule 1: a first try submits, a later one looks first


def test_a_first_try_that_goes_well_is_one_request(service: Service, time: FakeTime) -> None:
    taken = take(service.client(), time)
    assert [request.method for request in service.requests] == ["POST"]
    assert service.posts[0].filename == f"interview{MARK}.mp3"
    assert (taken.job_id, taken.reused) == (service.emulator.jobs[0].id, False)
    assert time.slept == []


def test_a_retry_with_a_recorded_id_is_one_read(service: Service, time: FakeTime) -> None:
    job_id = submitted(service)
    taken = take(service.client(), time, may_exist=True, recorded=job_id)
    assert (taken.job_id, taken.reused) == (job_id, True)
    assert [(request.method, request.path) for request in service.requests] == [("GET", f"/transcriptions/{job_id}")]


@pytest.mark.parametrize("status", ["submitted", "processing", "completed", "some-new-state"])
def test_a_retry_without_a_record_finds_the_job_in_any_state_but_failed(
    service: Service, time: FakeTime, status: str
) -> None:
    job_id = submitted(service, status)
    service.emulator.seed_jobs(20)
    taken = take(service.client(), time, may_exist=True)
    assert (taken.job_id, taken.status, taken.reused) == (job_id, status, True)
    assert not service.posts
    assert len(service.gets) == 1


def test_a_retry_that_finds_nothing_submits(service: Service, time: FakeTime) -> None:
    service.emulator.seed_jobs(150)
    taken = take(service.client(), time, may_exist=True)
    assert not taken.reused
    assert service.live_ids(REF) == [taken.job_id]
    assert len(service.posts) == 1


def test_a_retry_looks_back_to_the_start_of_the_run_only(service: Service, time: FakeTime) -> None:
    service.emulator.seed_jobs(1000, spacing_seconds=60.0)
    since = datetime.now(UTC) - timedelta(hours=2)
    take(service.client(), time, work(since=since), may_exist=True)
    assert len(service.gets) == 1


@pytest.mark.parametrize("recorded", [True, False])
def test_a_failed_job_is_not_reused_but_submitted_anew_under_its_reference(
    service: Service, time: FakeTime, recorded: bool
) -> None:
    failed = submitted(service, "failed")
    taken = take(service.client(), time, may_exist=True, recorded=failed if recorded else None)
    assert taken.job_id != failed
    assert not taken.reused
    assert [job.id for job in service.jobs_with(REF)] == [failed, taken.job_id]


def test_a_recorded_job_that_is_unknown_is_looked_for_in_the_list(service: Service, time: FakeTime) -> None:
    job_id = submitted(service)
    assert take(service.client(), time, may_exist=True, recorded=4711).job_id == job_id
    assert not service.posts


def test_of_two_jobs_the_newest_that_did_not_fail_is_taken_and_both_are_logged(
    service: Service, time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third = submitted(service), submitted(service), submitted(service, "failed")
    service.emulator.set_settings(list_order="oldest")
    assert take(service.client(), time, may_exist=True).job_id == second
    assert f"Jobs {first} (completed), {second} (completed), {third} (failed) carry reference {REF}" in caplog.text


# Rule 2: what an answer proves


@pytest.mark.parametrize(
    "fault", [{"status": 429}, {"status": 429, "retry_after": "30"}, {"status": 429, "retry_after": "date+30"}]
)
def test_an_answer_that_proves_that_nothing_was_created_is_retried_without_a_look(
    service: Service, time: FakeTime, fault: dict[str, object]
) -> None:
    service.fault_on_submit(**fault, times=3)
    taken = take(service.client(), time)
    assert not service.gets
    assert service.live_ids(REF) == [taken.job_id]
    assert len(time.slept) == 3
    assert min(time.slept) >= (28 if "retry_after" in fault else 1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FluxionsRejectedError),
        (401, FluxionsAuthenticationError),
        (402, FluxionsCreditError),
        (415, FluxionsRejectedError),
    ],
)
def test_a_refusal_is_raised_at_once(
    service: Service, time: FakeTime, status: int, kind: type[FluxionsRequestError]
) -> None:
    service.fault_on_submit(status=status, times=None)
    with pytest.raises(kind):
        take(service.client(), time)
    assert len(service.requests) == 1
    assert time.slept == []


def test_nobody_listening_is_waited_out_without_a_look(time: FakeTime) -> None:
    client = FluxionsClient("key", "http://127.0.0.1:9", max_retries=0)
    with pytest.raises(FluxionsConnectionError):
        take(client, time, deadline=time.now() + 100)
    assert sum(time.slept) <= 100
    assert len(time.slept) >= 5


def test_the_audio_is_opened_afresh_for_every_attempt(service: Service, time: FakeTime) -> None:
    service.fault_on_submit(status=429, times=2)
    item = work()
    take(service.client(), time, item)
    assert isinstance(item.source, Source)
    assert (item.source.opened, item.source.closed) == (3, 3)


def test_audio_that_changed_is_an_error_and_creates_no_job(service: Service, time: FakeTime) -> None:
    with pytest.raises(FluxionsAudioError):
        take(service.client(), time, SubmitRequest(Source([b"0123"], 10), "a.mp3", REF))
    assert not service.emulator.jobs
    assert time.slept == []


@pytest.mark.parametrize(
    "list_fault", [{"status": 500}, {"status": 404}, {"status": 401}, {"reset": True}, {"status": 200, "body": "html"}]
)
@pytest.mark.parametrize("after", [False, True])
def test_a_scan_that_fails_until_the_deadline_is_unknown_and_submits_nothing(
    service: Service, time: FakeTime, list_fault: dict[str, object], after: bool
) -> None:
    """Unknown is not absent: the next try asks again."""
    service.fault_on_submit(status=500, after=after)
    service.fault(path="/transcriptions", times=None, **list_fault)
    with pytest.raises(FluxionsUnknownOutcomeError, match=REF) as unknown:
        take(service.client(max_retries=0), time, deadline=time.now() + 60)
    assert unknown.value.transient
    assert "Could not find out whether a job" in str(unknown.value)
    assert len(service.posts) == 1


@pytest.mark.parametrize("list_fault", [{"status": 500}, {"status": 404}, {"status": 200, "body": "empty"}])
def test_a_retry_whose_first_look_fails_submits_nothing(
    service: Service, time: FakeTime, list_fault: dict[str, object]
) -> None:
    service.fault(path="/transcriptions", times=None, **list_fault)
    with pytest.raises(FluxionsUnknownOutcomeError, match=REF):
        take(service.client(max_retries=0), time, may_exist=True, deadline=time.now() + 60)
    assert not service.posts


def test_a_recorded_job_that_cannot_be_read_is_unknown_and_submits_nothing(service: Service, time: FakeTime) -> None:
    job_id = submitted(service)
    service.fault(path=f"/transcriptions/{job_id}", status=503, times=None)
    with pytest.raises(FluxionsUnknownOutcomeError, match=REF):
        take(service.client(max_retries=0), time, may_exist=True, recorded=job_id, deadline=time.now() + 60)
    assert not service.posts


def test_a_scan_is_repeated_until_it_succeeds(service: Service, time: FakeTime) -> None:
    job_id = submitted(service)
    service.fault(path="/transcriptions", status=503, times=4)
    assert take(service.client(max_retries=0), time, may_exist=True).job_id == job_id
    assert len(time.slept) == 4


@pytest.mark.parametrize("late_seconds", [1, 5, 15, 45, 119])
def test_a_job_that_the_list_shows_late_is_reused(serve: MakeService, time: FakeTime, late_seconds: float) -> None:
    service = serve(clock=time.now)
    service.emulator.set_list(late_seconds=late_seconds)
    service.fault_on_submit(reset=True, after=True)
    taken = take(service.client(), time)
    assert taken.reused
    assert service.live_ids(REF) == [taken.job_id]


def test_a_failure_that_proves_nothing_is_settled_for_two_minutes_with_growing_pauses(
    service: Service, time: FakeTime
) -> None:
    service.fault_on_submit(status=500)
    take(service.client(), time)
    assert time.slept == [2, 4, 8, 16, 30, 60, 1]
    assert len(service.gets) == 6


def test_a_failure_that_the_deadline_leaves_no_time_to_settle_is_unknown_and_submits_nothing(
    service: Service, time: FakeTime
) -> None:
    service.fault_on_submit(status=500, times=None)
    with pytest.raises(FluxionsUnknownOutcomeError, match=REF) as unknown:
        take(service.client(), time, deadline=time.now() + 100)
    assert unknown.value.transient
    assert (len(service.posts), sum(time.slept)) == (1, 60)


def test_a_lost_response_is_checked_once_although_the_deadline_has_passed(service: Service, time: FakeTime) -> None:
    service.fault_on_submit(reset=True, after=True)
    assert take(service.client(), time, deadline=time.now()).reused
    assert time.slept == [2]


@pytest.mark.slow
def test_scans_that_settle_go_back_to_the_attempt_only(service: Service, time: FakeTime) -> None:
    time.seconds = datetime.now(UTC).timestamp()
    service.emulator.seed_jobs(1000, spacing_seconds=600.0)
    service.fault_on_submit(status=500)
    take(service.client(), time, work(since=None))
    assert len(service.gets) == 6


@pytest.mark.slow
@pytest.mark.parametrize("hours", [-14, -1, 1, 14])
def test_a_service_whose_clock_is_wrong_hides_no_job(service: Service, time: FakeTime, hours: float) -> None:
    time.seconds = datetime.now(UTC).timestamp()
    service.emulator.set_settings(clock_offset_seconds=hours * 3600)
    job_id = submitted(service)
    service.emulator.seed_jobs(300, age_seconds=-hours * 3600, spacing_seconds=0.01)
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert take(service.client(), time, work(since=since), may_exist=True).job_id == job_id


def test_a_retry_goes_back_from_the_newest_job_of_a_service_whose_clock_is_hours_slow(time: FakeTime) -> None:
    """On the second page: the first one is older than the start of the work, by the time of this machine."""
    hours = 14 * 3600
    newer = [job(100 - n, age_seconds=hours + n) for n in range(30)]
    earlier = job(1, age_seconds=hours + 60, filename=f"interview{MARK}.mp3")
    account = FakeList([*newer, earlier], max_limit=30)
    taken = take(account, time, work(since=START - timedelta(minutes=5)), may_exist=True)  # type: ignore[arg-type]
    assert (taken.job_id, taken.reused) == (1, True)


@pytest.mark.slow
def test_a_service_whose_clock_jumps_back_an_hour_hides_no_job(service: Service, time: FakeTime) -> None:
    time.seconds = datetime.now(UTC).timestamp()
    service.emulator.seed_jobs(500, age_seconds=0, spacing_seconds=10)
    service.emulator.set_settings(clock_offset_seconds=-3600)
    service.fault_on_submit(reset=True, after=True)
    taken = take(service.client(), time)
    assert service.live_ids(REF) == [taken.job_id]


RENAMED = [
    ("append:.opus",),
    ("upper",),
    ("dashes:-",),
    ("dashes:_",),
    ("dashes:_", "upper"),
    ("cut:32",),
    ("cut:64",),
    ("cut:100",),
    ("cut:128",),
    ("copy",),
    ("percent",),
]


@pytest.mark.parametrize("names", RENAMED)
@pytest.mark.parametrize("filename", ["interview.mp3", "2026-03-02 customer call with Ms. Ångström 0042.mp3"])
def test_a_job_whose_name_comes_back_changed_is_reused(
    observed: Service, time: FakeTime, names: tuple[str, ...], filename: str
) -> None:
    observed.emulator.set_list(names=names)
    item = SubmitRequest(source(), filename, REF, SubmitOptions(cache=False))
    first = take(observed.client(), time, item)
    second = take(observed.client(), time, item, may_exist=True)
    assert (second.job_id, second.reused) == (first.job_id, True)


@pytest.mark.parametrize("name", ["empty", "null", "missing"])
@pytest.mark.parametrize("after", [False, True])
def test_a_list_without_names_is_unknown_and_submits_nothing(
    observed: Service, time: FakeTime, name: str, after: bool
) -> None:
    observed.emulator.set_list(names=(name,))
    observed.emulator.seed_jobs(3, age_seconds=0)
    observed.fault_on_submit(status=500, after=after)
    started = time.now()
    with pytest.raises(FluxionsUnknownOutcomeError, match="without a file name"):
        take(observed.client(), time, deadline=time.now() + 86_400)
    assert len(observed.posts) == 1
    assert time.now() - started < 600, "it ends long before the timeout"


@pytest.mark.slow
@pytest.mark.parametrize("behavior", [{"max_entries": 50}, {"total_off_by": 7}])
def test_a_list_that_is_shorter_than_its_total_ends_a_try_within_minutes(
    observed: Service, time: FakeTime, behavior: dict[str, int]
) -> None:
    observed.emulator.set_list(**behavior)
    observed.emulator.seed_jobs(60, age_seconds=0, spacing_seconds=0.01)
    time.seconds = datetime.now(UTC).timestamp()
    started = time.now()
    with pytest.raises(FluxionsUnknownOutcomeError, match="to its end"):
        take(observed.client(), time, work(since=datetime.now(UTC)), may_exist=True, deadline=time.now() + 86_400)
    assert not observed.posts
    assert time.now() - started < 600


def test_a_list_whose_total_is_too_large_does_not_block_a_retry_for_ever(observed: Service, time: FakeTime) -> None:
    observed.emulator.set_list(total_off_by=7)
    observed.emulator.seed_jobs(9, age_seconds=7200, spacing_seconds=600)
    taken = take(observed.client(), time, work(since=datetime.now(UTC)), may_exist=True)
    assert observed.live_ids(REF) == [taken.job_id]
    assert time.slept == []


# A recorded id


def test_a_recorded_job_of_another_account_is_not_reused(service: Service, time: FakeTime) -> None:
    """The connection leads to another account since, where the same id is somebody's job."""
    foreign = service.client().submit(b"RIFF other", filename="secret.mp3", cache=False).id
    taken = take(service.client(), time, may_exist=True, recorded=foreign)
    assert taken.job_id != foreign
    assert service.live_ids(REF) == [taken.job_id]


def test_a_recorded_job_whose_single_read_shows_no_name_is_found_in_the_list(observed: Service, time: FakeTime) -> None:
    job_id = submitted(observed)
    observed.emulator.set_list(names=("null",), names_in="read")
    assert take(observed.client(), time, may_exist=True, recorded=job_id).job_id == job_id
    assert len(observed.gets) == 2
    assert not observed.posts


# A worker that was stopped while it uploaded


class Stopped(Source):
    """Audio whose upload stands still between two blocks, while another try may submit the same work."""

    time: FakeTime
    seconds: float = 20.0
    meanwhile: Callable[[], object] = staticmethod(lambda: None)
    stops: int = 1

    def read(self, size: int = -1, /) -> bytes:
        if len(self._left) == 1 and self.stops:
            self.stops -= 1
            self.time.seconds += self.seconds
            self.meanwhile()
        return super().read(size)


def stopped(time: FakeTime, **changes: object) -> SubmitRequest:
    audio = Stopped([b"RIFF", b" audio"], 10)
    vars(audio).update(time=time, **changes)
    return work(source=audio)


def test_a_worker_that_continues_after_a_retry_submitted_creates_no_second_job(
    service: Service, time: FakeTime
) -> None:
    ids: list[int] = []
    taken = take(service.client(), time, stopped(time, meanwhile=lambda: ids.append(submitted(service))))
    assert (taken.job_id, taken.reused) == (ids[0], True)
    assert service.live_ids(REF) == ids


def test_a_worker_that_was_stopped_and_finds_no_job_sends_its_last_byte(service: Service, time: FakeTime) -> None:
    taken = take(service.client(), time, stopped(time))
    assert (service.live_ids(REF), taken.reused) == ([taken.job_id], False)
    assert len(service.gets) == 1
    assert service.emulator.jobs[0].size_bytes == 10


def test_a_scan_after_a_stop_goes_back_to_the_beginning_of_the_try_only(service: Service, time: FakeTime) -> None:
    time.seconds = datetime.now(UTC).timestamp()
    service.emulator.seed_jobs(1000, spacing_seconds=600.0)
    take(service.client(), time, stopped(time, since=None))
    assert len(service.gets) == 1


def test_a_worker_that_cannot_find_out_after_a_stop_submits_nothing(service: Service, time: FakeTime) -> None:
    service.fault(path="/transcriptions", status=503, times=None)
    with pytest.raises(FluxionsUnknownOutcomeError):
        take(service.client(max_retries=0), time, stopped(time), deadline=time.now() + 60)
    assert not service.emulator.jobs


def test_an_upload_that_is_only_slow_costs_no_request(service: Service, time: FakeTime) -> None:
    take(service.client(), time, stopped(time, seconds=STALL_SECONDS))
    assert not service.gets


def test_pauses_on_purpose_are_no_stop(service: Service, time: FakeTime) -> None:
    service.fault_on_submit(status=429, retry_after="100", times=3)
    take(service.client(), time)
    assert not service.gets


def test_a_process_that_was_stopped_before_its_upload_checks_too(service: Service, time: FakeTime) -> None:
    """With one block there is nothing to stand still in between."""
    item = work(b"x")
    opened = item.source.open

    def stop_and_open() -> Source:
        time.seconds += 20
        submitted(service)
        return opened()

    item.source.open = stop_and_open  # type: ignore[method-assign]
    taken = take(service.client(), time, item)
    assert taken.reused
    assert service.live_ids(REF) == [taken.job_id]


# Rule 4: only an exact match


@pytest.mark.parametrize(
    "filename",
    ["interview.mp3", f"interview--{REF[:-1]}0.mp3", f"interview{MARK}0.mp3", f"interview--{REF[:8]}-{REF[8:]}.mp3"],
)
def test_a_job_with_a_name_that_is_only_alike_is_left_alone(service: Service, time: FakeTime, filename: str) -> None:
    other = service.client().submit(b"RIFF audio", filename=filename, cache=False).id
    assert take(service.client(), time, may_exist=True).job_id != other


# Without protection


def test_without_a_reference_the_name_is_plain_and_each_submit_a_new_job(service: Service, time: FakeTime) -> None:
    ids = {take(service.client(), time, work(ref=None), may_exist=True).job_id for _ in range(2)}
    assert len(ids) == 2
    assert {job.filename for job in service.emulator.jobs} == {"interview.mp3"}
    assert not service.gets


def test_without_a_reference_an_answer_that_proves_nothing_is_raised(service: Service, time: FakeTime) -> None:
    service.fault_on_submit(status=500, after=True)
    with pytest.raises(FluxionsServerError):
        take(service.client(), time, work(ref=None))
    assert len(service.posts) == 1


# Waiting inside one try


async def no_latency(seconds: float) -> None:
    """The emulator's clock: a cold start takes no time of ours."""


def test_a_cold_start_of_77_s_is_held_out_by_the_default_timeout(serve: MakeService, time: FakeTime) -> None:
    service = serve(sleep=no_latency)
    service.fault_on_submit(latency_seconds=77.0)
    client = service.client()
    assert client.settings.submit_timeout > 2 * 77
    taken = take(client, time)
    assert service.live_ids(REF) == [taken.job_id]
    assert len(service.posts) == 1


def test_a_gateway_that_gives_up_on_cold_starts_is_waited_out(service: Service, time: FakeTime) -> None:
    service.fault_on_submit(status=504, times=3)
    taken = take(service.client(), time)
    assert service.live_ids(REF) == [taken.job_id]
    assert len(service.posts) == 4


def test_a_storm_of_429_is_waited_out_with_growing_pauses(
    service: Service, time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    service.fault_on_submit(status=429, times=10, message="Too many requests")
    taken = take(service.client(), time)
    assert time.slept == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert service.live_ids(REF) == [taken.job_id]
    assert len([line for line in caplog.messages if "Too many requests" in line and "Retrying in" in line]) == 10


def test_each_pause_after_a_service_error_is_reported_in_seconds(service: Service, time: FakeTime) -> None:
    service.fault_on_submit(status=429, times=2)
    pauses: list[float] = []
    take(service.client(), time, on_pause=pauses.append)
    assert pauses == [1, 2]


def test_a_storm_that_outlasts_the_deadline_is_raised_in_time(service: Service, time: FakeTime) -> None:
    service.fault_on_submit(status=429, times=None)
    with pytest.raises(FluxionsThrottledError) as throttled:
        take(service.client(), time, deadline=time.now() + 100)
    assert throttled.value.transient
    assert sum(time.slept) <= 100
    assert not service.emulator.jobs


def test_a_pause_beyond_the_deadline_is_not_begun(service: Service, time: FakeTime) -> None:
    service.fault_on_submit(status=429, retry_after="500")
    with pytest.raises(FluxionsThrottledError):
        take(service.client(), time, deadline=time.now() + 100)
    assert time.slept == []


@pytest.mark.parametrize("after", [False, True])
def test_restarts_answered_with_503_end_in_one_job_with_the_pauses_logged(
    service: Service, time: FakeTime, caplog: pytest.LogCaptureFixture, after: bool
) -> None:
    service.fault_on_submit(status=503, times=4, after=after, message="Model server restarting")
    taken = take(service.client(), time)
    assert service.live_ids(REF) == [taken.job_id]
    assert len(service.posts) == (1 if after else 5)
    assert "Model server restarting" in caplog.text


# What the log says


def test_the_log_says_in_one_line_what_was_submitted(
    service: Service, time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "airflow_provider_fluxions.api.submit_once")
    taken = take(service.client(), time, work(b"x" * 4_200_000))
    assert caplog.messages == [f"Submitted job {taken.job_id} (file=interview.mp3, size=4.2 MB, reference={REF})."]


def test_the_log_says_in_one_line_what_was_reused(
    serve: MakeService, time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    service = serve(clock=lambda: time.now() - 180)
    job_id = submitted(service, "processing")
    caplog.set_level(logging.INFO, "airflow_provider_fluxions.api.submit_once")
    take(service.client(), time, may_exist=True)
    assert caplog.messages == [
        f"Reusing job {job_id} (processing), submitted 3 min ago by an earlier try (reference={REF})."
    ]


# Values


@pytest.mark.parametrize(("attempt", "low", "high"), [(1, 0.5, 1), (2, 1, 2), (4, 4, 8), (7, 30, 60), (1000, 30, 60)])
def test_pauses_double_up_to_a_minute_and_are_jittered_by_half(attempt: int, low: float, high: float) -> None:
    assert pause_seconds(attempt, None, 0.0) == low
    assert pause_seconds(attempt, None, 1.0) == high <= MAX_PAUSE_SECONDS


def test_a_pause_is_never_shorter_than_the_service_asks_for() -> None:
    assert pause_seconds(1, 90.0, 0.0) == 90.0
    assert pause_seconds(7, 2.0, 0.0) == 30.0


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(0, "0.0 kB"), (999_499, "999.5 kB"), (1_000_000, "1.0 MB"), (4_200_000, "4.2 MB")]
)
def test_sizes_are_written_for_people(size_bytes: int, text: str) -> None:
    assert megabytes(size_bytes) == text


@pytest.mark.parametrize(
    ("age_seconds", "text"),
    [(-5, "0 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7199, "120 min ago"), (7200, "2 h ago")],
)
def test_ages_are_written_for_people(age_seconds: float, text: str) -> None:
    instant = datetime(2026, 3, 2, tzinfo=UTC)
    assert ago(instant, instant.timestamp() + age_seconds) == text


def test_an_unknown_age_is_said_to_be_unknown() -> None:
    assert ago(None, 0.0) == "at an unknown time"
