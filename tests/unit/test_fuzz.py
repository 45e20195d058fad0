"""Any answer and any text: a value or one of our errors. The coverage-guided twin is scripts/fuzz."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.targets import FIELDS, read_answer, read_object, read_text

# Each case is a target of `scripts/fuzz`, and takes a tenth of a second of CPU.
pytestmark = pytest.mark.slow

NUMBERS = st.integers() | st.floats() | st.sampled_from([2**31, 2**63, -(2**63), 10**400, 1e308, -1e308, 5e-324])
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["SPEAKER_0: a", "[pause]", "haha", "*so*", "completed", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), inner, max_size=8)
    ),
    max_leaves=30,
)
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=12)
STATUSES = st.integers(100, 999)
HEADERS = st.dictionaries(st.sampled_from(["Retry-After", "Content-Type"]), st.text(max_size=40))
RECORDED = sorted((Path(__file__).parent / "recorded").iterdir())


def nested(depth: int, field: str) -> bytes:
    """An object whose field lies so deep in lists that a reader without a limit leaves its stack."""
    return b'{"id": 1, "%s": %s%s}' % (field.encode(), b'[{"detail": ' * depth, b"1" + b"}]" * depth)


@given(STATUSES, HEADERS, st.binary(max_size=200))
def test_any_bytes_under_any_status_are_a_value_or_our_error(
    status: int, headers: Mapping[str, str], body: bytes
) -> None:
    read_answer(status, headers, body)


@given(STATUSES, HEADERS, VALUES)
def test_any_json_under_any_status_is_a_value_or_our_error(status: int, headers: Mapping[str, str], value: Any) -> None:
    read_answer(status, headers, json.dumps(value).encode())


@given(OBJECTS)
def test_any_object_is_a_model_that_can_be_used_and_written_or_our_error(data: Mapping[str, Any]) -> None:
    read_object({"id": 1, **data})


@given(st.sampled_from(RECORDED), st.data())
def test_a_recorded_answer_with_bytes_changed_is_a_value_or_our_error(path: Path, data: st.DataObject) -> None:
    body = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5)) if body else 0):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    read_answer(data.draw(st.sampled_from([200, 404, 500])), {}, bytes(body))


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("field", FIELDS)
def test_any_depth_is_a_value_or_our_error(status: int, field: str) -> None:
    # A reader's stack ends somewhere between, and what it still takes in a writer must bear.
    for depth in (1, 30, 31, 32, 33, *range(300, 520, 4), 5_000, 100_000):
        read_answer(status, {}, nested(depth, field))


@given(st.text() | st.lists(TEXTS).map(" ".join))
@example("\x85SPEAKER_0:")
def test_any_text_is_read_and_nothing_of_it_is_lost(text: str) -> None:
    read_text(text)
