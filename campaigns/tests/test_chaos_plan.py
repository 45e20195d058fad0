"""What a campaign's seed decides, and in which bounds. Pure values: no Airflow runs here."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.list_behavior import ListBehavior
from airflow_provider_fluxions.emulator.settings import Settings
from campaigns.chaos.behaviors import BEHAVIORS, MAX_LATE_SECONDS, behavior_of
from campaigns.chaos.cast import FEWEST_JOBS, MAPPED_TASKS, cast, content
from campaigns.chaos.faults import API_FAULTS, MAX_LATENCY_SECONDS, S3_FAULTS, fault_of
from campaigns.chaos.plan import (
    FAULTS,
    KILLS,
    MAX_DOWN_SECONDS,
    MIN_FOLLOWING_SECONDS,
    SPELLS,
    STARTING_SHARE,
    Plan,
    Spell,
    Start,
    Strike,
    kill_kinds,
    make_plan,
)
from campaigns.chaos.storm import follow
from campaigns.proportions import shares
from harness.s3_store import Store

SEEDS = st.integers(0, 2**32)
JOBS = st.integers(FEWEST_JOBS, 400)
MAJORS = st.sampled_from((2, 3))
PLANS = st.builds(make_plan, SEEDS, JOBS, MAJORS)
# As long as the DAG file's retries wait.
RETRY_DELAY_SECONDS = 24.0


@given(SEEDS, JOBS, MAJORS)
def test_the_same_seed_makes_the_same_plan(seed: int, jobs: int, major: int) -> None:
    assert make_plan(seed, jobs, major) == make_plan(seed, jobs, major)


@given(SEEDS, SEEDS, JOBS)
def test_another_seed_makes_another_plan(one: int, other: int, jobs: int) -> None:
    assume(one != other)
    assert replace(make_plan(one, jobs), seed=0) != replace(make_plan(other, jobs), seed=0)


@given(PLANS)
def test_all_happens_within_the_storm_and_nothing_after_it(plan: Plan) -> None:
    assert all(0 <= event.at <= plan.seconds for event in (*plan.starts, *plan.kills, *plan.faults))
    assert all(spell.at >= 0 and spell.at + spell.seconds <= plan.seconds for spell in plan.spells)


@given(PLANS)
def test_runs_start_early_enough_to_see_some_of_the_storm(plan: Plan) -> None:
    assert all(start.at <= STARTING_SHARE * plan.seconds for start in plan.starts)


@given(PLANS)
def test_nothing_is_down_for_good(plan: Plan) -> None:
    assert all(0 <= kill.down_seconds <= MAX_DOWN_SECONDS for kill in plan.kills)


@given(SEEDS, JOBS, MAJORS)
def test_every_kind_of_kill_and_of_fault_occurs(seed: int, jobs: int, major: int) -> None:
    plan = make_plan(seed, jobs, major)
    assert {kill.kind for kill in plan.kills} == set(kill_kinds(major))
    assert {strike.kind for strike in plan.faults} == set(FAULTS)
    assert {spell.kind for spell in plan.spells} == set(SPELLS)
    assert plan.stalls


@given(PLANS)
def test_each_fault_has_a_name_of_its_own(plan: Plan) -> None:
    assert len({strike.name for strike in plan.faults}) == len(plan.faults)


@given(JOBS, MAJORS)
def test_the_seed_changes_the_order_and_not_how_much_of_each_kind_there_is(jobs: int, major: int) -> None:
    one, other = (make_plan(seed, jobs, major) for seed in (1, 2))
    assert Counter(kill.kind for kill in one.kills) == Counter(kill.kind for kill in other.kills)
    assert Counter(strike.kind for strike in one.faults) == Counter(strike.kind for strike in other.faults)


def test_another_pace_changes_the_times_and_nothing_else() -> None:
    one, slow = make_plan(1, 60), make_plan(1, 60, pace=3.0)
    assert slow.seconds == 3.0 * one.seconds
    assert [kill.kind for kill in slow.kills] == [kill.kind for kill in one.kills]


def test_a_thousand_jobs_meet_more_than_two_hundred_kills_and_faults() -> None:
    plan = make_plan(1, 1000)
    assert (len(plan.kills), len(plan.faults)) == (100, 250)


@given(st.dictionaries(st.text(), st.integers(1, 100), min_size=1, max_size=12), st.integers(0, 500))
def test_shares_are_complete_and_each_within_one_of_what_its_weight_asks(weights: dict[str, int], spare: int) -> None:
    total = len(weights) + spare
    found = shares(total, weights)
    assert sum(found.values()) == total
    for kind, weight in weights.items():
        assert abs(found[kind] - 1 - spare * weight / sum(weights.values())) < 1


def test_shares_of_too_little_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot give one to each of 7"):
        shares(6, KILLS)


@given(SEEDS, JOBS)
def test_the_runs_have_just_as_many_recordings_as_asked_for(seed: int, jobs: int) -> None:
    names = [name for part in cast(seed, jobs) if part.shares is None for name in part.recordings]
    assert len(set(names)) == len(names) == jobs


@given(SEEDS, JOBS)
def test_every_kind_of_dag_runs_with_each_way_of_waiting(seed: int, jobs: int) -> None:
    kinds = {
        f"chaos_{kind}_{way}" for kind in ("steps", "mapped", "transfer", "shared") for way in ("deferred", "sync")
    }
    assert {part.dag_id for part in cast(seed, jobs)} == kinds


@given(PLANS)
def test_the_second_run_of_a_shared_folder_starts_after_the_first_and_has_its_recordings(plan: Plan) -> None:
    begun = {start.part.run_id: start for start in plan.starts}
    seconds = [start for start in plan.starts if start.part.shares]
    assert seconds
    for second in seconds:
        first = begun[str(second.part.shares)]
        assert second.at - first.at >= MIN_FOLLOWING_SECONDS
        assert second.part.recordings == first.part.recordings


@given(SEEDS, JOBS)
def test_a_run_of_a_mapped_dag_has_as_many_recordings_as_the_dag_has_tasks(seed: int, jobs: int) -> None:
    assert {part.size for part in cast(seed, jobs) if part.dag_id.startswith("chaos_mapped")} == {MAPPED_TASKS}


def test_fewer_jobs_than_make_a_campaign_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 30 jobs, not 29"):
        cast(1, 29)


def test_no_two_recordings_are_the_same() -> None:
    parts = cast(3, 200)
    assert len({content(3, name) for part in parts for name in part.recordings}) == 200


def test_every_kind_of_a_plan_is_a_behavior() -> None:
    assert set(BEHAVIORS) == set(SPELLS)


@given(st.sampled_from(sorted(SPELLS)), st.floats(0, 1, exclude_max=True))
def test_a_behavior_is_one_that_the_emulator_and_the_s3_have(kind: str, draw: float) -> None:
    behavior = behavior_of(Spell(1.0, kind, draw, 5.0))
    ListBehavior(**behavior.listing)
    Settings(**behavior.settings)
    Store(**behavior.store)


def test_a_late_job_is_in_the_list_before_a_retry_looks() -> None:
    late = [behavior.listing["late_seconds"] for behavior in BEHAVIORS["late list"]]
    assert max(late) == MAX_LATE_SECONDS
    assert MAX_LATENCY_SECONDS + MAX_LATE_SECONDS < RETRY_DELAY_SECONDS


def test_every_kind_of_a_plan_is_a_fault() -> None:
    assert {*API_FAULTS, *S3_FAULTS} == set(FAULTS)


@given(st.sampled_from(sorted(FAULTS)), st.floats(0, 1, exclude_max=True), st.integers(1, 8))
def test_a_fault_keeps_its_name_and_times_and_no_upload_waits_longer_than_it_may(
    kind: str, draw: float, times: int
) -> None:
    fault = fault_of(Strike(1.0, kind, draw, times, "own-name"))
    assert (fault.name, fault.times) == ("own-name", times)
    assert fault.latency_seconds <= MAX_LATENCY_SECONDS


@given(st.floats(0, 1, exclude_max=True), st.sampled_from(sorted(API_FAULTS)))
def test_no_fault_answers_an_upload_with_a_job_of_somebody_else(draw: float, kind: str) -> None:
    fault = fault_of(Strike(1.0, kind, draw, 1, "name"))
    assert isinstance(fault, Fault)
    assert fault.body not in ("error", "detail", "detail_list") or fault.status != 200


class Watch:
    """A clock that only runs while somebody sleeps or works."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += seconds


def test_events_happen_in_their_order_at_their_time_or_when_the_one_before_is_over() -> None:
    watch, done = Watch(), []
    part = cast(1, 30)[0]

    def act(event: Start) -> None:
        done.append((event.at, watch.now() - 100.0))
        watch.pass_by(5.0)

    follow([Start(2.0, part), Start(30.0, part), Start(1.0, part)], act, now=watch.now, sleep=watch.pass_by)
    assert done == [(1.0, 1.0), (2.0, 6.0), (30.0, 30.0)]
