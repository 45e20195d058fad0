"""Which parts there are, what each needs, and which may run at the same time."""

from __future__ import annotations

from dataclasses import dataclass

# How much may run at once on two cores, as a sum of loads: two running Airflows, which wait half of the time, with
# tests that compute in two processes or a campaign; or two campaigns and a check. At most two campaigns, because they
# treat a task without a heartbeat for 20 s as lost.
CAPACITY = 7
CHECK, LOAD, COMPUTING, CAMPAIGN = 1, 2, 3, 3
FIRST, LAST = "3.3", "2.11"


@dataclass(frozen=True)
class Part:
    """One command, run in the root of the checkout.

    `needs` names parts that must have succeeded before. `load` is its share of `CAPACITY`. `before_minute`: it is left
    out if it cannot start by then, counted from the start of all. `tests`: pytest runs in it. `minutes`: how long it
    takes with others on two cores; the longest part starts first.
    """

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    load: int = LOAD
    before_minute: float = float("inf")
    tests: bool = True
    minutes: float = 1.0


def _install(what: str) -> Part:
    return Part(f"install {what}", ("scripts/test", "install", what), tests=False)


def _check(
    name: str,
    *arguments: str,
    needs: tuple[str, ...] = (),
    before_minute: float = float("inf"),
    load: int = CHECK,
    minutes: float = 2,
) -> Part:
    command = (f"scripts/{name}", *arguments)
    return Part(" ".join((name, *arguments)), command, needs, load, before_minute, tests=False, minutes=minutes)


def _tests(
    name: str, environment: str, *arguments: str, minutes: float, servers: bool = False, load: int = LOAD
) -> Part:
    needs = (f"install {environment}", *(("install servers",) if servers else ()))
    return Part(name, ("scripts/test", environment, *arguments), needs, load, minutes=minutes)


def _campaign(name: str, environment: str, *arguments: str, minutes: float) -> Part:
    return _tests(f"{name} {environment}", environment, *arguments, minutes=minutes, servers=True, load=CAMPAIGN)


def longest_first(*parts: Part) -> tuple[Part, ...]:
    """Sort parts so that no long one is left for the end, when no other part could run with it."""
    return tuple(sorted(parts, key=lambda part: -part.minutes))


INSTALL = (_install("servers"), _install(FIRST), _install(LAST), _install("core"))
_QUICK = ("--hypothesis-profile", "quick", "-m")
_SHARING = "not campaign and not own_airflow"


def _core(*, slow: bool) -> Part:
    if slow:
        return _tests("core", "core", "-m", "", load=COMPUTING, minutes=5)
    return _tests("core", "core", minutes=1)


def _on_airflow(version: str, *, slow: bool) -> tuple[Part, ...]:
    """The tests that need an Airflow of this version: all, or those that a contributor waits for.

    What no version can change runs on `FIRST` only.
    """
    once = "" if version == FIRST else " and not any_version"
    rest = once if slow else f"{once} and not slow"

    def part(name: str, *arguments: str, minutes: float, servers: bool = True, load: int = LOAD) -> Part:
        return _tests(f"{name} {version}", version, *arguments, minutes=minutes, servers=servers, load=load)

    classes = ("-m", rest.removeprefix(" and ")) if slow else (*_QUICK, rest.removeprefix(" and "))
    found = (
        part("running", "tests/e2e", "-m", f"{_SHARING}{rest}", minutes=11),
        part("own Airflow", "tests/e2e", "-m", f"own_airflow{rest}", minutes=5 if version == FIRST else 4),
        part("classes", "classes", *classes, minutes=8 if slow else 4, servers=False, load=COMPUTING),
    )
    if version != FIRST:
        return found
    return (*found, part("viewer", "tests/viewer", "campaigns/tests", "-m", rest.removeprefix(" and "), minutes=3))


def _tests_of_all(*, slow: bool) -> tuple[Part, ...]:
    return (_core(slow=slow), *_on_airflow(FIRST, slow=slow), *_on_airflow(LAST, slow=slow))


CAMPAIGNS = (
    # Storms and modes take long; on 2.11 scripts/chaos plays storms, and scripts/matrix the modes.
    _campaign("kill points", FIRST, "campaigns/kill_points", minutes=4),
    _campaign("kill points", LAST, "campaigns/kill_points", minutes=5),
    _campaign("chaos", FIRST, "campaigns/chaos", minutes=9),
    _campaign("modes", FIRST, "tests/e2e", "-m", "campaign", minutes=6),
    _campaign("shards", FIRST, "campaigns/shards", minutes=3),
    _campaign("shards", LAST, "campaigns/shards", minutes=3),
    _campaign("many waits", FIRST, "campaigns/many_waits", minutes=3),
)
# The slice of the matrix needs at most 15 min, and .ci/run has 90 min.
CHECKS = (
    _check("viewer", "--check"),
    _check("check", needs=("install core",)),
    _check("wheel", needs=("install core",)),
    _check("docs"),
    _check("contract"),
    _check("demo"),
    _check("matrix", "--slice", needs=("install servers",), before_minute=65.0, load=LOAD, minutes=9),
)
SUITES = {
    "all": (*INSTALL, *longest_first(*_tests_of_all(slow=False))),
    "campaigns": (*INSTALL[:3], *longest_first(*CAMPAIGNS)),
    "ci": (*INSTALL, *longest_first(*_tests_of_all(slow=True), *CAMPAIGNS, *CHECKS)),
    FIRST: (*INSTALL[:2], *longest_first(*_on_airflow(FIRST, slow=False))),
    LAST: (INSTALL[0], INSTALL[2], *longest_first(*_on_airflow(LAST, slow=False))),
}
# What a suite leaves to others, for the end of its report.
LEFT_TO_CI = "tests marked slow, most examples of each property, campaigns, checks, the demo, a slice of the matrix"
LEAVES = {"all": LEFT_TO_CI, FIRST: LEFT_TO_CI, LAST: LEFT_TO_CI}
