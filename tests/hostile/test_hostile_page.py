"""The page of hostile inputs has the lists that the tests run."""

from __future__ import annotations

from collections import Counter

from airflow_provider_fluxions.api import errors
from tests.hostile.page import KINDS, PAGE, written


def test_the_page_has_the_lists_of_the_tests() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "write it again: python -m tests.hostile.page"


def test_each_input_is_listed_once_in_its_kind() -> None:
    counts = Counter((kind.title, row.words) for kind in KINDS for row in kind.rows)
    assert [one for one, count in counts.items() if count > 1] == []


def test_each_error_of_the_lists_is_public() -> None:
    assert all(row.error is None or hasattr(errors, row.error.__name__) for kind in KINDS for row in kind.rows)
