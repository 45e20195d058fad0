"""The emulator as a Python object: rules, faults, records and jobs in one place."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator.derived import DerivedRecogniser
from airflow_provider_fluxions.emulator.faults import Fault, FaultPlan
from airflow_provider_fluxions.emulator.holds import Hold, HoldBoard
from airflow_provider_fluxions.emulator.hosts import check_callback
from airflow_provider_fluxions.emulator.jobs import JobService
from airflow_provider_fluxions.emulator.list_behavior import ListBehavior
from airflow_provider_fluxions.emulator.profiles import PROFILES, CacheMode
from airflow_provider_fluxions.emulator.recognition import Recogniser
from airflow_provider_fluxions.emulator.record import RecordedRequest, RequestLog
from airflow_provider_fluxions.emulator.renders import EmulatedRender, RenderLog
from airflow_provider_fluxions.emulator.settings import ListOrder, Settings
from airflow_provider_fluxions.emulator.store import EmulatedJob, JobStore
from airflow_provider_fluxions.emulator.synthesis import Synthesizer, ToneSynthesizer
from airflow_provider_fluxions.emulator.transitions import OutcomeRule, Transition
from airflow_provider_fluxions.emulator.voices import EmulatedVoice, VoiceCatalog

DEFAULT_API_KEY = "local-key"


class Emulator:
    """A Fluxions account on this machine, without a socket; `EmulatorServer` puts it on the network.

    `database` is a file that survives a restart; audio that waits for recognition is stored next to it. None keeps
    jobs in memory. `cache_mode` None uses the mode of the profile. `clock` returns seconds since the epoch, and
    `sleep` waits for injected latency; tests pass their own. `allowed_hosts` are host names for requests and
    `callback_url`, in addition to loopback ones. `synthesizer` speaks; None: tones. Every method can be called from
    any thread.

    :raises ValueError: if the profile or a setting is unknown.
    """

    def __init__(
        self,
        profile: str = "documented",
        api_key: str = DEFAULT_API_KEY,
        *,
        database: str | Path | None = None,
        transition: Transition | None = None,
        recogniser: Recogniser | None = None,
        synthesizer: Synthesizer | None = None,
        list_order: ListOrder = "newest",
        cache_mode: CacheMode | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        seed: int = 0,
        allowed_hosts: Collection[str] = (),
    ) -> None:
        if profile not in PROFILES:
            raise ValueError(f"profile must be one of {sorted(PROFILES)}, not {profile!r}")
        self.profile = PROFILES[profile]
        self.api_key = api_key
        self.sleep = sleep
        self.allowed_hosts = tuple(allowed_hosts)
        self._clock = clock
        self._ahead_seconds = 0.0
        self.log = RequestLog()
        self.hold_board = HoldBoard()
        self.fault_plan = FaultPlan()
        self.synthesizer = synthesizer or ToneSynthesizer()
        self.voices = VoiceCatalog()
        self.render_log = RenderLog()
        recogniser = recogniser or DerivedRecogniser()
        self._spool_is_temporary = database is None
        self.spool = _spool(database) if recogniser.needs_audio else None
        settings = Settings(list_order=list_order, seed=seed, cache_mode=cache_mode or self.profile.cache_mode)
        self.job_service = JobService(JobStore(database), recogniser, settings, self.clock)
        self.job_service.transition = transition or Transition.at_once()

    def close(self) -> bool:
        """Release all holds and close the database; return True if a running recognition cannot be stopped."""
        self.release()
        busy = self.job_service.close()
        if self.spool is not None and self._spool_is_temporary:
            shutil.rmtree(self.spool, ignore_errors=True)
        return busy

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def clock(self) -> float:
        """Return the time of this account in seconds since the epoch."""
        return self._clock() + self._ahead_seconds

    def advance(self, seconds: float) -> None:
        """Advance the clock by this many seconds, for jobs and for their times.

        :raises ValueError: if `seconds` is negative.
        """
        if not seconds >= 0:
            raise ValueError(f"seconds must be 0 or more, not {seconds}")
        self._ahead_seconds += seconds

    @property
    def requests(self) -> list[RecordedRequest]:
        """The recorded requests to the vendor's API, oldest first, without those to the control API."""
        return self.log.entries()

    def clear_requests(self) -> None:
        """Remove the recorded requests."""
        self.log.clear()

    @property
    def jobs(self) -> list[EmulatedJob]:
        """All jobs, oldest first. This property counts no read."""
        return self.job_service.all_jobs()

    @property
    def renders(self) -> list[EmulatedRender]:
        """All texts that were rendered, oldest first: what a real account is charged for."""
        return self.render_log.entries()

    def clear_renders(self) -> None:
        """Forget the recorded renders."""
        self.render_log.clear()

    def rotate_checkpoint(self, keep: int = 0) -> str:
        """Serve a new checkpoint of each hosted voice and return it; `keep` older ones still speak.

        Renders with the full id of any other answer 404.
        """
        return self.voices.rotate(keep)

    def set_voices(self, voices: Sequence[EmulatedVoice]) -> None:
        """Serve these voices instead."""
        self.voices = VoiceCatalog(voices)

    def seed_jobs(
        self,
        count: int,
        *,
        status: str = "completed",
        age_seconds: float = 3600.0,
        spacing_seconds: float = 1.0,
        filename: str = "foreign-{n}.mp3",
    ) -> None:
        """Add `count` jobs of another user, pinned to `status`, the newest `age_seconds` old.

        ``{n}`` in `filename` becomes the number of the job.

        :raises ValueError: if the account would have more than 1,000,000 jobs, or filenames of more than 4,096
            characters.
        """
        self.job_service.seed(count, status, age_seconds, spacing_seconds, filename)

    def force_status(self, job_id: int, status: str, error_message: str | None = None) -> EmulatedJob:
        """Pin a job to a status.

        :raises KeyError: if there is no such job.
        """
        job = self.job_service.force_status(job_id, status, error_message)
        if job is None:
            raise KeyError(job_id)
        return job

    def forget_job(self, job_id: int) -> None:
        """Remove a job, as after the end of its retention: reads return 404, and the list omits it.

        :raises KeyError: if there is no such job.
        """
        if not self.job_service.forget(job_id):
            raise KeyError(job_id)

    @property
    def faults(self) -> list[Fault]:
        """The faults that can still apply."""
        return self.fault_plan.remaining()

    def add_fault(self, fault: Fault) -> str:
        """Add a fault after the others and return its name.

        :raises ValueError: if its `callback_url` is on another machine that is not in `allowed_hosts`.
        """
        check_callback(fault.callback_url, self.allowed_hosts)
        return self.fault_plan.add(fault)

    def clear_faults(self) -> None:
        """Remove all faults. Held requests stay held until `release`."""
        self.fault_plan.clear()

    @property
    def holds(self) -> list[Hold]:
        """The held requests."""
        return self.hold_board.current()

    def wait_for_hold(self, name: str, timeout_seconds: float = 10.0) -> bool:
        """Block until a request is held under `name`; return False if none arrives in time."""
        return self.hold_board.wait_for(name, timeout_seconds)

    def release(self, name: str | None = None) -> int:
        """Release the requests held under `name` (None: all) and return their number."""
        return self.hold_board.release(name)

    def set_transition(self, transition: Transition) -> None:
        """Set the rule that completes running jobs."""
        self.job_service.transition = transition

    def add_outcome(self, rule: OutcomeRule) -> None:
        """Set another outcome for jobs whose filename matches. The rule takes precedence over earlier ones."""
        self.job_service.outcomes = [rule, *self.job_service.outcomes]

    @property
    def outcomes(self) -> list[OutcomeRule]:
        """The outcome rules, by precedence."""
        return list(self.job_service.outcomes)

    def clear_outcomes(self) -> None:
        """Remove all outcome rules. Finished jobs stay unchanged."""
        self.job_service.outcomes = []

    @property
    def settings(self) -> Settings:
        """The current settings."""
        return self.job_service.settings

    def set_settings(self, **changes: Any) -> Settings:
        """Change some settings.

        :raises TypeError: if there is no such setting.
        :raises ValueError: if the value is not allowed.
        """
        self.job_service.settings = replace(self.job_service.settings, **changes)
        return self.job_service.settings

    @property
    def list_behavior(self) -> ListBehavior:
        """The current behavior of the job list."""
        return self.job_service.list_behavior

    def set_list(self, **changes: Any) -> ListBehavior:
        """Change the behavior of the job list; see `ListBehavior` for the names.

        :raises TypeError: if there is no such behavior.
        :raises ValueError: if the value is not allowed.
        """
        self.job_service.list_behavior = replace(self.job_service.list_behavior, **changes)
        return self.job_service.list_behavior


def _spool(database: str | Path | None) -> Path:
    if database is None:
        return Path(tempfile.mkdtemp(prefix="fluxions-emulator-"))
    folder = Path(f"{database}.audio").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
