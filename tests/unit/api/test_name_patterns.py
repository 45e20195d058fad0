"""Patterns of users match the names that they gave, also where those were shortened when they were sent."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_fluxions.api.job_reference import filename_with_reference
from airflow_provider_fluxions.api.name_patterns import name_matches
from tests.unit.fakes import MARK, REF


@pytest.mark.parametrize(
    ("filename", "pattern", "does_match"),
    [
        (f"calls-7{MARK}.mp3", "calls-*.mp3", True),
        (f"calls-7{MARK}.mp3", "calls-7.mp3", True),
        (f"calls-7{MARK}.mp3", f"calls-7{MARK}.mp3", True),
        (f"calls-7{MARK}.mp3", "interviews-*", False),
        ("foreign.mp3", "*.mp3", True),
        (None, "*", True),
        (None, "*.mp3", False),
        (f"custome~0042{MARK}.mp3", "customer-call-*.mp3", True),
        (f"custome~0042{MARK}.mp3", "customer-call-[0-9]*.mp3", True),
        (f"custome~0042{MARK}.mp3", "custom?r-*-0042.mp3", True),
        (f"custome~0042{MARK}.mp3", "customer-call-*-0043.mp3", False),
        (f"custome~0042{MARK}.mp3", "customer-call-*.wav", False),
        (f"custome~0042{MARK}.mp3", "calls-*", False),
        ("a~b.mp3", "a-long-name-b.mp3", False),
    ],
)
def test_a_pattern_is_meant_for_the_name_that_the_user_gave(
    filename: str | None, pattern: str, does_match: bool
) -> None:
    assert name_matches(filename, pattern) == does_match


@given(st.text("ab-.0[]*?", max_size=30), st.text("ab-.0*?", max_size=12))
def test_a_pattern_that_matches_a_name_matches_it_as_it_is_sent(name: str, pattern: str) -> None:
    if not re.fullmatch(r"\S.*\S", name) or not fnmatch.fnmatchcase(name, pattern):
        return
    assert name_matches(filename_with_reference(name, REF), pattern)
