"""Which parts there are, what each needs, and which may run at the same time."""

from __future__ import annotations

from dataclasses import dataclass

# How much may run at once, as a sum of loads: two running Airflows, which wait half of the time, and with them tests
# that compute. At most two campaigns, because they treat a task without a heartbeat for 20 s as lost.
CAPACITY = 6
LOAD, CAMPAIGN = 2, 3
FIRST, LAST = "3.3", "2.11"


@dataclass(frozen=True)
class Part:
    """One command, run in the root of the checkout.

    `needs` names parts that must have succeeded before. `load` is its share of `CAPACITY`. `before_minute`: it is left
    out if it cannot start by then, counted from the start of all. `tests`: pytest runs in it.
    """

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    load: int = LOAD
    before_minute: float = float("inf")
    tests: bool = True


def _install(what: str) -> Part:
    return Part(f"install {what}", ("scripts/test", "install", what), tests=False)


def _check(name: str, *arguments: str, needs: tuple[str, ...] = (), before_minute: float = float("inf")) -> Part:
    command = (f"scripts/{name}", *arguments)
    return Part(" ".join((name, *arguments)), command, needs=needs, before_minute=before_minute, tests=False)


def _tests(name: str, environment: str, *arguments: str, servers: bool = False, load: int = LOAD) -> Part:
    needs = (f"install {environment}", *(("install servers",) if servers else ()))
    return Part(name, ("scripts/test", environment, *arguments), needs, load)


INSTALL = (_install("servers"), _install(FIRST), _install(LAST), _install("core"))
CORE = (_tests("core", "core", "-m", ""),)
# The longest first, so that parts that wait for Airflow run next to parts that compute.
ON_AIRFLOW = {
    FIRST: (
        _tests("running 3.3", FIRST, "tests/e2e", "-m", "not campaign", servers=True),
        _tests("classes 3.3", FIRST, "classes"),
        _tests("viewer 3.3", FIRST, "tests/viewer", "campaigns/tests", servers=True),
    ),
    LAST: (
        _tests("running 2.11", LAST, "tests/e2e", "-m", "not campaign and not any_version", servers=True),
        _tests("classes 2.11", LAST, "classes", "-m", "not any_version"),
    ),
}
CAMPAIGNS = (
    _tests("kill points 3.3", FIRST, "campaigns/kill_points", servers=True, load=CAMPAIGN),
    # Storms and modes take long; on 2.11 scripts/chaos plays storms, and scripts/matrix the modes.
    _tests("kill points 2.11", LAST, "campaigns/kill_points", servers=True, load=CAMPAIGN),
    _tests("chaos 3.3", FIRST, "campaigns/chaos", servers=True, load=CAMPAIGN),
    _tests("modes 3.3", FIRST, "tests/e2e", "-m", "campaign", servers=True, load=CAMPAIGN),
    _tests("shards 3.3", FIRST, "campaigns/shards", servers=True, load=CAMPAIGN),
    _tests("shards 2.11", LAST, "campaigns/shards", servers=True, load=CAMPAIGN),
    _tests("many waits 3.3", FIRST, "campaigns/many_waits", servers=True, load=CAMPAIGN),
)
# The slice of the matrix needs at most 15 min, and .ci/run has 90 min.
CHECKS = (
    _check("viewer", "--check"),
    _check("check", needs=("install core",)),
    _check("wheel", needs=("install core",)),
    _check("docs"),
    _check("contract"),
    _check("demo"),
    _check("matrix", "--slice", needs=("install servers",), before_minute=65.0),
)
ALL = (*INSTALL, ON_AIRFLOW[FIRST][0], ON_AIRFLOW[LAST][0], *CORE, *ON_AIRFLOW[FIRST][1:], *ON_AIRFLOW[LAST][1:])
SUITES = {
    "all": ALL,
    "campaigns": (*INSTALL[:3], *CAMPAIGNS),
    "ci": (*ALL, *CHECKS[:2], *CAMPAIGNS, *CHECKS[2:]),
    FIRST: (*INSTALL[:2], *ON_AIRFLOW[FIRST]),
    LAST: (INSTALL[0], INSTALL[2], *ON_AIRFLOW[LAST]),
}
