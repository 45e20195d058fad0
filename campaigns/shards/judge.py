"""The state after a run: at the service, in the destination, in Airflow and in the workers' folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_fluxions.api.job_reference import reference
from campaigns.framework import comparable
from campaigns.shards.scene import SHARDED, TASK, Scene
from harness.stage import OUTPUT


@dataclass(frozen=True)
class Shard:
    """One mapped task: its final state and try, and which tries each worker ran a part of."""

    index: int
    state: str
    tries: int
    inputs: int
    workers: Mapping[str, list[int]]


def judge_shards(scene: Scene, run_id: str, shards: int) -> list[Shard]:
    """Return what became of each."""
    return [_judge_shard(scene, run_id, index) for index in range(shards)]


def _judge_shard(scene: Scene, run_id: str, index: int) -> Shard:
    query = f"""select state, try_number from {scene.airflow.database.task_instances}
                where dag_id = :dag_id and run_id = :run_id and map_index = :index"""  # noqa: S608 (a constant)
    row = scene.airflow.database.rows(query, dag_id=SHARDED, run_id=run_id, index=index)[0]
    result = scene.airflow.database.xcom(SHARDED, run_id, TASK, map_index=index) or {"inputs": 0}
    workers = scene.airflow.tries_by_worker(SHARDED, run_id, TASK, map_index=index)
    return Shard(index, str(row["state"]), row["try_number"], result["inputs"], workers)


def jobs_of_shards(scene: Scene, run_id: str, shards: int) -> dict[int, set[int]]:
    """Return whose results each shard wrote."""
    marks = {reference("run", SHARDED, run_id, TASK, index): index for index in range(shards)}
    found: dict[int, set[int]] = {index: set() for index in range(shards)}
    for key in _outputs(scene, "killed/"):
        metadata = scene.storage.metadata(OUTPUT, key)
        found[marks[metadata["fluxions-run"]]].add(int(metadata["fluxions-job-id"]))
    return found


def double_jobs(jobs: Iterable[Mapping[str, Any]]) -> int:
    """Return how many jobs there are beyond one a recording, failed ones aside."""
    return sum(count - 1 for count in Counter(job["sha256"] for job in jobs if job["status"] != "failed").values())


def different_outputs(scene: Scene, wanted: str, found: str) -> list[str]:
    """Return the paths that only one of the two folders has, or that differ in more than a job's own fields."""
    ours, theirs = (
        {key.removeprefix(folder): comparable(key, scene.storage.get(OUTPUT, key)) for key in _outputs(scene, folder)}
        for folder in (wanted, found)
    )
    return sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))


def _outputs(scene: Scene, folder: str) -> list[str]:
    return [key for key in scene.storage.keys(OUTPUT, folder) if not key.startswith(f"{folder}_manifests/")]


def shared_paths(scene: Scene) -> list[str]:
    """Return what a worker knows or sees of the homes of others: variables that name one, and files in them."""
    home = scene.airflow.home
    homes = {"main": home} | {name: scene.workers.home(name, home) for name in scene.workers.names}
    found = []
    for worker in scene.workers.names:
        process = Path(f"/proc/{scene.airflow.components.pid(worker)}")
        variables = (process / "environ").read_bytes().decode().split("\0")
        for name, other in homes.items():
            if name == worker:
                continue
            found += [f"{worker}: {one}" for one in variables if f"{other}/" in f"{one}/"]
            if scene.workers.isolated:
                found += [f"{worker}: {path}" for path in Path(f"{process}/root{other}").iterdir()]
    return found
