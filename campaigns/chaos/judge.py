"""Check the state after a campaign from the outside: the service's jobs, the results in S3, Airflow's tables."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from airflow_provider_fluxions.api.job_reference import reference_in
from airflow_provider_fluxions.api.recent_jobs import MAX_AGE_SECONDS
from campaigns.chaos.behaviors import MAX_LATE_SECONDS
from campaigns.chaos.cast import Part, content
from campaigns.chaos.faults import MAX_LATENCY_SECONDS
from campaigns.chaos.scene import RESULTS, SOURCE, Scene
from campaigns.chaos.undisturbed import EXTENSIONS, undisturbed
from campaigns.framework import Job, double_jobs, live_jobs, result_faults
from harness.audit import in_files, in_objects, in_tables

DONE = ("completed", "already_done")


# Folder, and job id with the ending; transfers put the recording's own ending before that of the result.
_OF_A_JOB = re.compile(r"^(storm/[^/]+/)[^/.]*(-\d+\.[a-z]+)$")
# Two runs of one transfer at the same time can both upload a recording: the second does not see the job of the first
# while its scan of the list is young, the upload is delayed, or the list is late. The rest is for a busy machine.
RACE_SECONDS = MAX_AGE_SECONDS + MAX_LATENCY_SECONDS + MAX_LATE_SECONDS + 7.0


@dataclass(frozen=True)
class Audit:
    """Counts, and what is wrong in words.

    Of the `duplicates`, `raced` were submitted by two runs of one transfer within `RACE_SECONDS`, as documented.
    """

    inputs: int = 0
    live_jobs: int = 0
    failed_jobs: int = 0
    duplicates: int = 0
    raced: int = 0
    outputs: int = 0
    tries: int = 0
    problems: list[str] = field(default_factory=list)


def audit(scene: Scene, seed: int, parts: tuple[Part, ...]) -> Audit:
    """Read the whole state, after all runs have ended."""
    names = {sha256(content(seed, name)).hexdigest(): name for part in parts for name in part.recordings}
    shared = {name for part in parts if part.is_shared for name in part.recordings}
    with scene.account.awake:
        jobs = [job for job in scene.account.control.jobs() if job["sha256"] in names]
    live = live_jobs(jobs)
    raced = documented_races(live, names, shared)
    by_name: dict[str, list[Job]] = {name: [] for name in names.values()}
    for job in live:
        by_name[names[job["sha256"]]].append(job)
    tries = scene.airflow.database.task_rows("run_id", "task_id", "map_index", "state", "try_number")
    expected = {key: twin for part in parts for key, twin in twins(part, by_name)}
    right = undisturbed(scene.account.server.profile, seed, names.values())
    return Audit(
        inputs=len(names),
        live_jobs=len(live),
        failed_jobs=len(jobs) - len(live),
        duplicates=double_jobs(live),
        raced=len(raced),
        outputs=len(expected),
        tries=sum(row["try_number"] for row in tries),
        problems=[
            *(f"{row['run_id']}.{row['task_id']}[{row['map_index']}] ended as {row['state']}"
              for row in tries if row["state"] != "success"),
            *job_faults([job for job in live if job["id"] not in raced], names),
            *_output_faults(scene, expected, right),
            *(fault for part in parts if part.is_transfer for fault in _manifest_faults(scene, part, by_name)),
            *(f"the API key is in {place}" for place in _leaks(scene)),
        ],
    )  # fmt: skip


def documented_races(live: Iterable[Job], names: Mapping[str, str], shared: Collection[str]) -> set[Any]:
    """The ids of second jobs of recordings that two runs share, submitted within `RACE_SECONDS` of the first."""
    first: dict[str, float] = {}
    raced = set()
    for job in sorted(live, key=lambda job: (job["created_at"], job["id"])):
        begun = first.setdefault(job["sha256"], job["created_at"])
        is_second = job["sha256"] in names and names[job["sha256"]] in shared and job["created_at"] > begun
        if is_second and job["created_at"] - begun <= RACE_SECONDS:
            raced.add(job["id"])
    return raced


def job_faults(live: Iterable[Job], names: Mapping[str, str]) -> Iterator[str]:
    """Recordings without exactly one live job, and references that two live jobs carry. `names` are by digest."""
    live = list(live)
    jobs = Counter(job["sha256"] for job in live)
    references = Counter(reference_in(job["filename"]) for job in live)
    yield from (f"{name} has {jobs[digest]} live jobs" for digest, name in names.items() if jobs[digest] != 1)
    yield from (f"{count} live jobs carry the reference {ref}" for ref, count in references.items() if count != 1)


def twins(part: Part, jobs: Mapping[str, Sequence[Job]]) -> Iterator[tuple[str, str]]:
    """Each result that a run should have stored, by key, and the name of the undisturbed one that says the same.

    A result of a single job is named by the job's name at the service, which may change; here it is ``*``.
    """
    for name in part.recordings:
        own = f"{name}.wav" if part.is_transfer else f"*-{_id(jobs.get(name, ()))}"
        for extension in EXTENSIONS:
            yield f"storm/{part.folder}/{own}{extension}", f"{name}{extension}"


def _output_faults(scene: Scene, expected: Mapping[str, str], right: Mapping[str, bytes]) -> Iterator[str]:
    keys = [key for key in scene.buckets.keys(RESULTS, "storm/") if "/_manifests/" not in key]
    found = ((without_name(key), scene.buckets.get(RESULTS, key)) for key in keys)
    return result_faults(found, {key: right[twin] for key, twin in expected.items()})


def without_name(key: str) -> str:
    """A key without the name of its job, as `twins` has it; keys of transfers stay as they are."""
    return _OF_A_JOB.sub(r"\1*\2", key)


def _id(jobs: Sequence[Job]) -> Any:
    return jobs[0]["id"] if jobs else None


def _manifest_faults(scene: Scene, part: Part, jobs: Mapping[str, Sequence[Job]]) -> Iterator[str]:
    key = f"storm/{part.folder}/_manifests/{part.dag_id}/{part.run_id}/transcribe.jsonl"
    if not scene.buckets.keys(RESULTS, key):
        return iter([f"{key} is missing"])
    rows = [json.loads(line) for line in scene.buckets.get(RESULTS, key).splitlines()]
    return manifest_faults(rows, part, jobs)


def manifest_faults(rows: Iterable[Mapping[str, Any]], part: Part, jobs: Mapping[str, Sequence[Job]]) -> Iterator[str]:
    """Inputs that a manifest does not account for, or as done by another job than a live one of the recording."""
    told = {row["path"]: row for row in rows}
    wanted = {f"{name}.wav": {str(job["id"]) for job in jobs.get(name, ())} for name in part.recordings}
    for path in sorted(told.keys() | wanted.keys()):
        row, ids = told.get(path), wanted.get(path, set())
        is_done = row is not None and row["status"] in DONE and len(row["outputs"]) == len(EXTENSIONS)
        if row is None or not is_done or str(row["job_id"]) not in ids:
            said = row and (row["status"], row["job_id"], len(row["outputs"]), row.get("error"))
            yield f"the manifest of {part.run_id} says {said} of {path}, whose live jobs are {sorted(ids)}"


def _leaks(scene: Scene) -> list[str]:
    key = scene.account.server.api_key
    return [
        *in_files(scene.home, key),
        *in_tables(scene.airflow.database, key),
        *in_objects(scene.buckets, (SOURCE, RESULTS), key),
    ]
