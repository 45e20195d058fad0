"""How far back one reading of the list goes, and whether what it did not show does not exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.polling.poll_planner import ListPage, PollResult, ReadJob, Request
from airflow_provider_fluxions.polling.watch.list_scan import ListScan
from tests.unit.fakes import START, job

NOW = int(START.timestamp())


def falling(count: int, *, first: int = 0) -> list[Job]:
    """Jobs of one second each, the newest first."""
    return [job(1_000 - age, age_seconds=age) for age in range(first, first + count)]


def read(
    jobs: Sequence[Job], *, horizon: int, page: int = 10, total: int | None = None, running: Mapping[str, JobId] = {}
) -> tuple[ListScan, list[Request]]:
    """Survey a list of which each page shows so many jobs; return also the requests."""
    survey = ListScan(NOW, horizon, running)
    requests, asked = survey.requests(), []
    answer: PollResult | None = None
    while True:
        try:
            request = next(requests) if answer is None else requests.send(answer)
        except StopIteration:
            return survey, asked
        asked.append(request)
        if isinstance(request, ReadJob):
            answer = PollResult({str(request.job_id): job(int(request.job_id), age_seconds=100_000)})
            continue
        shown = jobs[request.offset : request.offset + page]
        answer = PollResult({str(one.id): one for one in shown})
        answer.next_offset = request.offset + page if request.offset + page < len(jobs) else None
        answer.total = len(jobs) if total is None else total


def pages(asked: Sequence[Request]) -> int:
    return sum(isinstance(request, ListPage) for request in asked)


def test_a_list_from_new_to_old_is_read_to_the_first_job_before_the_horizon() -> None:
    survey, asked = read(falling(100), horizon=NOW - 39)
    assert pages(asked) == 5  # the fourth page ends with the job of the horizon's own second
    assert survey.complete
    assert pages(read(falling(100), horizon=NOW - 38)[1]) == 4


def test_twenty_jobs_prove_an_order_and_nineteen_do_not() -> None:
    assert pages(read(falling(100), horizon=NOW, page=20)[1]) == 1
    assert pages(read(falling(100), horizon=NOW, page=19)[1]) == 2


def test_jobs_of_one_second_prove_no_order() -> None:
    same = [job(number, age_seconds=50) for number in range(100)]
    assert pages(read(same, horizon=NOW)[1]) == 10


def test_jobs_of_one_second_do_not_break_an_order_either() -> None:
    pairs = [job(1_000 - number, age_seconds=number // 2) for number in range(100)]
    assert pages(read(pairs, horizon=NOW - 14)[1]) == 4


def test_a_list_in_no_order_is_read_whole() -> None:
    jobs = falling(100)
    rising = list(reversed(jobs))
    without_time = [*jobs[:5], replace(jobs[5], created_at=None), *jobs[6:]]
    one_late = [*jobs[:15], jobs[2], *jobs[15:]]
    one_late[15] = replace(one_late[15], id=5_000)
    for shown in (rising, without_time, one_late):
        survey, asked = read(shown, horizon=NOW)
        assert pages(asked) == -(-len(shown) // 10)
        assert survey.complete


def test_a_list_that_ends_before_its_own_total_is_not_complete() -> None:
    assert not read(falling(30), horizon=0, total=31)[0].complete
    assert read(falling(30), horizon=0, total=30)[0].complete
    assert read([], horizon=0)[0].complete


def test_three_pages_in_a_row_without_a_new_job_end_the_list() -> None:
    first, second = falling(10), falling(10, first=10)
    assert pages(read([*first, *first, *first, *second, *first, *first, *first, *first], horizon=0)[1]) == 7


def test_a_running_job_is_read_by_its_id_only_where_the_list_did_not_show_it() -> None:
    survey, asked = read(falling(10), horizon=0, running={"1000": 1000, "77": 77, "78": 78})
    assert asked == [ListPage(0), ReadJob(77), ReadJob(78)]
    assert {"1000", "77", "78"} <= survey.jobs.keys()


def test_the_newest_job_is_known_in_any_order_and_only_from_the_list() -> None:
    assert read(falling(30), horizon=0)[0].order.newest == NOW
    assert read(list(reversed(falling(30))), horizon=0, running={"77": 77})[0].order.newest == NOW
    assert read([replace(one, created_at=None) for one in falling(3)], horizon=0)[0].order.newest is None
