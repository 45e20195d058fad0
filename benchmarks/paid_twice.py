"""Recordings that are charged twice, over seeded runs of scenes in which something fails.

    python benchmarks/paid_twice.py                 all scenes, 50 runs each
    python benchmarks/paid_twice.py --scene M8 --runs 200 --seed 7

Each run of a scene has an emulated account of its own on a socket, a clock that only sleeping moves, and a few
recordings. It prints recordings, live jobs at the service, jobs beyond one for each recording ("paid twice"), tries
that ended without knowing (and submitted nothing), and jobs of others that were reused. A scene of your own is a
function of a seeded `random.Random` that returns a `Tally`, in `SCENES`.

To compare with another version, run this file with that version's folder in PYTHONPATH. Lists that come late or with
other names are made by the client here, so that versions whose emulator cannot do it take part.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from airflow_provider_fluxions.api.audio import Audio
from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import FluxionsError
from airflow_provider_fluxions.api.models import Job, Page
from airflow_provider_fluxions.api.retry import Clock
from airflow_provider_fluxions.api.submit_once import SubmitOptions, SubmitRequest, SubmitResult, submit_once
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer, Fault
from airflow_provider_fluxions.task.identity import TaskIdentity

KEY = "local-key"
RECORDINGS = 3
PATIENCE_SECONDS = 3600.0
NAMES = (
    "interview",
    "2026-03-02_standup_with_the_whole_team_0042",
    "Gespräch über Öl und Gas in der Nordsee",
    "会議の録音",
)


@dataclass
class Tally:
    """What one run or all runs of a scene came to.

    :param twice: Live jobs at the service beyond one for each recording.
    :param unknown: Tries that ended without knowing whether a job exists, and submitted none.
    :param foreign: Jobs of others that were reused.
    """

    recordings: int = 0
    jobs: int = 0
    twice: int = 0
    unknown: int = 0
    foreign: int = 0

    def add(self, other: Tally) -> None:
        """Add the numbers of another."""
        for name, number in vars(other).items():
            setattr(self, name, getattr(self, name) + number)


class SceneTime:
    """Epoch seconds that only sleeping moves."""

    def __init__(self) -> None:
        self.seconds = time.time()

    def now(self) -> float:
        """Return the time."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        """The same for `submit_once`."""
        return Clock(now=self.now, sleep=self.sleep, jitter=lambda: 1.0, monotonic=self.now)


class ShownClient(FluxionsClient):
    """A client to which the service shows its list in another way."""

    show: Callable[[Page], Page] = staticmethod(lambda page: page)

    def list_transcriptions(self, limit: int = 50, offset: int = 0) -> Page:
        """Return a page as the service shows it."""
        return type(self).show(super().list_transcriptions(limit, offset))


@dataclass
class Service:
    """An account on a socket, and how it shows its list."""

    emulator: Emulator
    url: str
    time: SceneTime
    show: Callable[[Page], Page] = lambda page: page
    taken: list[SubmitResult] = field(default_factory=list)
    unknown: int = 0

    def submit(self, work: SubmitRequest, *, retry: bool, recorded: Any = None) -> None:
        """Submit a recording as one try of a task does. Errors end the try."""
        shown = type("Shown", (ShownClient,), {"show": staticmethod(self.show)})
        with shown(KEY, self.url, submit_path="/submit", max_retries=0, backoff_seconds=0.0) as client:
            try:
                taken = submit_once(
                    client,
                    work,
                    may_exist=retry,
                    recorded=recorded,
                    deadline=self.time.now() + PATIENCE_SECONDS,
                    clock=self.time.clock,
                )
            except FluxionsError:
                self.unknown += 1
            else:
                self.taken.append(taken)

    def lose_response(self) -> None:
        """Let the next submit create its job and then reset the connection."""
        self.emulator.add_fault(Fault(method="POST", path="*submit", reset=True, after=True))

    def tally(self) -> Tally:
        """Return what the account has."""
        own = [job for job in self.emulator.jobs if not job.foreign_job and job.status != "failed"]
        ids = {job.id for job in own}
        twice = len(own) - len({job.filename for job in own})
        return Tally(RECORDINGS, len(own), twice, self.unknown, sum(taken.job_id not in ids for taken in self.taken))


@contextmanager
def service(seed: random.Random) -> Iterator[Service]:
    """Give an account with jobs of others."""
    moment = SceneTime()
    with Emulator("documented", KEY, clock=moment.now) as emulator, EmulatorServer(emulator) as server:
        emulator.seed_jobs(
            seed.randrange(300), status="processing", age_seconds=5.0, spacing_seconds=seed.uniform(1, 60)
        )
        yield Service(emulator, server.base_url, moment)


def audio(seed: random.Random, number: int, opener: Callable[[bytes], Any] = io.BytesIO) -> Audio:
    """Return a recording with bytes of its own, as S3 has it."""
    data = b"ID3" + seed.randbytes(2000)
    name = f"{seed.choice(NAMES)}.{seed.choice(('mp3', 'opus', 'wav'))}"
    return Audio(f"s3://calls/{number}/{name}", len(data), f"etag-{number}", lambda: opener(data))


def work_of(seed: random.Random, source: Audio, run: dict[str, Any], *, tries: int = 2) -> SubmitRequest:
    """Return the work of a task for a recording, as the operator makes it."""
    facts = {"dag_id": "dag", "run_id": f"run-{seed.random()}", "task_id": "submit", "map_index": -1, "max_tries": 2}
    context = {"ti": SimpleNamespace(**facts, try_number=tries), "dag_run": SimpleNamespace(**run)}
    identity = TaskIdentity.of(context, 2)
    ref = identity.reference(source, SubmitOptions(cache=False))
    return SubmitRequest(source, source.uri.rpartition("/")[2], ref, SubmitOptions(cache=False), since=identity.since)


def just_started(now: float) -> dict[str, Any]:
    """Return the facts of a run that started a minute ago."""
    started = datetime.fromtimestamp(now, UTC) - timedelta(minutes=1)
    return {"start_date": started, "run_after": started, "logical_date": started, "clear_number": 0}


CHANGES: dict[str, Callable[[str], str | None]] = {
    "appended": lambda name: f"{name}.opus",
    "capitals": str.upper,
    "one dash": lambda name: name.replace("--", "-"),
    "underscores": lambda name: name.replace("--", "_"),
    "cut at 32": lambda name: name[:32],
    "cut at 64": lambda name: name[:64],
    "cut at 100": lambda name: name[:100],
    "cut at 128": lambda name: name[:128],
    "a copy": lambda name: " (1)".join(os.path.splitext(name)),
    "no name": lambda _: None,
}


def renamed(seed: random.Random) -> Tally:
    """Submit under names that the service changes; the worker dies or the response is lost."""
    with service(seed) as at:
        change = seed.choice(list(CHANGES.values()))
        at.show = lambda page: _mapped(page, lambda job: replace(job, filename=change(job.filename or "")))
        for number in range(RECORDINGS):
            work = work_of(seed, audio(seed, number), just_started(at.time.now()))
            if seed.random() < 0.5:
                at.lose_response()
            at.submit(work, retry=False)
            at.submit(work, retry=True)
        return at.tally()


def late(seed: random.Random) -> Tally:
    """Lose a response while the list shows jobs some time after their creation."""
    with service(seed) as at:
        seconds = seed.uniform(11, 60)
        at.show = lambda page: _filtered(page, lambda job: _age(job, at.time.now()) >= seconds)
        for number in range(RECORDINGS):
            at.lose_response()
            at.submit(work_of(seed, audio(seed, number), just_started(at.time.now())), retry=False)
        return at.tally()


def stalled(seed: random.Random) -> Tally:
    """Stop a worker in mid upload; its retry submits; then the worker continues."""
    with service(seed) as at:
        for number in range(RECORDINGS):
            source = audio(seed, number)
            work = work_of(seed, source, just_started(at.time.now()))

            def stop(work: SubmitRequest = work) -> None:
                at.time.sleep(seed.uniform(60, 3600))
                at.submit(work, retry=True)

            at.submit(replace(work, source=replace(source, opener=_Stopping.opener(source, stop))), retry=False)
        return at.tally()


def put_again(seed: random.Random) -> Tally:
    """Put the same bytes again between two tries: the ETag stays, LastModified does not."""
    with service(seed) as at:
        for number in range(RECORDINGS):
            source = audio(seed, number)
            work = work_of(seed, source, just_started(at.time.now()))
            at.submit(work, retry=False)
            at.time.sleep(seed.uniform(600, 7200))
            at.emulator.seed_jobs(150, status="processing", age_seconds=1.0, spacing_seconds=2.0)
            at.submit(work, retry=True)
        return at.tally()


def dated_in_the_future(seed: random.Random) -> Tally:
    """Clear a run with dates in the future, an hour after it submitted."""
    with service(seed) as at:
        for number in range(RECORDINGS):
            due = datetime.fromtimestamp(at.time.now(), UTC) + timedelta(days=seed.randint(1, 400))
            run = {"start_date": None, "run_after": due, "logical_date": due, "clear_number": 1}
            work = work_of(seed, audio(seed, number), run)
            at.submit(work, retry=False)
            at.time.sleep(3600)
            at.emulator.seed_jobs(150, status="processing", age_seconds=1.0, spacing_seconds=2.0)
            at.submit(work, retry=True)
        return at.tally()


def other_account(seed: random.Random) -> Tally:
    """Retry with a recorded id after the connection changed to another account, which has another job with this id."""
    with service(seed) as at:
        at.emulator.seed_jobs(RECORDINGS, status="completed", age_seconds=1.0)
        foreign = [job.id for job in at.emulator.jobs if job.foreign_job]
        for number in range(RECORDINGS):
            work = work_of(seed, audio(seed, number), just_started(at.time.now()))
            at.submit(work, retry=True, recorded=seed.choice(foreign))
        return at.tally()


class _Stopping(io.BytesIO):
    """Audio that is read in two parts, with a stop of the process between them."""

    stop: Callable[[], None]

    @classmethod
    def opener(cls, source: Audio, stop: Callable[[], None]) -> Callable[[], Any]:
        def opened() -> _Stopping:
            file = cls(source.open().read())
            file.stop = stop
            return file

        return opened

    def read(self, size: int | None = -1, /) -> bytes:
        half = len(self.getbuffer()) // 2
        if self.tell() == 0:
            return super().read(half)
        stop, self.stop = self.stop, lambda: None
        stop()
        return super().read(size)


def _mapped(page: Page, change: Callable[[Job], Job]) -> Page:
    return replace(page, transcriptions=tuple(change(job) for job in page.transcriptions))


def _filtered(page: Page, shown: Callable[[Job], bool]) -> Page:
    jobs = tuple(job for job in page.transcriptions if shown(job))
    hidden = len(page.transcriptions) - len(jobs)
    return replace(page, transcriptions=jobs, total=(page.total or 0) - hidden, limit=len(jobs) or page.limit)


def _age(job: Job, now: float) -> float:
    return now - job.created_at.timestamp() if job.created_at else 0.0


# Row of the findings: what happens, and the scene.
SCENES: dict[str, Callable[[random.Random], Tally]] = {
    "M7": renamed,
    "M8": late,
    "M11": stalled,
    "M2": other_account,
    "H5 (submit)": put_again,
    "L (future run)": dated_in_the_future,
}


def main() -> int:
    """Run scenes and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scene", action="append", choices=list(SCENES), help="default: all")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.ERROR)
    print(f"{'row':<15}{'runs':>5}{'recordings':>12}{'jobs':>6}{'paid twice':>12}{'unknown':>9}{'foreign':>9}  scene")
    for name in options.scene or SCENES:
        total = Tally()
        for run in range(options.runs):
            total.add(SCENES[name](random.Random(f"{options.seed}-{name}-{run}")))  # noqa: S311 - repeatable, no secret
        numbers = f"{total.recordings:>12}{total.jobs:>6}{total.twice:>12}{total.unknown:>9}{total.foreign:>9}"
        what = (SCENES[name].__doc__ or "").partition("\n")[0]
        print(f"{name:<15}{options.runs:>5}{numbers}  {what}", flush=True)
    return 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
