"""Finding jobs by reference: complete or an error, whatever order the list is in, and no page too many."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import islice

import pytest

from airflow_provider_fluxions.api.errors import FluxionsServerError, FluxionsUnknownOutcomeError
from airflow_provider_fluxions.api.job_search import (
    CLOCK_SKEW,
    MAX_PASSES,
    MAX_STALE_PAGES,
    iter_pages,
    newest_live,
    search_jobs,
)
from airflow_provider_fluxions.api.models import Job, JobStatus, Page
from tests.unit.fakes import MARK, REF, START, FakeList, job

OTHER = "0123456789abcdef"
ORDERS = ["newest", "oldest", "shuffled"]


def foreign(count: int, *, spacing_seconds: float = 60.0) -> list[Job]:
    """Return foreign jobs, newest first, from 1 s old on."""
    return [job(count - n, age_seconds=1 + n * spacing_seconds) for n in range(count)]


def ours(job_id: int, age_seconds: float, status: str = "processing") -> Job:
    return job(job_id, age_seconds=age_seconds, status=status, filename=f"interview{MARK}.mp3")


def ordered(jobs: list[Job], order: str) -> list[Job]:
    if order == "shuffled":
        return random.Random(7).sample(jobs, len(jobs))  # noqa: S311 - an order, not a secret
    return sorted(jobs, key=lambda one: one.created_at or START, reverse=order == "newest")


def found_ids(account: FakeList, **bounds: object) -> list[int | str]:
    return [one.id for one in search_jobs(account, {REF}, **bounds)[REF]]  # type: ignore[arg-type]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("age_seconds", [0, 7_000, 60_000])
def test_a_job_is_found_wherever_it_stands(order: str, age_seconds: float) -> None:
    account = FakeList(ordered([*foreign(950), ours(5000, age_seconds)], order))
    assert found_ids(account) == [5000]


@pytest.mark.parametrize("order", ORDERS)
def test_an_absent_job_is_absent_after_the_whole_list_and_no_more(order: str) -> None:
    account = FakeList(ordered(foreign(950), order))
    assert found_ids(account) == []
    assert account.asked == list(range(0, 1000, 100))


def test_newest_first_the_search_ends_with_the_page_that_shows_the_job() -> None:
    account = FakeList([*foreign(150), ours(5000, 10_000), *foreign(5000)[200:]])
    found_ids(account)
    assert account.asked == [0, 100]


def test_newest_first_the_search_ends_past_the_bound() -> None:
    account = FakeList(foreign(5000))
    assert found_ids(account, since=START - timedelta(hours=1)) == []
    assert account.asked == [0]


@pytest.mark.parametrize("order", ["oldest", "shuffled"])
def test_a_bound_does_not_cut_a_list_in_another_order_short(order: str) -> None:
    account = FakeList(ordered([*foreign(950), ours(5000, 60)], order))
    assert found_ids(account, since=START - timedelta(hours=1)) == [5000]


def test_the_bound_allows_for_clocks_that_differ() -> None:
    since = START - timedelta(hours=1)
    age = timedelta(hours=1) + CLOCK_SKEW - timedelta(seconds=1)
    account = FakeList([*foreign(100, spacing_seconds=36.0), ours(5000, age.total_seconds()), *foreign(500)[200:]])
    assert found_ids(account, since=since) == [5000]


@pytest.mark.parametrize("page_jobs", [1, 3])
@pytest.mark.parametrize("order", ["oldest", "shuffled"])
def test_a_few_jobs_in_falling_order_do_not_make_a_list_newest_first(order: str, page_jobs: int) -> None:
    """A service with tiny pages: the first one, older than the bound, must not end the search."""
    account = FakeList(ordered([*foreign(60, spacing_seconds=3600.0), ours(5000, 60)], order), max_limit=page_jobs)
    assert found_ids(account, since=START - timedelta(hours=1)) == [5000]


def test_jobs_of_one_instant_do_not_make_a_list_newest_first() -> None:
    """An import: hundreds of jobs with one time stamp stand first in a list that is oldest first."""
    old = [job(n, age_seconds=86_400) for n in range(300)]
    account = FakeList([*old, ours(5000, 60)])
    assert found_ids(account, since=START - timedelta(hours=1)) == [5000]


def test_jobs_without_a_time_do_not_hide_others() -> None:
    untimed = [Job(n, job(1).status) for n in range(150)]
    account = FakeList([*untimed, ours(5000, 60)])
    assert found_ids(account, since=START - timedelta(hours=1)) == [5000]


def test_several_references_are_found_in_one_reading() -> None:
    second = job(7000, age_seconds=30_000, filename=f"b--{OTHER}.mp3")
    account = FakeList(ordered([*foreign(950), ours(5000, 60), second], "newest"))
    matches = search_jobs(account, {REF, OTHER})
    assert {ref: [one.id for one in jobs] for ref, jobs in matches.items()} == {REF: [5000], OTHER: [7000]}
    assert account.asked == [0, 100, 200, 300, 400, 500]


def test_a_failed_job_does_not_end_the_search() -> None:
    account = FakeList([ours(5001, 0, "failed"), *foreign(150), ours(5000, 10_000)])
    assert found_ids(account) == [5001, 5000]


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_jobs_that_arrive_while_paging_hide_none(order: str) -> None:
    account = FakeList([*foreign(450), ours(5000, 30_000)])
    arrivals = {n: [job(9000 + 200 * n + k, age_seconds=-n) for k in range(30)] for n in range(1, 5)}
    if order == "newest":
        account.arrivals = arrivals
    else:
        account.jobs.reverse()
        account.jobs += [one for jobs in arrivals.values() for one in jobs]
    assert found_ids(account) == [5000]


def test_a_whole_page_of_arrivals_between_two_pages_hides_none() -> None:
    account = FakeList([*foreign(450), ours(5000, 30_000)])
    account.arrivals = {1: [job(9000 + k, age_seconds=-1) for k in range(100)]}
    assert found_ids(account) == [5000]


def test_a_list_that_ends_before_its_own_total_is_unknown_and_not_absent() -> None:
    account = FakeList(foreign(250), total=lambda count: count + 1)
    with pytest.raises(FluxionsUnknownOutcomeError, match=REF) as unknown:
        found_ids(account)
    assert unknown.value.transient
    assert account.asked.count(0) == MAX_PASSES


def test_a_list_cut_off_once_is_read_again() -> None:
    class CutOnce(FakeList):
        def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
            page = super().list_transcriptions(limit, offset)
            return Page((), page.total, page.limit, offset) if len(self.asked) == 2 else page

    account = CutOnce([*foreign(250), ours(5000, 60_000)])
    assert found_ids(account) == [5000]
    assert account.asked == [0, 100, 0, 100, 200]


def test_a_page_that_cannot_be_read_is_an_error() -> None:
    class Broken(FakeList):
        def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
            if offset:
                raise FluxionsServerError("restarting", status_code=503)
            return super().list_transcriptions(limit, offset)

    with pytest.raises(FluxionsServerError):
        found_ids(Broken(foreign(250)))


@pytest.mark.parametrize("total", [None, 0, 1, 10_000_000])
def test_what_a_service_says_of_its_total_alone_hides_nothing(total: int | None) -> None:
    account = FakeList([*foreign(250), ours(5000, 60_000)], total=lambda _: total)
    assert found_ids(account) == [5000]


@pytest.mark.parametrize("shown_limit", [None, 100])
def test_a_service_may_give_smaller_pages_than_asked_for(shown_limit: int | None) -> None:
    """It says so in ``limit``, or it echoes what we asked for; the total tells."""
    account = FakeList([*foreign(250), ours(5000, 60_000)], max_limit=40, shown_limit=shown_limit)
    assert found_ids(account) == [5000]
    assert len(account.asked) == 7


def test_a_server_that_repeats_its_first_page_for_ever_is_left_and_unknown() -> None:
    class Stuck(FakeList):
        def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
            page = super().list_transcriptions(limit, 0)
            return Page(page.transcriptions, page.total, page.limit, offset)

    account = Stuck(foreign(250))
    with pytest.raises(FluxionsUnknownOutcomeError):
        found_ids(account)
    assert len(account.asked) == MAX_PASSES * (MAX_STALE_PAGES + 1)


def test_a_server_that_repeats_two_pages_in_turn_for_ever_is_left() -> None:
    class Turning(FakeList):
        def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
            return super().list_transcriptions(limit, offset % 200)

    pages = islice(iter_pages(Turning(foreign(250))), 20)
    assert len(list(pages)) == 2 + MAX_STALE_PAGES


@pytest.mark.parametrize(
    "filename",
    [
        f"interview{MARK}.mp3.opus",
        f"INTERVIEW--{REF.upper()}.MP3",
        f"interview-{REF}.mp3",
        f"interview_{REF}.mp3",
        f"interview {REF}.mp3",
        f"interview{MARK}",
        f"interview{MARK} (1).mp3",
        f"{REF}.mp3",
        f"upload_1764271_interview__{REF}.mp3",
        f"0123456789abcdef{MARK}--fedcba9876543210.mp3",
    ],
)
def test_a_job_is_found_by_its_reference_anywhere_in_its_name(filename: str) -> None:
    assert found_ids(FakeList([*foreign(30), job(5000, filename=filename)])) == [5000]


def nameless(job_id: int, age_seconds: float, status: str = "processing") -> Job:
    return Job(job_id, JobStatus(status), created_at=START - timedelta(seconds=age_seconds))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", [None, "", " "])
def test_a_job_without_a_name_may_be_the_one_that_is_searched_for(order: str, name: str | None) -> None:
    account = FakeList(ordered([*foreign(250), replace(nameless(5000, 60), filename=name)], order))
    with pytest.raises(FluxionsUnknownOutcomeError, match=r"without a file name \(5000\)") as unknown:
        found_ids(account)
    assert unknown.value.transient


def test_a_job_without_a_name_does_not_matter_where_each_reference_was_found() -> None:
    account = FakeList(ordered([*foreign(30), nameless(4999, 50), ours(5000, 60)], "newest"))
    assert found_ids(account) == [5000]


def test_a_job_without_a_name_that_is_older_than_the_window_does_not_matter() -> None:
    account = FakeList(ordered([*foreign(30), nameless(4999, 7200)], "newest"))
    assert found_ids(account, since=START - timedelta(hours=1)) == []


def test_a_failed_job_without_a_name_does_not_matter() -> None:
    assert found_ids(FakeList(ordered([*foreign(30), nameless(4999, 50, "failed")], "newest"))) == []


@pytest.mark.parametrize("count", [5, 6, 19])
def test_a_small_list_that_promises_more_than_it_shows_is_complete_past_the_bound(count: int) -> None:
    """The account has deleted jobs, and its total counts them. What a newest-first list hides is older."""
    account = FakeList(foreign(count, spacing_seconds=3600.0), total=lambda shown: shown + 2)
    assert found_ids(account, since=START - timedelta(hours=1)) == []
    assert len(account.asked) == 2


@pytest.mark.parametrize("count", [5, 50, 250])
def test_a_list_that_promises_more_than_it_shows_is_unknown_where_the_bound_is_not_reached(count: int) -> None:
    """It may be capped: jobs that are older than those it shows, and younger than the bound, may exist."""
    account = FakeList(foreign(count, spacing_seconds=1.0), total=lambda shown: shown + 2)
    with pytest.raises(FluxionsUnknownOutcomeError):
        found_ids(account, since=START - timedelta(hours=1))


def test_an_empty_page_ends_the_list() -> None:
    account = FakeList(foreign(200), total=lambda _: None)
    assert [len(page.transcriptions) for page in iter_pages(account)] == [100, 100, 0]


@pytest.mark.parametrize(
    ("jobs", "newest"),
    [
        ([], None),
        ([ours(1, 0, "failed")], None),
        ([ours(1, 10), ours(2, 5)], 2),
        ([ours(2, 5), ours(1, 10)], 2),
        ([ours(1, 10, "completed"), ours(2, 5, "failed")], 1),
        ([ours(1, 5), ours(2, 5)], 2),
        ([ours(1, 5, "queued"), ours(2, 10, "completed")], 1),
    ],
)
def test_of_several_jobs_the_newest_that_did_not_fail_counts(jobs: list[Job], newest: int | None) -> None:
    chosen = newest_live(jobs)
    assert (chosen.id if chosen else None) == newest
