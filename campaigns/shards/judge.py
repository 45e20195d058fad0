"""The state after a run: at the service, in the destination, in Airflow and in the workers' folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_fluxions.api.job_reference import reference
from campaigns.framework import result_faults
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
    row = scene.airflow.database.task_rows("state", "try_number", dag_id=SHARDED, run_id=run_id, map_index=index)[0]
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


def different_outputs(scene: Scene, wanted: str, found: str) -> list[str]:
    """Report the results in one of the two folders only, and those that differ in more than a job's own fields."""
    right, there = (
        {key.removeprefix(folder): scene.storage.get(OUTPUT, key) for key in _outputs(scene, folder)}
        for folder in (wanted, found)
    )
    return list(result_faults(there.items(), right))


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
