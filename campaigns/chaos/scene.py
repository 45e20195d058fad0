"""The stage of a campaign: Airflow on PostgreSQL, an emulator with a database, and S3 behind a proxy that fails."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from airflow_provider_fluxions.emulator.control import ControlClient
from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.list_behavior import ListBehavior
from airflow_provider_fluxions.emulator.transitions import OutcomeRule
from campaigns.chaos.behaviors import Behavior
from campaigns.chaos.cast import DOOMED, content
from campaigns.chaos.plan import Plan
from campaigns.framework import FOREIGN_JOBS, account, airflow_on_postgres
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.faulty_s3 import FaultyS3
from harness.s3 import LocalS3
from harness.s3_store import Store
from harness.settings import lost_after
from harness.stage import PROFILES

SOURCE, RESULTS = "recordings", "results"
SLOTS = 6
JOB_SECONDS = 12.0
DOOM = "Doomed for as long as the storm lasts"
# Much less, and on a busy machine Airflow gives up what lives: two tries at the same time.
LOST_SECONDS = 60

_PLAIN_SETTINGS = {"list_order": "newest", "clock_offset_seconds": 0.0}


@dataclass
class Account:
    """The account with faults. Hold `awake` while you use its control API; without it the emulator might be dead."""

    server: LocalEmulator
    control: ControlClient
    is_stormy: bool = True
    awake: threading.Lock = field(default_factory=threading.Lock)
    hits: Counter[str] = field(default_factory=Counter)
    posts: int = 0
    behavior: Behavior = field(default_factory=Behavior)
    lasting: dict[str, Fault] = field(default_factory=dict)

    def set_up(self) -> None:
        """Set what it forgets when it is killed: which jobs fail, how it behaves, and the faults that are to last."""
        for fault in self.lasting.values():
            self.control.add_fault(fault)
        if self.is_stormy:
            self.control.set_outcome(OutcomeRule(DOOMED, error_message=DOOM))
            self._behave()

    def behave(self, behavior: Behavior) -> None:
        """Be like that from now on, until the storm is over."""
        with self.awake:
            self.behavior = behavior
            self._behave()

    def _behave(self) -> None:
        self.control.set_list(**{**asdict(ListBehavior()), **self.behavior.listing})
        self.control.settings(**{**_PLAIN_SETTINGS, **self.behavior.settings})

    def collect(self) -> None:
        """Take over what it recorded, which it forgets as well."""
        requests = self.control.requests()
        self.control.clear_requests()
        self.hits.update(str(request["fault"]) for request in requests if request["fault"])
        self.posts += sum(request["method"] == "POST" for request in requests)

    def calm(self) -> None:
        """From now on nothing goes wrong there."""
        with self.awake:
            self.is_stormy = False
            self.control.clear_faults()
            self.control.clear_outcomes()
            self.behavior = Behavior()
            self._behave()


@dataclass
class Scene:
    """All that runs. Tasks reach `buckets` through `door`. `stopped` are the processes that no kill may take."""

    airflow: LocalAirflow
    account: Account
    door: FaultyS3
    buckets: LocalS3
    home: Path
    stopped: set[int] = field(default_factory=set)

    def behave(self, behavior: Behavior) -> None:
        """Let the service and S3 be like that from now on; the default is as usual."""
        self.account.behave(behavior)
        self.door.set_store(**{**asdict(Store()), **behavior.store})


@contextmanager
def set_scene(home: Path, plan: Plan, lost_seconds: int = LOST_SECONDS) -> Iterator[Scene]:
    """Everything up below `home`, with the Airflow of this interpreter and all recordings in place.

    Airflow takes tasks and schedulers for lost after `lost_seconds` without a sign of life.
    """
    profile = PROFILES[plan.seed % len(PROFILES)]
    with ExitStack() as stack:
        buckets = stack.enter_context(LocalS3(home / "s3.log"))
        buckets.create_bucket(SOURCE, RESULTS)
        # Each once: a recording that is put again is a newer one.
        for folder, name in sorted({(part.folder, name) for part in plan.parts for name in part.recordings}):
            buckets.put(SOURCE, f"{folder}/{name}.wav", content(plan.seed, name))
        door = stack.enter_context(FaultyS3(buckets))
        # Without a cache, two uploads of one recording are two jobs, with any names.
        options = {"profile": profile, "after_seconds": JOB_SECONDS, "cache_mode": "off"}
        faulty = Account(*account(stack, home / "emulator", FOREIGN_JOBS, **options))
        faulty.set_up()
        airflow = airflow_on_postgres(stack, home, Path(__file__).parent / "dags", _settings(lost_seconds))
        airflow.add_connection("aws_default", **door.airflow_connection())
        airflow.add_connection("fluxions_default", **faulty.server.airflow_connection())
        stack.enter_context(airflow)
        yield Scene(airflow, faulty, door, buckets, home)


def _settings(lost_seconds: int) -> dict[str, str]:
    return {
        **lost_after(lost_seconds),
        "AIRFLOW__CORE__PARALLELISM": str(SLOTS),
        # A killed scheduler leaves queued tasks. Its successor searches for them, by default every five minutes.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": str(lost_seconds),
    }
