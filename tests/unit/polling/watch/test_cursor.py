"""Which ends are news: each once, whatever the list's order, the rounds and the restarts."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.job_calls import JobCalls
from airflow_provider_fluxions.api.models import Job, JobStatus, Page, Transcription
from airflow_provider_fluxions.polling.poll_planner import next_result
from airflow_provider_fluxions.polling.watch.cursor import MAX_LATE_SECONDS, MAX_RUN_SECONDS, Cursor, newly_ended
from airflow_provider_fluxions.polling.watch.list_scan import ListScan
from tests.unit.fakes import START

NOW = START.timestamp()
HOUR = 3600.0


@dataclass(frozen=True)
class Fate:
    """A job's life; times in seconds after `START`, None for never."""

    created: float
    ends: float | None = None
    listed: float | None = None

    def seen_at(self, number: int, now: float) -> Job:
        status = JobStatus.COMPLETED if self.ends is not None and self.ends <= now else JobStatus.PROCESSING
        return Job(number, status, created_at=datetime.fromtimestamp(NOW + self.created, UTC))


@dataclass
class Account(JobCalls):
    """The account at one moment, as a client sees it; ``order`` says how its list is sorted."""

    fates: list[Fate]
    now: float = 0.0
    order: str = "newest first"
    page_jobs: int = 100
    requests: int = 0

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        self.requests += 1
        jobs = [
            fate.seen_at(number, self.now)
            for number, fate in enumerate(self.fates)
            if self.now >= (fate.created if fate.listed is None else fate.listed)
        ]
        if self.order != "as it comes":
            jobs.sort(key=lambda job: job.created_at or START, reverse=self.order == "newest first")
        size = min(limit, self.page_jobs)
        return Page(tuple(jobs[offset : offset + size]), len(jobs), size, offset)

    def get_transcription(self, job_id: int | str, *, word_level_timestamps: bool = False) -> Transcription:
        self.requests += 1
        job = self.fates[int(job_id)].seen_at(int(job_id), self.now)
        return Transcription(job.id, job.status, created_at=job.created_at)

    def survey(self, mark: Cursor) -> ListScan:
        survey = ListScan(NOW + self.now, mark.horizon, mark.running)
        requests, answer = survey.requests(), None
        while (answer := next_result(self, requests, answer, mark.running)) is not None:
            pass
        return survey


def everything(job: Job) -> bool:
    return True


def kept(mark: Cursor) -> Cursor:
    """The mark as a restart finds it."""
    again = Cursor.from_json(json.loads(json.dumps(mark.to_json())))
    assert again is not None
    return again


def look(account: Account, mark: Cursor) -> tuple[list[int], Cursor]:
    news, mark = newly_ended(mark, account.survey(mark), everything)
    return [int(job.id) for job in news], kept(mark)


seconds = st.floats(0, 4 * HOUR)
fates = st.builds(
    lambda created, runs, late: Fate(created, created + runs, created + late),
    created=seconds,
    runs=st.floats(0, 3 * HOUR),
    late=st.floats(0, MAX_LATE_SECONDS - 1),
)
orders = st.sampled_from(["newest first", "oldest first", "as it comes"])


@given(st.lists(fates, max_size=40), st.lists(seconds, max_size=8), orders, st.sampled_from([3, 100]))
def test_each_end_is_told_once_over_any_rounds_with_a_restart_at_each(
    lives: list[Fate], rounds: list[float], order: str, page_jobs: int
) -> None:
    account = Account(lives, order=order, page_jobs=page_jobs)
    mark = Cursor.begin(NOW, NOW)
    told: list[int] = []
    for account.now in [*sorted(rounds), 20 * HOUR]:
        news, mark = look(account, mark)
        told += news
    assert sorted(told) == list(range(len(lives)))


@given(st.lists(fates, max_size=30), st.lists(seconds, min_size=1, max_size=8), st.data())
def test_a_mark_that_was_not_kept_repeats_what_came_since_and_misses_nothing(
    lives: list[Fate], rounds: list[float], data: st.DataObject
) -> None:
    account, mark = Account(lives), Cursor.begin(NOW, NOW)
    told: list[int] = []
    lost = data.draw(st.integers(0, len(rounds) - 1))
    repeated: list[int] = []
    for number, account.now in enumerate([*sorted(rounds), 20 * HOUR]):
        news, after = look(account, mark)
        told += news
        if number == lost:
            repeated = news
        else:
            mark = after
    assert sorted(told) == sorted([*range(len(lives)), *repeated])


@given(st.lists(st.floats(0, 48 * HOUR), max_size=60))
def test_a_mark_holds_no_more_than_what_runs_and_what_is_an_hour_old(created: list[float]) -> None:
    lives = [Fate(one, one + 60) for one in created]
    account, mark = Account(lives, now=49 * HOUR), Cursor.begin(NOW, NOW)
    _, mark = look(account, mark)
    recent = {number for number, one in enumerate(created) if int(NOW + one) >= mark.horizon}
    assert mark.ended.keys() == {job_key(number) for number in recent}
    assert mark.horizon >= max([0.0, *(NOW + one for one in created)]) - MAX_LATE_SECONDS - 1 or not created


def test_what_ended_before_watching_began_is_no_news_and_what_ran_is() -> None:
    account = Account([Fate(-100, -50), Fate(-5 * HOUR, 60)])
    news, mark = look(account, Cursor.begin(NOW, NOW))
    assert news == []
    account.now = 100
    assert look(account, mark)[0] == [1]


def test_an_earlier_since_tells_of_what_ended_before() -> None:
    account = Account([Fate(-9 * HOUR, -8 * HOUR), Fate(-2 * HOUR, -HOUR)])
    news, mark = look(account, Cursor.begin(NOW - 3 * HOUR, NOW))
    assert news == [1]
    assert look(account, mark)[0] == []


def test_what_ended_while_nobody_watched_is_told_afterwards() -> None:
    account = Account([Fate(-100, -50)])
    _, mark = look(account, Cursor.begin(NOW, NOW))
    account.fates += [Fate(HOUR, 2 * HOUR), Fate(50 * HOUR, 51 * HOUR)]
    account.now = 100 * HOUR
    assert look(account, mark)[0] == [1, 2]


def test_a_creation_time_in_the_future_hides_nothing_that_comes_later() -> None:
    account = Account([Fate(1000 * HOUR, 10, listed=0)], now=20)
    _, mark = look(account, Cursor.begin(NOW, NOW))
    account.fates.append(Fate(30, 40))
    account.now = 50
    assert look(account, mark)[0] == [1]


def test_jobs_without_a_creation_time_are_told_once() -> None:
    survey = ListScan(NOW, 0, jobs={"1": Job(1, JobStatus.COMPLETED)}, complete=True)
    news, mark = newly_ended(Cursor.begin(NOW, NOW), survey, everything)
    assert [job.id for job in news] == [1]
    assert newly_ended(kept(mark), survey, everything)[0] == []


def test_a_job_that_the_account_lost_is_forgotten() -> None:
    mark = Cursor(int(NOW), running={"1": 1})
    survey = ListScan(NOW, 0, jobs={"1": Job(1, JobStatus("lost"))}, complete=True)
    news, mark = newly_ended(mark, survey, everything)
    assert (news, mark.running) == ([], {})


def test_the_horizon_stays_where_the_list_was_cut_off() -> None:
    mark = Cursor(int(NOW - 9 * HOUR))
    survey = ListScan(NOW, mark.horizon, complete=False)
    survey.order.add(int(NOW))
    assert newly_ended(mark, survey, everything)[1].horizon == mark.horizon


def test_a_sorted_list_is_read_back_to_the_horizon_and_no_further() -> None:
    account = Account([Fate(-60.0 * number, 0) for number in range(950)])
    mark = replace(Cursor.begin(NOW, NOW), horizon=int(NOW - HOUR))
    assert account.survey(mark).complete
    assert account.requests == 1
    assert account.survey(Cursor.begin(NOW, NOW)).complete
    assert account.requests == 1 + 10  # all are from the last day


def test_a_list_that_only_looks_sorted_at_first_is_read_to_its_end() -> None:
    account = Account([Fate(-60.0 * number, 0) for number in range(950)], order="as it comes")
    account.fates[98], account.fates[99] = account.fates[99], account.fates[98]
    assert account.survey(Cursor(int(NOW - HOUR))).complete
    assert account.requests == 10


def test_a_list_in_another_order_is_read_to_its_end() -> None:
    account = Account([Fate(-60.0 * number, 0) for number in range(950)], order="oldest first")
    assert account.survey(Cursor(int(NOW - HOUR))).complete
    assert account.requests == 10


def test_an_old_job_that_runs_on_is_asked_by_itself() -> None:
    lives = [Fate(-60.0 * number, 0) for number in range(950)]
    account = Account(lives)
    survey = account.survey(Cursor(int(NOW - HOUR), running={"949": 949}))
    assert survey.jobs["949"].status == "completed"
    assert account.requests == 2


def test_a_mark_of_another_version_is_none() -> None:
    assert Cursor.from_json({"version": 2}) is None
    assert Cursor.from_json(None) is None


def test_a_first_look_reaches_a_day_back_for_what_still_runs() -> None:
    assert Cursor.begin(NOW, NOW).horizon == int(NOW - MAX_RUN_SECONDS)
