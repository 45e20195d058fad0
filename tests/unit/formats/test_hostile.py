"""Any transcription that the API could send, in every format: bounded, valid for other readers, and never lost.

Hostile answers are those of `hostile.ANSWERS` and, generated, any JSON under the fields of an answer.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow.parquet as pq
import pytest
import srt  # type: ignore[import-untyped]  # it has no stubs
import webvtt
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsFormatError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.api.transcript.segments import MAX_SECONDS
from airflow_provider_fluxions.formats import FORMATS, parquet, read_stored, render, render_files
from airflow_provider_fluxions.formats.tables import TABLES
from tests.unit.formats.hostile import ABSURD_NUMBERS, ANSWERS, TEXTS

# A row of a table repeats its transcription's id, and a cue its times, for each word at most.
MAX_GROWTH = 60
FIXED_BYTES = 60_000

OPTIONS: Mapping[str, dict[str, Any]] = {
    "srt": {"preset": "netflix", "overlap": "trim", "speakers": "shown"},
    "vtt": {"preset": "bbc", "min_seconds": 1, "speakers": "dashed"},
    "text": {"tags": True},
    "jsonl": {"tables": list(TABLES)},
    "parquet": {"tables": list(TABLES)},
}

numbers = st.sampled_from(ABSURD_NUMBERS) | st.floats() | st.integers(-(2**70), 2**70)
texts = (
    st.text(max_size=20)
    | st.sampled_from(TEXTS)
    | st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn"]), max_size=6)
)
scalars = st.none() | st.booleans() | numbers | texts
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
times = {name: numbers | st.floats(0, 60) | anything for name in ("start", "end")}
words = st.fixed_dictionaries({"word": texts, **times}, optional={"confidence": anything})
segments = st.fixed_dictionaries(
    {"text": texts | anything, **times},
    optional={"speaker": anything, "words": st.lists(words, max_size=4) | anything, "segment_idx": anything},
)
FIELDS = (
    "status", "created_at", "updated_at", "filename", "error_message", "audio_duration", "audio_format", "language",
    "processing_time", "non_speech", "num_chunks", "num_segments", "num_speakers", "cached", "audio_url", "extra",
)  # fmt: skip
answers = st.fixed_dictionaries(
    {"id": st.integers() | st.text("abc123", min_size=1)},
    optional={
        "text": texts | anything,
        "segments": st.lists(segments, max_size=3) | anything,
        **dict.fromkeys(FIELDS, anything),
    },
)


def written(result: Transcription, name: str, **options: Any) -> dict[str, bytes]:
    """Return a result's files; captions of text without times may be refused, nothing else may."""
    try:
        return render_files(result, name, **options)
    except FluxionsFormatError as error:
        if name in ("srt", "vtt") and "has text but no times" in str(error) and error.job_id == result.id:
            return {}
        raise


def check_json(body: bytes) -> None:
    assert body.count(b"\n") == 1
    json.loads(body, parse_constant=refuse)


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def check_text(body: bytes) -> None:
    body.decode("utf-8")


def check_srt(body: bytes) -> None:
    cues = list(srt.parse(body.decode("utf-8")))
    check_times([(one.start.total_seconds(), one.end.total_seconds()) for one in cues])
    assert not any(re.search(r"<\s*/?\s*[A-Za-z][^<>]*>|\{[^{}]*\}", one.content) for one in cues)


def check_vtt(body: bytes) -> None:
    captions = webvtt.from_string(body.decode("utf-8")).captions
    check_times([(one.start_in_seconds, one.end_in_seconds) for one in captions])


def check_times(spans: list[tuple[float, float]]) -> None:
    assert [start for start, _ in spans] == sorted(start for start, _ in spans)
    assert all(0 <= start <= end <= MAX_SECONDS + 3600 for start, end in spans)


def check_lines(body: bytes) -> None:
    for line in body.decode("utf-8").splitlines():
        row = json.loads(line, parse_constant=refuse)
        assert isinstance(row, dict)


def check_table(body: bytes) -> None:
    table = pq.read_table(io.BytesIO(body))
    table.validate(full=True)
    assert table.schema in [parquet.schema(name) for name in TABLES]
    for column in table.column_names:
        if column.endswith("_s") and column not in ("gap_prev_s", "processing_time_s"):
            assert all(value is None or (math.isfinite(value) and value >= 0) for value in table[column].to_pylist())


CHECKS: Mapping[str, Callable[[bytes], None]] = {
    "json": check_json, "text": check_text, "srt": check_srt, "vtt": check_vtt, "jsonl": check_lines,
    "parquet": check_table,
}  # fmt: skip


def check_all(answer: dict[str, Any]) -> None:
    """Write an answer in every format and read it with other readers."""
    result = Transcription.from_json(answer)
    most = FIXED_BYTES + MAX_GROWTH * len(json.dumps(answer))
    for name in FORMATS:
        for body in written(result, name, **OPTIONS.get(name, {})).values():
            assert len(body) <= most, name
            CHECKS[name](body)


def test_every_format_has_a_check() -> None:
    assert set(CHECKS) == set(FORMATS)


@pytest.mark.slow
@pytest.mark.parametrize("case", ANSWERS)
def test_every_hostile_answer_is_written_in_every_format(case: str) -> None:
    check_all(ANSWERS[case])


@pytest.mark.slow
@given(answers)
@example({"id": 1, "segments": [{"text": "a", "start": 1e306, "end": 1e306}]})
@example({"id": 1, "segments": [{"text": "a", "start": 0, "end": 5e-324}, {"text": "b", "start": -1e306, "end": 3}]})
@example({"id": 1, "created_at": "0001-01-01T00:00:00+23:59", "num_chunks": 2**63, "audio_duration": 1e306})
def test_any_answer_is_written_in_every_format(answer: dict[str, Any]) -> None:
    check_all(answer)


@pytest.mark.slow
@given(answers)
def test_any_answer_that_is_stored_makes_the_same_results_again(answer: dict[str, Any]) -> None:
    result = Transcription.from_json(answer)
    try:
        again = read_stored(render(result, "json"))
    except FluxionsError:
        assert result.status in ("failed", "processing", "submitted")
        return
    for name in ("text", "srt", "vtt"):
        assert written(again, name) == written(result, name)


@pytest.mark.parametrize("depth", [10, 64, 500, 5_000])
def test_a_deep_answer_is_written_or_refused_in_every_format(depth: int) -> None:
    deep: Any = "x"
    for level in range(depth):
        deep = {"a": deep} if level % 2 else [deep]
    result = Transcription.from_json({"id": 1, "deep": deep, "segments": [{"text": "a", "start": 0, "end": 1}]})
    for name in FORMATS:
        try:
            files = render_files(result, name)
        except FluxionsFormatError as error:
            if depth < 100 or "too deeply" not in str(error):
                raise
        else:
            assert all(files.values())


@pytest.mark.slow
def test_long_text_of_any_kind_grows_no_format_beyond_its_share() -> None:
    for text in TEXTS:
        long = text * (4_000 // max(1, len(text)))
        segment = {"text": long, "start": 0, "end": 60, "speaker": 0}
        check_all({"id": 1, "text": f"SPEAKER_0: {long}", "segments": [segment]})
