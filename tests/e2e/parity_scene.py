"""A table of tasks on the stage's Airflow: something happens to each while it waits, and it comes to an end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.emulator import ControlClient, Fault
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.processes import wait_until
from harness.settings import AIRFLOW_2
from harness.stage import INPUT, OUTPUT, Run, Stage
from harness.task_logs import Failure, last_failure

ACCOUNTS = ("parity", "revoked")
# 2.11 takes five minutes of two cores to start all the processes, and a busy machine much longer.
RUN_SECONDS = 1200.0
SECONDS_THAT_NO_JOB_TAKES = 3600.0
# Airflow 3 fails a task whose trigger answers before its scheduler has heard that the task's process has ended. On a
# machine where that takes it longer than our triggers are quiet, nothing happens until it has turned so many rounds.
ROUNDS = 2
# The states of a task that waits for its job, by mode.
WAITING = {"deferrable": "deferred", "reschedule": "up_for_reschedule", "poke": "running", "synchronous": "running"}


@dataclass(frozen=True)
class Play:
    """One task: an operator in a mode, and what happens to it, one after another, each time that it waits."""

    operator: str
    mode: str
    outcome: str
    arguments: Mapping[str, Any]
    happens: Sequence[str] = ()
    account: str = "parity"

    @property
    def holds_slot(self) -> bool:
        """Whether it waits in a worker."""
        return WAITING[self.mode] == "running"

    @property
    def task_id(self) -> str:
        return f"{self.operator}-{self.mode}-{self.outcome.replace(' ', '_')}"


@dataclass(frozen=True)
class End:
    """How a task ended: its state, the error that its log ends with, what it returned, and the jobs it had."""

    state: str
    failure: Failure
    tries: int
    was_deferred: bool
    returned: Any
    job_ids: tuple[int, ...]


@dataclass
class Account:
    """One account at the service, known to Airflow as a connection."""

    emulator: LocalEmulator
    control: ControlClient
    client: FluxionsClient

    def jobs_of(self, task_id: str) -> list[dict[str, Any]]:
        """The jobs that a task submitted or waits for."""
        # By its audio: file names are sent shortened.
        digest = hashlib.sha256(task_id.encode()).hexdigest()
        return [job for job in self.control.jobs() if job["sha256"] == digest]


@dataclass
class Scene:
    """All plays, in one DAG run."""

    stage: Stage
    plays: Sequence[Play]
    accounts: dict[str, Account]
    run: Run
    # How much of what happens to a task has happened, and the scheduler's heartbeats since it waits for the next.
    done: dict[str, int] = field(default_factory=dict)
    heartbeats: dict[tuple[str, int], set[Any]] = field(default_factory=dict)

    def ends(self) -> dict[str, End]:
        """Let all happen, and return how every task ended, by its id."""
        wait_until(self._go_on, "every task of the table has ended", RUN_SECONDS)
        return {play.task_id: self._end(play) for play in self.plays}

    def _go_on(self) -> bool:
        tasks, heartbeat = self._tasks(), self._heartbeat()
        for play in self.plays:
            done = self.done.get(play.task_id, 0)
            if done >= len(play.happens) or not self._waits(play, tasks[play.task_id]):
                continue
            heard = self.heartbeats.setdefault((play.task_id, done), set())
            heard.add(heartbeat)
            if play.holds_slot or len(heard) > ROUNDS:
                HAPPENINGS[play.happens[done]](self, play)
                self.done[play.task_id] = done + 1
        return self.stage.airflow.database.run_state(self.run.dag_id, self.run.run_id) in ("success", "failed")

    def _waits(self, play: Play, task: Mapping[str, Any]) -> bool:
        tries = 1 + play.happens[: self.done.get(play.task_id, 0)].count("clear")
        if task["state"] != WAITING[play.mode] or task["try_number"] < tries:
            return False
        return any(job["reads"] > 0 for job in self.accounts[play.account].jobs_of(play.task_id))

    def _heartbeat(self) -> Any:
        """The scheduler's last one, which ends a round."""
        return self.stage.airflow.database.value(
            "select max(latest_heartbeat) from job where job_type = 'SchedulerJob' and state = 'running'"
        )

    def _tasks(self) -> dict[str, Mapping[str, Any]]:
        database = self.stage.airflow.database
        query = f"select task_id, state, try_number from {database.task_instances} where run_id = :run_id"  # noqa: S608
        rows = database.rows(query, run_id=self.run.run_id)
        return {row["task_id"]: row for row in rows}

    def _end(self, play: Play) -> End:
        task = self._tasks()[play.task_id]
        return End(
            task["state"],
            last_failure(self.run.log(play.task_id)),
            task["try_number"],
            self.run.was_deferred(play.task_id),
            self.run.xcom(play.task_id),
            self.job_ids(play),
        )

    def job_ids(self, play: Play) -> tuple[int, ...]:
        """The ids of the jobs that a task has had and that are not lost."""
        return tuple(job["id"] for job in self.accounts[play.account].jobs_of(play.task_id))


def _complete(scene: Scene, play: Play) -> None:
    scene.accounts[play.account].control.force_status(scene.job_ids(play)[-1], "completed")


def _fail(scene: Scene, play: Play) -> None:
    scene.accounts[play.account].control.force_status(scene.job_ids(play)[-1], "failed", "Too noisy to transcribe")


def _lose(scene: Scene, play: Play) -> None:
    scene.accounts[play.account].control.forget_job(scene.job_ids(play)[-1])


def _revoke(scene: Scene, play: Play) -> None:
    """Once all waits of the account have begun, those in slots included, let its key open nothing more."""
    waiting = [other for other in scene.plays if other.account == play.account]
    if all(other is play or scene.done.get(other.task_id) for other in waiting):
        fault = Fault("GET", "/transcriptions*", status=401, message="Invalid API key", times=None)
        scene.accounts[play.account].control.add_fault(fault)


def _mark(scene: Scene, play: Play) -> None:
    scene.stage.airflow.rest.mark(scene.run.dag_id, scene.run.run_id, play.task_id, "failed")


def _clear(scene: Scene, play: Play) -> None:
    airflow, run = scene.stage.airflow, scene.run
    if airflow.major == AIRFLOW_2 and play.holds_slot:
        # The API of 2.11 loses what it clears while it runs; its command and its pages do not.
        airflow.components.command("tasks", "clear", "--yes", "--task-regex", f"^{play.task_id}$", run.dag_id)
        return
    if airflow.version.startswith("3.0.") and play.holds_slot:
        # 3.0 leaves a task that is cleared while it runs in `restarting` for ever: apache/airflow#55045.
        airflow.rest.mark(run.dag_id, run.run_id, play.task_id, "failed")
    airflow.rest.clear(run.dag_id, run.run_id, [play.task_id])


HAPPENINGS: dict[str, Callable[[Scene, Play], None]] = {
    "complete": _complete,
    "fail": _fail,
    "lose": _lose,
    "revoke": _revoke,
    "mark failed": _mark,
    "clear": _clear,
}


@contextmanager
def set_scene(stage: Stage, plays: Sequence[Play]) -> Iterator[Scene]:
    """Accounts with a job for each sensor, recordings for the others, and the DAG run of all of them."""
    with ExitStack() as stack:
        accounts = {name: _open_account(stage, name, stack) for name in ACCOUNTS}
        job_ids = {}
        for play in plays:
            audio = play.task_id.encode()
            if play.operator == "sensor":
                client = accounts[play.account].client
                job_ids[play.task_id] = client.submit(audio, filename=f"{play.task_id}.mp3").id
            else:
                stage.storage.put(INPUT, f"parity/{play.task_id}.mp3", audio)
        _add_dag(stage.airflow, plays)
        yield Scene(stage, plays, accounts, stage.start("parity", {"job_ids": job_ids}))


def _open_account(stage: Stage, name: str, stack: ExitStack) -> Account:
    emulator = stack.enter_context(
        LocalEmulator(stage.airflow.home / f"account-{name}", after_seconds=SECONDS_THAT_NO_JOB_TAKES)
    )
    stage.airflow.rest.add_connection(f"fluxions_{name}", **emulator.airflow_connection())
    control = stack.enter_context(ControlClient(emulator.url))
    return Account(emulator, control, stack.enter_context(FluxionsClient(emulator.api_key, emulator.url)))


def _add_dag(airflow: LocalAirflow, plays: Sequence[Play]) -> None:
    # Waits that hold a slot come last, so that they keep none from those that others wait for.
    tasks = [
        {
            "operator": play.operator,
            "task_id": play.task_id,
            "arguments": {**_places(play), "priority_weight": 1 if play.holds_slot else 10, **play.arguments},
        }
        for play in plays
    ]
    dag = Path(__file__).parent / "parity_dags" / "parity.py"
    airflow.add_dag(dag, {"TASKS: list[dict[str, Any]] = []": f"TASKS = {tasks!r}"})


def _places(play: Play) -> dict[str, Any]:
    """Where a task finds its job or its audio."""
    recording = f"s3://{INPUT}/parity/{play.task_id}.mp3"
    places: dict[str, dict[str, Any]] = {
        "sensor": {"job_id": f"{{{{ dag_run.conf['job_ids']['{play.task_id}'] }}}}"},
        "submit": {"audio": recording, "wait_for_completion": True},
        "transfer": {"source": recording, "destination": f"s3://{OUTPUT}/parity/{play.task_id}/"},
    }
    return {"fluxions_conn_id": f"fluxions_{play.account}", **places[play.operator]}
