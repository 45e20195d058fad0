"""What a transfer decides without I/O: inputs, names, shards, states, pace, the words of its reports."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.arguments import boolean_of, number_of
from airflow_provider_fluxions.api.cost import cost_of, parse_price
from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsAuthenticationError,
    FluxionsBudgetError,
    FluxionsCreditError,
    FluxionsInputError,
    FluxionsJobFailedError,
    FluxionsNotFoundError,
    FluxionsServerError,
    FluxionsStorageError,
    FluxionsUnknownOutcomeError,
)
from airflow_provider_fluxions.api.recent_jobs import RecentJobs
from airflow_provider_fluxions.formats import choose
from airflow_provider_fluxions.pipeline.budget import Budget, Estimate
from airflow_provider_fluxions.pipeline.destination import destination_state, existing_keys, find_destination_states
from airflow_provider_fluxions.pipeline.discovery import TransferSpec, restore, reuse_jobs, scan_start
from airflow_provider_fluxions.pipeline.input_errors import is_input_error
from airflow_provider_fluxions.pipeline.items import PlannedInput, Target, check_collisions, plan_input
from airflow_provider_fluxions.pipeline.locations import parse_source, parse_sources
from airflow_provider_fluxions.pipeline.naming import KeyTemplate, too_long
from airflow_provider_fluxions.pipeline.object_metadata import META_OPTIONS, META_REFERENCE, source_metadata
from airflow_provider_fluxions.pipeline.progress import describe
from airflow_provider_fluxions.pipeline.records import AT_SERVICE, InputRecord, State
from airflow_provider_fluxions.pipeline.report import transfer_error
from airflow_provider_fluxions.pipeline.selection import Selection, shard_of
from airflow_provider_fluxions.pipeline.timing import (
    ReadFailures,
    poll_interval_for,
    seconds_before_deferring,
    typical_seconds,
)
from airflow_provider_fluxions.storage import KeyPage, ObjectAddress, StoredObject, WriteOptions
from airflow_provider_fluxions.storage.object_store import Capabilities
from airflow_provider_fluxions.transfers import FluxionsS3ToS3Operator
from tests.unit.fakes import START, FakeList, job

NOW = datetime(2026, 1, 31, 3, tzinfo=UTC)

keys = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable())


def an_object(
    key: str = "calls/a.mp3", size: int = 5, age_seconds: float = 60.0, written: datetime | None = None
) -> StoredObject:
    return StoredObject(ObjectAddress("s3", "in", key), size, "v1", written or NOW - timedelta(seconds=age_seconds))


def an_item(key: str = "calls/a.mp3", formats: tuple[str, ...] = ("json",), **changes: Any) -> PlannedInput:
    target = Target.of(ObjectAddress("s3", "out", "done/"), choose(formats), **changes)
    return plan_input(an_object(key), key.removeprefix("calls/"), target, {"non_speech": False})


def takes(address: str, key: str) -> bool:
    return parse_source(f"s3://in/{address}").accepts(an_object(key), (".mp3",))


def test_an_object_whose_key_looks_like_a_glob_is_meant_by_its_own_address() -> None:
    assert takes("take[1].mp3", "take[1].mp3")
    assert takes("take[1].mp3", "take1.mp3")
    assert not takes("take[1].mp3", "take2.mp3")


def test_a_glob_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(FluxionsInputError, match=r"The glob 'take\[z-a\]\.mp3' is invalid"):
        parse_source("s3://in/take[z-a].mp3")


def test_suffixes_count_in_any_case() -> None:
    assert takes("", "A.MP3")


def test_sources_are_one_address_or_a_list_of_which_each_counts_once() -> None:
    assert len(parse_sources("s3://in/a.mp3")) == 1
    assert [one.key for one in parse_sources(["s3://in/a", "s3://in/b", "s3://in/a"])] == ["a", "b"]
    assert parse_sources([]) == ()


@pytest.mark.parametrize("wrong", [None, 5, b"s3://in/a", {"s3://in/a": 1}, ["in/a"], [None], "calls/"])
def test_what_is_no_s3_address_is_refused(wrong: Any) -> None:
    with pytest.raises(FluxionsInputError, match=r"s3://|a URI of objects"):
        parse_sources(wrong)


@given(st.lists(keys, unique=True, max_size=50), st.integers(1, 12))
def test_shards_are_disjoint_and_complete(names: list[str], count: int) -> None:
    shards = [
        {name for name in names if Selection(shard_index=index, shard_count=count).is_in_shard(name)}
        for index in range(count)
    ]
    assert sum(map(len, shards)) == len(names)
    assert set().union(*shards) == set(names)


def test_shards_are_about_even_and_stay_as_they_are() -> None:
    sizes = Counter(shard_of(f"s3://in/calls/{n}.mp3", 8) for n in range(8000))
    assert min(sizes.values()) > 850
    assert [shard_of(f"s3://in/{n}.mp3", 8) for n in range(6)] == [4, 5, 5, 6, 0, 1]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"min_age_seconds": 61.0}, "too young: written 60 s ago, min_age is 61 s"),
        ({"min_age_seconds": 60.0}, None),
        ({"min_bytes": 6}, "too small: 5 bytes, min_bytes is 6"),
        ({"max_bytes": 4}, "too large: 5 bytes, max_bytes is 4"),
        ({"min_bytes": 5, "max_bytes": 5}, None),
    ],
)
def test_objects_out_of_bounds_are_left_and_the_reason_is_told(changes: dict[str, Any], reason: str | None) -> None:
    assert Selection(**changes).skip_reason(an_object(), NOW) == reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shard_index": 8, "shard_count": 8}, "shard_index must be 0 to shard_count - 1"),
        ({"shard_count": 0}, "shard_index must be 0 to shard_count - 1"),
        ({"min_bytes": 10, "max_bytes": 9}, "max_bytes must be at least min_bytes"),
        ({"min_age": -1}, "min_age_seconds must be 0 or more"),
        ({"fail_on": "some"}, "fail_on must be one of any, all, none"),
        ({"key_template": "{stem}"}, "must contain {extension}"),
        ({"key_template": "x{extension}"}, "one of {path}, {name} or {stem}"),
        ({"key_template": "{job_id}{path}{extension}"}, "Allowed fields are"),
        ({"key_template": "{path"}, "is invalid"),
        ({"key_template": "{stem}{extension:.2}"}, "unchanged"),
        ({"key_template": "{stem!r}{extension}"}, "unchanged"),
        ({"extra_args": {"Metadata": {}}}, "extra_args must not contain Metadata"),
        ({"price_per_audio_hour": -1}, "price_per_audio_hour must be 0 or more"),
        ({"max_in_flight": 0}, "must be at least 1"),
        ({"suffixes": ".mp3"}, "suffixes must be a list"),
    ],
)
def test_an_argument_that_cannot_work_fails_when_the_dag_is_parsed(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(FluxionsInputError) as caught:
        FluxionsS3ToS3Operator(task_id="t", source="s3://in/", destination="s3://out/", **arguments)
    assert message in str(caught.value)


def test_templated_numbers_are_left_to_the_run() -> None:
    operator = FluxionsS3ToS3Operator(
        task_id="t", source="s3://in/", destination="s3://out/", shard_index="{{ params.shard }}", shard_count="8"
    )
    assert operator.shard_index == "{{ params.shard }}"


def test_text_from_a_template_is_read_as_number_or_boolean() -> None:
    assert (number_of("n", "7", int), number_of("n", "1.5", float)) == (7, 1.5)
    assert (boolean_of("b", "True"), boolean_of("b", "false"), boolean_of("b", None)) == (True, False, False)
    for wrong in ("many", "nan", "-1"):
        with pytest.raises(FluxionsInputError, match="n must be"):
            number_of("n", wrong, float)
    with pytest.raises(FluxionsInputError, match="b must be true or false"):
        boolean_of("b", "perhaps")


def test_results_are_named_by_the_template() -> None:
    layout = KeyTemplate("{folder}captions/{stem}{extension}")
    assert layout.keys("2026/01/call.mp3", [".srt"]) == {".srt": "2026/01/captions/call.srt"}
    assert layout.keys("call", [".srt"]) == {".srt": "captions/call.srt"}
    assert KeyTemplate().keys("2026/call.mp3", [".words.parquet"]) == {".words.parquet": "2026/call.mp3.words.parquet"}


def test_braces_in_a_name_are_no_fields() -> None:
    assert KeyTemplate().keys("{stem}{0}.mp3", [".srt"]) == {".srt": "{stem}{0}.mp3.srt"}


def test_a_key_that_s3_would_refuse_is_found_before_it_is_paid_for() -> None:
    assert too_long(["é" * 512]) is None
    assert too_long(["short", "é" * 512 + "a"]) == (
        "its result's key would have 1025 bytes, more than 1024; set a shorter key_template"
    )


def test_two_inputs_that_would_share_an_output_are_refused() -> None:
    layout = KeyTemplate("{stem}{extension}")
    with pytest.raises(FluxionsInputError, match=r"also that of s3://in/calls/a\.mp3"):
        check_collisions([an_item("calls/a.mp3", layout=layout), an_item("calls/sub/a.wav", layout=layout)])


@given(
    st.lists(st.text("aAé\u0301.#/", min_size=1, max_size=6), unique=True, max_size=12),
    st.sampled_from(["{path}{extension}", "{stem}{extension}", "{name}{extension}", "{folder}x{stem}{extension}"]),
    st.sampled_from([("json",), ("json", "jsonl"), ("json", "srt", "text", "parquet")]),
)
def test_inputs_are_refused_where_they_share_an_output_and_only_there(
    names: list[str], template: str, formats: tuple[str, ...]
) -> None:
    items = [an_item(f"calls/{name}", formats, layout=KeyTemplate(template)) for name in names]
    written = [key for item in items for key in item.outputs().values()]
    if len(set(written)) == len(written):
        check_collisions(items)
    else:
        with pytest.raises(FluxionsInputError, match="Choose another destination or key_template"):
            check_collisions(items)


def test_the_partition_is_no_part_of_what_makes_a_piece_of_work() -> None:
    assert an_item(folder="ingest_date=2026-01-30/").ref == an_item(folder="ingest_date=2026-01-31/").ref


def right(item: PlannedInput, *extensions: str, folder: str | None = None) -> dict[str, dict[str, str]]:
    return {item.outputs(folder)[one]: {META_REFERENCE: item.ref} for one in extensions}


def test_an_input_is_done_when_every_output_is_its_own() -> None:
    item = an_item(formats=("json", "srt"))
    both = right(item, ".json", ".srt")
    assert destination_state(item, [""], both).is_complete(item)
    assert not destination_state(item, [""], right(item, ".srt")).is_complete(item)
    foreign = {**both, item.outputs()[".srt"]: {META_REFERENCE: "another"}}
    assert destination_state(item, [""], foreign).up_to_date == {".json"}
    other_options = {**both, item.outputs()[".srt"]: {META_REFERENCE: item.ref, META_OPTIONS: "netflix"}}
    assert destination_state(item, [""], other_options).up_to_date == {".json"}


def test_a_stored_json_of_the_same_work_serves_for_formats_that_are_missing() -> None:
    item = an_item(formats=("srt",))
    stored = item.stored()
    assert destination_state(item, [""], {stored: {META_REFERENCE: item.ref}}).stored_key == stored
    assert destination_state(item, [""], {stored: {META_REFERENCE: "another"}}).stored_key is None


def test_results_that_stand_whole_in_another_folder_stay_there() -> None:
    item = an_item(formats=("json", "srt"), folder="today/")
    whole = destination_state(item, ["today/", "before/"], right(item, ".json", ".srt", folder="before/"))
    assert (whole.folder, whole.is_complete(item)) == ("before/", True)
    half = destination_state(item, ["today/", "before/"], right(item, ".json", folder="before/"))
    assert (half.folder, half.up_to_date, half.stored_key) == ("before/", {".json"}, item.stored("before/"))


def test_what_is_another_piece_of_works_keeps_no_result_in_its_folder() -> None:
    item = an_item(formats=("json", "srt"), folder="today/")
    foreign = {item.stored("before/"): {META_REFERENCE: "another"}}
    assert destination_state(item, ["today/", "before/"], foreign).folder == "today/"


def test_a_result_of_another_recording_is_seen_where_one_of_this_belongs() -> None:
    item = an_item(formats=("json", "srt"))
    another = {item.outputs()[".srt"]: {META_REFERENCE: "another", **source_metadata("s3://in/b é.mp3")}}
    assert destination_state(item, [""], another).occupied_by == "s3://in/b é.mp3"
    earlier = {item.outputs()[".srt"]: {META_REFERENCE: "another", **source_metadata(item.source.uri)}}
    assert destination_state(item, [""], earlier).occupied_by is None


class ListedBucket:
    """Lists as S3 does, in pages, and counts the requests."""

    capabilities = Capabilities()

    def __init__(self, keys: set[str], page_size: int) -> None:
        self.all_keys, self.page_size, self.requests = sorted(keys), page_size, 0

    def page(self, prefix: ObjectAddress, start_after: str) -> KeyPage:
        self.requests += 1
        after = [key for key in self.all_keys if key.startswith(prefix.key) and key > start_after]
        page = after[: self.page_size]
        return KeyPage(frozenset(page), page[-1] if len(after) > len(page) else None)


@given(st.sets(keys, max_size=60), st.sets(keys, max_size=60), st.integers(1, 7))
def test_what_exists_is_found_and_nothing_else(present: set[str], absent: set[str], page_size: int) -> None:
    bucket: Any = ListedBucket(present, page_size)
    wanted = set(list(present)[::2]) | absent
    assert existing_keys(bucket, ObjectAddress("s3", "b"), wanted) == sorted(wanted & present)


def test_what_lies_between_wanted_keys_is_not_listed() -> None:
    bucket: Any = ListedBucket({f"{n:06}.json" for n in range(100_000)}, 1000)
    wanted = ["000005.json", "050000.json", "050900.json", "099999.json"]
    assert existing_keys(bucket, ObjectAddress("s3", "b"), wanted) == wanted
    assert bucket.requests == 3


def test_nothing_wanted_is_no_request() -> None:
    bucket: Any = ListedBucket(set(), 10)
    with ThreadPoolExecutor(1) as pool:
        assert find_destination_states(bucket, pool, [], [""]) == {}
    assert bucket.requests == 0


def an_order() -> TransferSpec:
    target = Target.of(ObjectAddress("s3", "out", "done/"), choose(("json",)))
    return TransferSpec(parse_sources("s3://in/calls/"), Selection(), target, {"non_speech": False}, "run")


records = st.builds(
    InputRecord,
    item=st.just(an_item()),
    state=st.sampled_from(State),
    folder=st.just(""),
    up_to_date=st.frozensets(st.sampled_from([".json", ".srt"])),
    stored_key=st.sampled_from([None, "done/a.mp3.json"]),
    job_id=st.none() | st.text(min_size=1, max_size=5),
    attempts=st.integers(0, 5),
    error=st.none() | st.text(max_size=20),
    transient=st.booleans(),
    audio_seconds=st.none() | st.floats(0, 1e6),
    upload_seconds=st.none() | st.floats(0, 1e6),
    submitted_at=st.none() | st.integers(0, 2_000_000_000).map(float),
    ended_at=st.none() | st.integers(0, 2_000_000_000).map(float),
    written_at=st.none() | st.integers(0, 2_000_000_000).map(float),
)


@pytest.mark.parametrize(
    ("written_days_ago", "lookback_days", "job_age_days", "pages", "state"),
    [
        (250, 1000, 240, 3, State.IN_FLIGHT),
        (250, 1000, 500, 3, State.TO_DO),
        (1000, 30, 500, 1, State.TO_DO),
        (1000, 300, 240, 3, State.IN_FLIGHT),
    ],
)
def test_jobs_are_looked_for_back_to_the_oldest_recording_or_the_horizon(
    written_days_ago: int, lookback_days: int, job_age_days: int, pages: int, state: State
) -> None:
    target = Target.of(ObjectAddress("s3", "out", "done/"), choose(("json",)))
    written = START - timedelta(days=written_days_ago)
    record = InputRecord(plan_input(an_object(written=written), "a.mp3", target, {}))
    names = {job_age_days: f"a--{record.item.ref}.mp3"}
    account: Any = FakeList([job(age, age_seconds=age * 86400.0, filename=names.get(age)) for age in range(1000)])
    since = scan_start([record], START - timedelta(days=lookback_days), None)
    reuse_jobs(RecentJobs(account, {record.item.ref}, since), [record], "key")
    assert (record.state, len(account.asked)) == (state, pages)


def test_the_last_change_of_a_recording_never_hides_what_a_first_try_of_the_run_submitted() -> None:
    record = InputRecord(an_item())  # written a minute ago
    horizon, started = NOW - timedelta(days=30), NOW - timedelta(hours=2)
    assert scan_start([record], horizon, None) == NOW - timedelta(minutes=1)
    assert scan_start([record], horizon, started) == started
    assert scan_start([record], horizon, NOW) == NOW - timedelta(minutes=1)
    assert scan_start([record], horizon, NOW - timedelta(days=300)) == horizon
    assert scan_start([], horizon, None) == horizon


@given(records)
def test_a_line_of_the_manifest_restores_the_entry_that_wrote_it(record: InputRecord) -> None:
    if record.job_id is not None:
        record.assign_job(record.job_id, "key")
    elif record.state in AT_SERVICE:
        record.state = State.TO_DO
    (again,), unproven = restore(an_order(), [json.loads(json.dumps(record.to_row()))], "key")
    assert (again, unproven) == (record, [])


def test_an_instant_in_the_manifest_is_in_utc_and_says_so() -> None:
    row = InputRecord(an_item(), submitted_at=NOW.timestamp()).to_row()
    assert row["submitted_at"] == NOW.astimezone(UTC).isoformat(timespec="milliseconds")
    assert row["ended_at"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"source": "s3://in/secret/a.mp3"},
        {"source": "s3://other/calls/a.mp3"},
        {"version": "v2"},
        {"reference": "0" * 16},
        {"stored": "elsewhere/a.mp3.json"},
        {"status": "dreaming"},
        {"folder": "elsewhere/"},
        {"source": "a.mp3"},
    ],
)
def test_a_line_that_leads_elsewhere_restores_nothing(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        restore(an_order(), [{**InputRecord(an_item()).to_row(), **change}], "key")


def test_a_job_is_noticed_within_an_eighth_of_what_it_takes_and_the_users_interval() -> None:
    assert poll_interval_for(15, 40, 0) == 5
    assert poll_interval_for(15, 4, 0) == 1
    assert poll_interval_for(15, 4000, 0) == 15
    assert poll_interval_for(15, None, 80) == 10
    assert poll_interval_for(0.01, None, 0) == 0.01


def test_a_task_stays_for_jobs_that_end_sooner_than_a_deferral_takes() -> None:
    assert seconds_before_deferring(True, 5, 20) == 20
    assert seconds_before_deferring(True, None, 20) == 20
    assert seconds_before_deferring(True, 60, 20) == 0
    assert seconds_before_deferring(False, 5, 20) == 0


def test_what_a_job_takes_is_told_by_the_latest_ones() -> None:
    assert typical_seconds([]) is None
    assert typical_seconds([1000.0] * 60 + [3.0] * 50) == 3


def test_a_job_is_given_up_when_its_reads_fail_for_too_long_without_a_break() -> None:
    trouble = ReadFailures(900)
    assert [trouble.lasts_too_long("7", now) for now in (0, 300, 600, 899, 900)] == [False] * 4 + [True]
    assert [trouble.lasts_too_long("8", now) for now in (0, 250, 950, 1200)] == [False] * 4


@pytest.mark.parametrize(
    ("error", "is_own"),
    [
        (FluxionsAudioError("changed"), True),
        (FluxionsJobFailedError("noise", job_ids=(7,)), True),
        (FluxionsNotFoundError("gone", job_id=7), True),
        (FluxionsNotFoundError("no such path"), False),
        (FluxionsServerError("500"), True),
        (FluxionsUnknownOutcomeError("unknown, not absent"), True),
        (FluxionsAuthenticationError("401"), False),
        (FluxionsCreditError("402"), False),
        (FluxionsStorageError("a connection broke"), True),
        (OverflowError("a time of 1e306"), True),
    ],
)
def test_which_trouble_is_one_recordings_own(error: Exception, is_own: bool) -> None:
    assert is_input_error(error) is is_own


def test_a_bucket_that_does_not_exist_concerns_all_recordings() -> None:
    error = FluxionsStorageError("NoSuchBucket")
    error.concerns_all = True
    assert not is_input_error(error)


def test_progress_tells_done_in_flight_failed_rate_and_remaining_time() -> None:
    counts = Counter(
        {State.COMPLETED: 400, State.ALREADY_DONE: 12, State.IN_FLIGHT: 50, State.FAILED: 3, State.TO_DO: 535}
    )
    assert (
        describe(counts, 83, 10) == "412 of 1,000 inputs done, 50 in progress, 3 failed; 8.3 inputs/s, about 70 s left."
    )
    assert describe(counts, 0, 10) == "412 of 1,000 inputs done, 50 in progress, 3 failed."


def failing(*transient: bool, done: int = 0) -> list[InputRecord]:
    failed = [
        InputRecord(an_item(f"calls/{n}.mp3"), State.FAILED, error="too noisy", transient=t)
        for n, t in enumerate(transient)
    ]
    return failed + [InputRecord(an_item(f"calls/ok{n}.mp3"), State.COMPLETED) for n in range(done)]


@pytest.mark.parametrize(
    ("fail_on", "failed", "done", "fails"),
    [("any", 1, 9, True), ("all", 1, 9, False), ("all", 2, 0, True), ("none", 2, 0, False), ("any", 0, 1, False)],
)
def test_which_failures_fail_the_task_is_the_users_choice(fail_on: str, failed: int, done: int, fails: bool) -> None:
    assert (transfer_error(failing(*[False] * failed, done=done), fail_on, "s3://m") is not None) is fails


def test_a_failure_names_inputs_and_reasons_and_is_worth_a_retry_if_one_of_them_is() -> None:
    error = transfer_error(failing(False, True), "any", "s3://m")
    assert error is not None
    assert "s3://in/calls/0.mp3: too noisy" in str(error)
    assert error.transient
    many = transfer_error(failing(*[False] * 30), "any", "s3://m")
    assert "and 20 more" in str(many)


def test_the_budget_refuses_with_what_it_found() -> None:
    work = Estimate(3, 300, audio_seconds=7000.0, guessed_seconds=400.0, unknown=("s3://in/odd.ogg",))
    Budget(3, 2.1).check(work)
    with pytest.raises(FluxionsBudgetError, match="3 new inputs exceed max_inputs=2"):
        Budget(max_inputs=2).check(work)
    with pytest.raises(FluxionsBudgetError, match=r"2.06 hours.*max_audio_hours=2.*0.11 of them are guessed.*odd.ogg"):
        Budget(max_audio_hours=2).check(work)


def test_cost_is_by_the_second_and_only_with_a_price() -> None:
    assert cost_of(1800, 0.2) == 0.1
    assert cost_of(1800, None) is None
    assert (parse_price("0.2"), parse_price(None), parse_price("")) == (0.2, None, None)
    with pytest.raises(FluxionsInputError, match="must be a number"):
        parse_price("cheap")


def test_extra_arguments_must_be_a_mapping() -> None:
    wrong: Any = ["StorageClass"]
    with pytest.raises(FluxionsInputError, match="extra_args must be like"):
        WriteOptions(wrong)
