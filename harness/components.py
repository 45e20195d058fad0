"""The processes that one Airflow is made of: started, watched, killed, restarted and stopped by name."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.database import MetadataDatabase
from harness.processes import HarnessError, ManagedProcess, http_answers, stop_all, tail

# Seconds on a machine of its own; minutes where many share two cores.
START_SECONDS = 240.0
COMMAND_SECONDS = 180.0

_NAMES = {
    2: ("webserver", "scheduler", "triggerer"),
    3: ("api-server", "scheduler", "dag-processor", "triggerer"),
}
_HEALTH = {"webserver": "/health", "api-server": "/api/v2/version"}
_JOBS = {"scheduler": "SchedulerJob", "triggerer": "TriggererJob", "dag-processor": "DagProcessorJob"}
# The web server reads the log files itself, so the two extra servers for them are unnecessary.
_ARGUMENTS = {"scheduler": ["--skip-serve-logs"], "triggerer": ["--skip-serve-logs"]}


@dataclass(frozen=True)
class Component:
    """One process of an Airflow: `airflow` with `arguments`, `env` in place of the common variables.

    `ready(since)` says whether it does its work, having been started at or after that instant. `wrapper` is a
    command that becomes the one after it.
    """

    name: str
    arguments: tuple[str, ...]
    ready: Callable[[str], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    wrapper: tuple[str, ...] = ()


class AirflowComponents:
    """The processes of one Airflow; their output goes to `folder`, one file a component."""

    def __init__(
        self,
        python: str,
        major: int,
        folder: Path,
        *,
        env: Mapping[str, str],
        url: str,
        database: MetadataDatabase,
        workers: Sequence[Component] = (),
    ) -> None:
        """`env` is read at each start, so it may still be added to. Nothing starts yet."""
        self._components = {name: self._core(name) for name in _NAMES[major]}
        self._components.update((worker.name, worker) for worker in workers)
        self.names = tuple(self._components)
        self.folder = folder
        self._python = python
        self._env = env
        self._url = url
        self._database = database
        self._processes: dict[str, ManagedProcess] = {}
        # Variables of one component alone, by its name; read at each start as well.
        self.own_env: dict[str, dict[str, str]] = {}

    def start(self) -> None:
        """Start all and wait until all are ready; after a failure none is left."""
        since = _now()
        try:
            for name in self.names:
                self._spawn(name)
            for name in self.names:
                self._wait_ready(name, since)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all that run; those not gone after a few seconds are killed (3.3.2's triggerer takes 10 s)."""
        stop_all(self._processes.values())
        self._processes.clear()

    def kill(self, name: str) -> None:
        """SIGKILL one with all that it forked."""
        self._processes[name].kill()

    def lose(self, name: str) -> None:
        """SIGKILL one with all its children, for good: it is not restarted."""
        self._processes.pop(name).kill()

    def restart(self, name: str) -> None:
        """Stop one unless it was killed, start it again, wait until it is ready."""
        stop_all([self._processes[name]])
        since = _now()
        self._spawn(name)
        self._wait_ready(name, since)

    def check_alive(self) -> None:
        """HarnessError, with the log's tail, if one has ended by itself."""
        for process in self._processes.values():
            if not process.running():
                raise HarnessError(f"{process.name} ended\n{process.tail()}")

    def pid(self, name: str) -> int:
        """The process id of one, which is the id of its session as well."""
        return self._processes[name].pid

    def log_file(self, name: str) -> Path:
        """Where the output of one goes."""
        return self.folder / f"{name}.log"

    def command(self, *arguments: str) -> str:
        """The output of an `airflow` command in this Airflow; HarnessError with its log when it fails."""
        log = self.log_file(f"{arguments[0]}-command")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as errors:
            done = subprocess.run(
                [self._python, "-m", "airflow", *arguments],
                env=dict(self._env),
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=COMMAND_SECONDS,
            )
            errors.write(done.stdout)
        if done.returncode:
            raise HarnessError(f"airflow {' '.join(arguments)} failed\n--- {log}\n{tail(log)}\n---")
        return done.stdout.decode()

    def _core(self, name: str) -> Component:
        def ready(since: str) -> bool:
            if name in _HEALTH:
                return http_answers(self._url + _HEALTH[name])
            return self._database.job_alive(_JOBS[name], since)

        return Component(name, (name, *_ARGUMENTS.get(name, ())), ready)

    def _spawn(self, name: str) -> None:
        component = self._components[name]
        command = [*component.wrapper, self._python, "-m", "airflow", *component.arguments]
        env = {**self._env, **component.env, **self.own_env.get(name, {})}
        process = self._processes[name] = ManagedProcess(name, command, self.log_file(name), env)
        process.start()

    def _wait_ready(self, name: str, since: str) -> None:
        self._processes[name].wait_ready(lambda: self._components[name].ready(since), START_SECONDS)


def _now() -> str:
    """UTC in the form in which Airflow stores instants in SQLite, where texts compare; PostgreSQL reads it as well."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
