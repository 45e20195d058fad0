"""Celery workers that share no file: each has a home, logs, a temporary folder and a copy of the DAGs of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from harness.components import Component
from harness.redis import LocalRedis
from harness.settings import AIRFLOW_2, passwords_file

_PING_SECONDS = 1.0
# The workers need not know each other, and the harness reads their log files itself.
_ARGUMENTS = ("--skip-serve-logs", "--without-mingle", "--without-gossip")
# Mounts something empty over each path up to the `--`, then becomes the program after it.
_HIDE = 'while [ "$1" != -- ]; do mount -t tmpfs -o ro,mode=0 hidden "$1" || exit; shift; done; shift; exec "$@"'


class CeleryWorkers:
    """Named workers behind one Redis; `LocalAirflow` starts them.

    Where the machine allows mount namespaces (Linux, as root), each worker finds the main home, the main DAG folder
    and the homes of the others empty: `isolated`. Elsewhere it is only that nothing points there.
    """

    def __init__(self, redis: LocalRedis, names: Sequence[str] = ("worker-1", "worker-2"), *, slots: int = 2) -> None:
        """`slots` is how many tasks a worker runs at a time."""
        self.names = tuple(names)
        self.slots = slots
        self.isolated = can_isolate()
        self._redis = redis

    def environment(self) -> dict[str, str]:
        """Airflow's settings for Celery, the same in every component."""
        return {
            "AIRFLOW__CELERY__BROKER_URL": self._redis.url(0),
            "AIRFLOW__CELERY__RESULT_BACKEND": self._redis.url(1),
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(self.slots),
            # A worker takes only messages for its free slots. Others would be lost for a while if the worker dies.
            "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
            "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "3600",
            "AIRFLOW__CORE__PARALLELISM": str(4 * self.slots * len(self.names)),
        }

    def home(self, name: str, main_home: Path) -> Path:
        """The AIRFLOW_HOME of a worker, next to that of the other components."""
        return main_home.with_name(f"{main_home.name}-{name}")

    def set_up(self, main_home: Path, dags_folder: Path) -> None:
        """Make the homes, with copies of the DAGs as they are now."""
        for name in self.names:
            home = self.home(name, main_home)
            (home / "tmp").mkdir(parents=True, exist_ok=True)
            shutil.copytree(dags_folder, home / "dags", dirs_exist_ok=True)

    def components(self, major: int, main_home: Path, dags_folder: Path) -> list[Component]:
        """The workers as components of an Airflow."""
        return [self._component(name, major, main_home, dags_folder) for name in self.names]

    def _component(self, name: str, major: int, main_home: Path, dags_folder: Path) -> Component:
        others = [self.home(other, main_home) for other in self.names if other != name]
        hidden = [str(path) for path in (main_home, dags_folder, *others)] if self.isolated else []
        return Component(
            name,
            ("celery", "worker", "--celery-hostname", name, *_ARGUMENTS),
            lambda _since: self.answers(name),
            env=_own_paths(self.home(name, main_home), major),
            wrapper=("unshare", "--mount", "sh", "-c", _HIDE, "sh", *hidden, "--") if hidden else (),
        )

    def answers(self, name: str) -> bool:
        """Whether the worker answers through the broker now."""
        from celery import Celery

        with Celery(broker=self._redis.url(0), set_as_current=False) as application:
            inspect = application.control.inspect(destination=[f"celery@{name}"], timeout=_PING_SECONDS)
            return bool(inspect.ping())


@cache
def can_isolate() -> bool:
    """Whether this process may give its children a view of the file system of their own."""
    attempt = ["unshare", "--mount", "mount", "-t", "tmpfs", "hidden", "/tmp"]  # noqa: S108 (only in a new namespace)
    try:
        return subprocess.run(attempt, capture_output=True, timeout=30).returncode == 0
    except FileNotFoundError:
        return False


def _own_paths(home: Path, major: int) -> Mapping[str, str]:
    paths = {
        "AIRFLOW_HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
    }
    if major == AIRFLOW_2:
        return paths
    # Workers of Airflow 3 know the API server, not the database: here it would be found empty.
    return paths | {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(home)),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'unused.db'}",
    }
