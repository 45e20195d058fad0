"""What a campaign left behind, looked at from the outside: the service's jobs, the results in S3, Airflow's tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from airflow_provider_fluxions.api.reference import reference_in
from campaigns.chaos.cast import Part, content
from campaigns.chaos.scene import RESULTS, SOURCE, Scene
from campaigns.chaos.undisturbed import EXTENSIONS, undisturbed
from campaigns.shards.judge import comparable
from harness.audit import in_files, in_objects, in_tables

Job = Mapping[str, Any]
DONE = ("completed", "already_done")


@dataclass(frozen=True)
class Audit:
    """Counts, and what is wrong in words."""

    inputs: int = 0
    live_jobs: int = 0
    failed_jobs: int = 0
    duplicates: int = 0
    outputs: int = 0
    tries: int = 0
    problems: list[str] = field(default_factory=list)


def audit(scene: Scene, seed: int, parts: tuple[Part, ...]) -> Audit:
    """Look at everything, once all runs have ended."""
    names = {sha256(content(seed, name)).hexdigest(): name for part in parts for name in part.recordings}
    with scene.account.awake:
        jobs = [job for job in scene.account.control.jobs() if job["sha256"] in names]
    live = [job for job in jobs if job["status"] != "failed"]
    by_name = {names[job["sha256"]]: job for job in live}
    tries = scene.task_instances("run_id", "task_id", "map_index", "state", "try_number")
    expected = {key: twin for part in parts for key, twin in twins(part, by_name)}
    right = undisturbed(scene.account.server.profile, seed, names.values())
    return Audit(
        inputs=len(names),
        live_jobs=len(live),
        failed_jobs=len(jobs) - len(live),
        duplicates=len(live) - len(by_name),
        outputs=len(expected),
        tries=sum(row["try_number"] for row in tries),
        problems=[
            *(f"{row['run_id']}.{row['task_id']}[{row['map_index']}] ended as {row['state']}"
              for row in tries if row["state"] != "success"),
            *job_faults(live, names),
            *_output_faults(scene, expected, right),
            *(fault for part in parts if part.is_transfer for fault in _manifest_faults(scene, part, by_name)),
            *(f"the API key is in {place}" for place in _leaks(scene)),
        ],
    )  # fmt: skip


def job_faults(live: Iterable[Job], names: Mapping[str, str]) -> Iterator[str]:
    """Recordings without exactly one live job, and references that two live jobs carry. `names` are by digest."""
    live = list(live)
    jobs = Counter(job["sha256"] for job in live)
    references = Counter(reference_in(job["filename"]) for job in live)
    yield from (f"{name} has {jobs[digest]} live jobs" for digest, name in names.items() if jobs[digest] != 1)
    yield from (f"{count} live jobs carry the reference {ref}" for ref, count in references.items() if count != 1)


def twins(part: Part, jobs: Mapping[str, Job]) -> Iterator[tuple[str, str]]:
    """Each result that a run should have stored, by key, and the name of the undisturbed one that says the same."""
    for name in part.recordings:
        own = f"{name}.wav" if part.is_transfer else f"{name}-{jobs.get(name, {}).get('id')}"
        for extension in EXTENSIONS:
            yield f"storm/{part.run_id}/{own}{extension}", f"{name}{extension}"


def _output_faults(scene: Scene, expected: Mapping[str, str], right: Mapping[str, bytes]) -> Iterator[str]:
    found = {key for key in scene.buckets.keys(RESULTS, "storm/") if "/_manifests/" not in key}
    yield from (f"{key} is missing" for key in sorted(expected.keys() - found))
    yield from (f"{key} is left over" for key in sorted(found - expected.keys()))
    for key in sorted(found & expected.keys()):
        if comparable(key, scene.buckets.get(RESULTS, key)) != comparable(key, right[expected[key]]):
            yield f"{key} differs from the undisturbed one"


def _manifest_faults(scene: Scene, part: Part, jobs: Mapping[str, Job]) -> Iterator[str]:
    key = f"storm/{part.run_id}/_manifests/{part.dag_id}/{part.run_id}/transcribe.jsonl"
    if not scene.buckets.keys(RESULTS, key):
        return iter([f"{key} is missing"])
    rows = [json.loads(line) for line in scene.buckets.get(RESULTS, key).splitlines()]
    return manifest_faults(rows, part, jobs)


def manifest_faults(rows: Iterable[Mapping[str, Any]], part: Part, jobs: Mapping[str, Job]) -> Iterator[str]:
    """Inputs that a manifest does not account for, or as done by another job than the live one."""
    told = {row["path"]: (row["status"] in DONE, str(row["job_id"]), len(row["outputs"])) for row in rows}
    wanted = {f"{name}.wav": (True, str(jobs.get(name, {}).get("id")), len(EXTENSIONS)) for name in part.recordings}
    for path in sorted(told.keys() | wanted.keys()):
        if told.get(path) != wanted.get(path):
            yield f"the manifest of {part.run_id} says {told.get(path)} of {path}, not {wanted.get(path)}"


def _leaks(scene: Scene) -> list[str]:
    key = scene.account.server.api_key
    return [
        *in_files(scene.home, key),
        *in_tables(scene.airflow.database, key),
        *in_objects(scene.buckets, (SOURCE, RESULTS), key),
    ]
