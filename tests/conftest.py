"""What tests of all kinds share."""

from __future__ import annotations

import atexit
import gc
import threading
from collections.abc import Iterator

import pytest

from harness import properties

properties.load_profiles()


def pytest_collection_finish() -> None:
    """Keep what was imported and collected out of every garbage collection: a tenth of the CPU of fast tests.

    It is given back at the exit, after pytest's own collections, because extension modules complain at the end of the
    process about what is never collected.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)


@pytest.fixture(scope="session")
def closing() -> Iterator[list[threading.Thread]]:
    """Servers on their way down: that takes a fifth of a second, for which no test need wait."""
    threads: list[threading.Thread] = []
    yield threads
    for thread in threads:
        thread.join()
