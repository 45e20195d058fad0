"""How many examples of a property Hypothesis tries."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

EXAMPLES = {"full": 60, "quick": 10}


def load_profiles() -> None:
    """Make the profiles and load the full one; pytest's `--hypothesis-profile` asks for another.

    No property is about time, and machines that run tests are shared. The examples are the same in each run, so that CI
    fails for a change only; `scripts/fuzz`, and the profile ``random``, try others.
    """
    for name, examples in EXAMPLES.items():
        settings.register_profile(
            name,
            max_examples=examples,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            derandomize=True,
            database=None,
        )
    settings.register_profile("random", settings.get_profile("full"), derandomize=False)
    # Whether a test fails is all that `scripts/mutants` asks: no smaller example, and none of an earlier failure.
    settings.register_profile(
        "mutants", settings.get_profile("quick"), phases=(Phase.explicit, Phase.generate), database=None
    )
    settings.load_profile("full")
