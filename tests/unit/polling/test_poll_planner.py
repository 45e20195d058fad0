"""One round: how many requests it makes, and that it shows every job."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.polling.poll_planner import (
    SINGLE_READS_PER_UNMATCHED_PAGE,
    ListPage,
    ListPositions,
    PollResult,
    ReadJob,
    plan_round,
    send,
)
from tests.unit.conftest import Service
from tests.unit.fakes import FakeAccount, FakeTime, running


@pytest.fixture
def account(time: FakeTime) -> FakeAccount:
    return FakeAccount(time.now)


class Unlisted(FakeAccount):
    """An account whose list shows no job."""

    def list_transcriptions(self, limit: int = 50, offset: int = 0):  # type: ignore[no-untyped-def]
        page = super().list_transcriptions(limit, offset)
        return type(page)((), 0, limit, offset)


def one_round(account: FakeAccount | FluxionsClient, ids: Iterable[int], positions: ListPositions) -> dict[str, Job]:
    """Make a round and return what it showed of the wanted jobs."""
    wanted = {str(number): number for number in ids}
    shown: dict[str, Job] = {}
    requests = plan_round(wanted, positions)
    answer = None
    while True:
        try:
            request = next(requests) if answer is None else requests.send(answer)
        except StopIteration:
            return {key: job for key, job in shown.items() if key in wanted}
        answer = send(account, request)
        shown |= answer


def costs(account: FakeAccount, ids: Iterable[int], positions: ListPositions, rounds: int = 1) -> list[int]:
    """Make rounds, each of which must show every wanted job, and return how many requests each made."""
    ids, counts = list(ids), []
    for _ in range(rounds):
        before = len(account.requests)
        assert one_round(account, ids, positions).keys() == {str(number) for number in ids}
        counts.append(len(account.requests) - before)
    return counts


def test_no_job_is_no_request(account: FakeAccount) -> None:
    assert costs(account, [], ListPositions()) == [0]


def test_one_job_is_one_read(account: FakeAccount) -> None:
    account.ends = running(range(1000))
    assert costs(account, [500], ListPositions(), rounds=3) == [1, 1, 1]
    assert account.pages == 0


def test_reads_begin_with_another_job_each_round_so_that_one_which_always_fails_hides_none() -> None:
    positions, first_read = ListPositions(), set()
    for _ in range(3):
        requests = plan_round({"1": 1, "2": 2, "3": 3}, positions)
        request = next(requests)
        while isinstance(request, ListPage):
            request = requests.send(PollResult())  # a page that shows none of them
        first_read.add(request.job_id)
    assert first_read == {1, 2, 3}


def test_two_new_jobs_are_one_page(account: FakeAccount) -> None:
    account.ends = running(range(1000))
    assert costs(account, [998, 999], ListPositions()) == [1]
    assert account.pages == 1


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_thousand_jobs_cost_their_pages(account: FakeAccount, newest_first: bool) -> None:
    account.newest_first = newest_first
    account.ends = running(range(1000))
    assert max(costs(account, range(1000), ListPositions(), rounds=3)) <= 11


def test_a_thousand_jobs_in_front_of_old_ones_cost_ten_pages(account: FakeAccount) -> None:
    account.ends = running(range(5000))
    assert costs(account, range(4000, 5000), ListPositions(), rounds=3) == [10, 10, 10]


def test_a_service_that_gives_small_pages_is_asked_for_more_of_them_and_for_no_single_job(
    account: FakeAccount,
) -> None:
    account.ends = running(range(1000))
    account.max_limit = 30
    assert max(costs(account, range(1000), ListPositions(), rounds=3)) <= 35
    assert account.reads <= 3


def test_jobs_buried_behind_thousands_are_found_once_and_then_remembered(account: FakeAccount) -> None:
    account.ends = running(range(4000))
    first, *later = costs(account, range(500, 1000), ListPositions(), rounds=4)
    assert first <= 2 * 40
    assert max(later) <= 6


def test_few_buried_jobs_cost_no_full_scan_in_any_round(account: FakeAccount) -> None:
    """Bounded by the number of jobs: twice in the first round, because nobody knows yet where they stand."""
    account.ends = running(range(10_000))
    first, *later = costs(account, range(10), ListPositions(), rounds=10)
    assert first <= 20
    assert max(later) <= 11


@pytest.mark.slow
def test_jobs_that_somebody_begins_to_wait_for_oldest_first_cost_hardly_more_than_their_pages(
    account: FakeAccount,
) -> None:
    """As when a triggerer takes over: the oldest jobs stand at the list's end, and a few more come every round."""
    account.ends = running(range(2000))
    positions = ListPositions()
    counts = [costs(account, range(waited), positions)[0] for waited in range(4, 1001, 4)]
    assert sum(counts) / len(counts) < 20
    assert max(costs(account, range(1000), positions, rounds=5)) <= 12


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 3, 20])
@pytest.mark.parametrize("depth", [1000, pytest.param(5000, marks=pytest.mark.slow)])
def test_buried_jobs_are_soon_found_however_few_come_at_a_time(account: FakeAccount, step: int, depth: int) -> None:
    account.ends = running(range(depth))
    positions = ListPositions()
    counts = [costs(account, range(waited), positions)[0] for waited in range(step, 301, step)]
    assert sum(counts[-20:]) / 20 < 12 + 2 * step


def test_reads_of_single_jobs_pay_for_a_page_of_the_search_over_rounds(account: FakeAccount) -> None:
    account.ends = running(range(1000))
    jobs = range(SINGLE_READS_PER_UNMATCHED_PAGE // 2)  # the oldest, at the end of the list
    positions = ListPositions(unlisted={str(number) for number in jobs})
    pages = []
    for _ in range(4):
        before = account.pages
        one_round(account, jobs, positions)
        pages.append(account.pages - before)
    assert pages == [0, 1, 0, 1]


def test_jobs_pushed_back_by_arrivals_are_found_without_single_reads(account: FakeAccount) -> None:
    account.ends = running(range(2000))
    positions = ListPositions()
    costs(account, range(1000, 1200), positions)
    account.ends |= running(range(2000, 2250))
    before = account.pages
    costs(account, range(1000, 1200), positions)
    assert account.reads == 0
    assert account.pages - before <= 6


def test_scattered_jobs_cost_no_more_than_reading_each(account: FakeAccount) -> None:
    account.ends = running(range(10_000))
    scattered = range(0, 10_000, 500)
    _, *later = costs(account, scattered, ListPositions(), rounds=10)
    assert max(later) <= 22


def test_two_jobs_far_apart_are_read_one_by_one_later(account: FakeAccount) -> None:
    account.ends = running(range(10_000))
    positions = ListPositions()
    assert costs(account, [1, 5000], positions)[0] <= 4
    assert costs(account, [1, 5000], positions) == [2]


def test_ids_of_either_type_mean_the_same_job(account: FakeAccount) -> None:
    account.ends = running([1, 2])
    requests = plan_round({"1": "1", "2": 2}, ListPositions())
    with pytest.raises(StopIteration):
        requests.send(send(account, next(requests)))


def test_a_list_that_was_late_once_does_not_leave_a_thousand_single_reads_for_ever(account: FakeAccount) -> None:
    """New jobs that the list does not show yet are read one by one, and searched for again in the next round."""
    account.ends = running(range(1000))
    positions = ListPositions()
    requests = plan_round({str(number): number for number in range(1000)}, positions)
    assert next(requests) == ListPage(0)
    assert isinstance(requests.send(PollResult()), ReadJob)
    assert max(costs(account, range(1000), positions, rounds=4)) <= 11


def test_jobs_that_the_list_never_shows_cost_hardly_more_than_their_reads(account: FakeAccount) -> None:
    account.ends = running(range(10))

    unlisted = Unlisted(account.now, running(range(10)))
    counts = costs(unlisted, range(10), ListPositions(), rounds=100)
    assert max(counts) <= 11
    assert unlisted.pages <= 1 + 100 * 10 / SINGLE_READS_PER_UNMATCHED_PAGE


def test_a_search_that_has_read_the_whole_list_keeps_no_budget_for_later(account: FakeAccount) -> None:
    unlisted, positions = Unlisted(account.now, running(range(1000))), ListPositions()
    costs(unlisted, range(1000), positions, rounds=10)
    assert positions.page_budget == 0


def test_memory_forgets_jobs_that_nobody_waits_for(account: FakeAccount) -> None:
    account.ends = running(range(3000))
    positions = ListPositions()
    costs(account, [*range(100), *range(2900, 3000), 4_000_000, 4_000_001], positions)
    positions.not_found_at({"7"}, 100)
    positions.forget_all_but(["2950", "7"])
    assert (set(positions.offsets), positions.unlisted) == ({"2950"}, {"7"})
    positions.forget_all_but([])
    assert (positions.offsets, positions.unlisted) == ({}, set())


@pytest.mark.slow
@given(st.sets(st.integers(0, 1500), max_size=300), st.booleans(), st.integers(0, 400))
def test_every_round_shows_every_job_within_its_bound(ids: set[int], newest_first: bool, arrivals: int) -> None:
    """Whatever stands where, and however many jobs arrive between two rounds."""
    account = FakeAccount(lambda: 0.0, running(range(1501)), newest_first=newest_first)
    positions = ListPositions()
    for number in range(3):
        pages = -(-len(account.ends) // 100)
        (count,) = costs(account, ids, positions)
        assert count <= 2 * min(pages, len(ids)) + 1
        account.ends |= running(range(2000 + 500 * number, 2000 + 500 * number + arrivals))


def test_rounds_work_over_a_socket(service: Service) -> None:
    service.emulator.seed_jobs(230, status="processing")
    client, positions = service.client(), ListPositions()
    assert len(one_round(client, range(1, 231), positions)) == 230
    assert len(service.requests) == 3
