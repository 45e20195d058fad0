"""What tests of all kinds share."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# No property is about time, and machines that run tests are shared. `scripts/test core` asks for the quick profile.
for name, examples in {"full": 60, "quick": 15}.items():
    settings.register_profile(name, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("full")


@pytest.fixture(scope="session")
def closing() -> Iterator[list[threading.Thread]]:
    """Servers on their way down: that takes a fifth of a second, for which no test need wait."""
    threads: list[threading.Thread] = []
    yield threads
    for thread in threads:
        thread.join()
