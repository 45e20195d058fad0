"""The example DAGs on stage: one real Airflow, a local S3, and an emulator for each reading of the API."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.emulator import ControlClient, OutcomeRule, Transition
from harness.airflow import LocalAirflow
from harness.emulator import LocalEmulator
from harness.postgres import LocalPostgres
from harness.processes import HarnessError, wait_until
from harness.s3 import LocalS3

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE_DAGS = ROOT / "dags_examples"
PROFILES = ("documented", "observed")
EXAMPLES = ("submit_wait_store", "bucket_to_bucket", "mapped_taskflow")
# A DAG of the stage that waits for long, so its run starts with the first ones; and a task that defers.
EARLY, EARLY_TASK = "waiting", "deferrable_good"
# Started by the tests that need them: with more runs at once, jobs are completed before tasks poll them.
LATE_EXAMPLES = ("lakehouse",)
INPUT, OUTPUT = "fluxions-input", "fluxions-output"
RECORDINGS = ("dialogue.mp3", "memo.mp3")
RUN_SECONDS = 480.0
# Connections that cannot work, each with the real key in it.
BAD_CONNECTIONS: dict[str, dict[str, Any]] = {
    "unreachable": {"host": "http://127.0.0.1:9", "extra": {"max_retries": 0}},
    "plain_http": {"host": "http://192.0.2.1"},
    "pasted_header": {"password": "Authorization: {key}"},
}
# Long enough that a task of a run alone on stage defers before its job is done.
JOB_SECONDS = 40.0
# The first runs compete for the machine, so their jobs run until every wait has deferred.
HELD_SECONDS = 3600.0
# The task of each example that waits for its jobs.
WAITING_TASKS = {"submit_wait_store": "wait", "bucket_to_bucket": "transcribe", "mapped_taskflow": "wait"}


@dataclass
class Run:
    """One DAG run."""

    airflow: LocalAirflow
    dag_id: str
    run_id: str

    def ended(self) -> dict[str, str]:
        """Wait until the run succeeded or failed; return the states of its tasks (not of mapped ones)."""
        self.airflow.wait(self.dag_id, self.run_id, RUN_SECONDS)
        states = self.airflow.database.task_states(self.dag_id, self.run_id)
        return {task_id: str(state) for (task_id, _), state in states.items()}

    def log(self, task_id: str) -> str:
        """Return the log of all tries of a task."""
        return self.airflow.task_log(self.dag_id, self.run_id, task_id)

    def succeeded(self) -> Run:
        """Wait for success; HarnessError, with the logs of the tasks that did not succeed, for any other end."""
        state = self.airflow.wait(self.dag_id, self.run_id, RUN_SECONDS)
        if state == "success":
            return self
        logs = [f"{self.dag_id} ended as {state}"]
        for (task_id, index), end in self.airflow.database.task_states(self.dag_id, self.run_id).items():
            if end != "success":
                logs.append(f"--- {task_id}[{index}]: {end}")
                logs.append(self.airflow.task_log(self.dag_id, self.run_id, task_id, map_index=index)[-6000:])
        raise HarnessError("\n".join(logs))

    def xcom(self, task_id: str, map_index: int = -1) -> Any:
        """What the task returned."""
        return self.airflow.database.xcom(self.dag_id, self.run_id, task_id, map_index=map_index)

    def was_deferred(self, task_id: str) -> bool:
        """Whether the task (not a mapped one) ever waited in the triggerer."""
        return self.airflow.was_deferred(self.dag_id, self.run_id, task_id)

    def waits_or_ended(self, task_id: str) -> bool:
        """Whether the task (not a mapped one) is deferred now, or has ended without."""
        state = self.airflow.database.task_states(self.dag_id, self.run_id).get((task_id, -1))
        return state in {"deferred", "success", "failed", "upstream_failed"}


@dataclass
class Stage:
    """All that runs, and the first DAG runs of `EXAMPLES` by (profile, example)."""

    airflow: LocalAirflow
    storage: LocalS3
    emulators: dict[str, LocalEmulator]
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    early: Run | None = None

    def trigger(self, profile: str, example: str) -> Run:
        """Start a run of an example; results go to `s3://OUTPUT/{profile}/{example}/`."""
        folder, results = f"s3://{INPUT}/{example}/", f"s3://{OUTPUT}/{profile}/{example}/"
        confs: dict[str, dict[str, Any]] = {
            "submit_wait_store": {"audio": f"{folder}{RECORDINGS[0]}", "destination": results},
            "bucket_to_bucket": {"source": folder, "destination": results},
            "mapped_taskflow": {"recordings": [f"{folder}{name}" for name in RECORDINGS]},
            "lakehouse": {"source": folder, "lake": results},
        }
        return self.start(f"{profile}_{example}", confs[example])

    def start(self, dag_id: str, conf: dict[str, Any] | None = None) -> Run:
        """Start a run of any DAG."""
        return Run(self.airflow, dag_id, self.airflow.trigger(dag_id, conf=conf))


@contextmanager
def set_stage(home: Path, **airflow_env: str) -> Iterator[Stage]:
    """Everything up below `home`, with the Airflow of this interpreter, and every example triggered."""
    with ExitStack() as stack:
        storage = stack.enter_context(LocalS3(home / "s3.log"))
        emulators = {
            name: stack.enter_context(
                LocalEmulator(home / f"emulator-{name}", profile=name, after_seconds=HELD_SECONDS)
            )
            for name in PROFILES
        }
        _put_recordings(storage)
        airflow = LocalAirflow(
            sys.executable,
            home / "airflow",
            home / "dags",
            env=airflow_env,
            # SQLite's one writer at a time would fail clears and marks on a busy machine.
            postgres=stack.enter_context(LocalPostgres(home / "postgres.log")),
            template_cache=Path(sys.prefix) / "airflow-db",
        )
        _add_dags(airflow)
        airflow.add_connection("aws_default", **storage.airflow_connection())
        for name, emulator in emulators.items():
            airflow.add_connection(f"fluxions_{name}", **emulator.airflow_connection())
        airflow.add_connection("fluxions_metered", **emulators[PROFILES[0]].airflow_connection())
        for name, fields in BAD_CONNECTIONS.items():
            working = emulators[PROFILES[0]].airflow_connection()
            password = fields.get("password", "{key}").format(key=working["password"])
            airflow.add_connection(f"fluxions_{name}", **{**working, **fields, "password": password})
        stack.enter_context(airflow)
        _set_endings(emulators[PROFILES[0]])
        stage = Stage(airflow, storage, emulators)
        for profile in PROFILES:
            for example in EXAMPLES:
                stage.runs[profile, example] = stage.trigger(profile, example)
        stage.early = stage.start(EARLY)
        _let_jobs_end(stage)
        yield stage


def _let_jobs_end(stage: Stage) -> None:
    """Once all first runs wait in the triggerer, let jobs take JOB_SECONDS, those that are running included."""
    waits = [(run, WAITING_TASKS[example]) for (_, example), run in stage.runs.items()]
    if stage.early:
        waits.append((stage.early, EARLY_TASK))
    for run, task_id in waits:
        wait_until(partial(run.waits_or_ended, task_id), f"{run.dag_id} defers", RUN_SECONDS)
    for emulator in stage.emulators.values():
        with ControlClient(emulator.url) as control:
            control.set_transition(Transition.after_seconds(JOB_SECONDS))


def _put_recordings(storage: LocalS3) -> None:
    """The samples in a folder for each example, each with an end of its own.

    The API's cache goes by the bytes: one example's job would answer for another's.
    """
    storage.create_bucket(INPUT, OUTPUT)
    for number, example in enumerate((*EXAMPLES, *LATE_EXAMPLES)):
        for name in RECORDINGS:
            sample = (ROOT / "samples" / name).read_bytes()
            storage.put(INPUT, f"{example}/{name}", sample + bytes([number]))


def _add_dags(airflow: LocalAirflow) -> None:
    """Add each example file once for each profile, with its own DAG id and connection id, and the DAGs of the stage."""
    for profile in PROFILES:
        for example in (*EXAMPLES, *LATE_EXAMPLES):
            changes = {
                f'dag_id="fluxions_{example}"': f'dag_id="{profile}_{example}"',
                'FLUXIONS_CONN_ID = "fluxions_default"': f'FLUXIONS_CONN_ID = "fluxions_{profile}"',
            }
            airflow.add_dag(EXAMPLE_DAGS / f"{example}.py", changes, f"{profile}_{example}.py")
    for path in (ROOT / "tests" / "e2e" / "stage_dags").glob("*.py"):
        airflow.add_dag(path)


def _set_endings(emulator: LocalEmulator) -> None:
    """Let jobs called `bad...` fail and jobs called `never...` run for ever."""
    control = ControlClient(emulator.url)
    control.set_outcome(OutcomeRule("bad*.mp3", error_message="Too noisy to transcribe"))
    control.set_outcome(OutcomeRule("never*.mp3", outcome="never"))
    control.close()
