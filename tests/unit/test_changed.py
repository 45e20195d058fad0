"""Which tests a changed file concerns."""

from __future__ import annotations

import pytest

from harness.changed import OTHERS, ROOT, by_environment, concerning, imports

SOURCES = {
    "p/__init__.py": "",
    "p/low.py": "",
    "p/middle.py": "def f():\n    from p.low import one",
    "p/alone.py": "import json",
    "tests/conftest.py": "import p.alone\ndef alone(): ...",
    "tests/unit/test_middle.py": "from p import middle",
    "tests/unit/test_low.py": "from p.low import two as three\ndef test_one(alone): ...",
    "tests/e2e/test_running.py": "import p.middle",
    "other/test_apart.py": "",
}


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("tests/unit/test_low.py", {"tests/unit/test_low.py"}),
        ("p/middle.py", {"tests/unit/test_middle.py", "tests/e2e/test_running.py"}),
        ("p/low.py", {"tests/unit/test_low.py", "tests/unit/test_middle.py", "tests/e2e/test_running.py"}),
        ("p/alone.py", {"tests/unit/test_low.py"}),
        ("p/__init__.py", {"tests/unit/test_low.py", "tests/unit/test_middle.py", "tests/e2e/test_running.py"}),
        ("p/deleted.py", set()),
        ("docs/cli.md", set(OTHERS["docs/*"])),
    ],
)
def test_a_change_concerns_all_that_import_it_or_use_its_fixture(changed: str, tests: set[str]) -> None:
    assert concerning({changed}, SOURCES) == tests


def test_an_import_of_a_name_is_one_of_its_module() -> None:
    assert imports("from p.low import one", "x", {"p", "p.low", "p.middle"}) == {"p.low"}


def test_what_takes_minutes_is_left_out_and_named() -> None:
    assert by_environment(["tests/unit/test_a.py", "tests/airflow/test_b.py", "tests/e2e/test_c.py"]) == (
        {"3.3": ["tests/airflow/test_b.py"], "core": ["tests/unit/test_a.py"]},
        ["tests/e2e/test_c.py"],
    )


def test_every_test_of_the_table_is_there() -> None:
    named = {one for ones in OTHERS.values() for one in ones if one.startswith("tests/")}
    assert {name for name in named if not (ROOT / name).exists()} == set()
