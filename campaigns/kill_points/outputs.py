"""What a transfer left in S3, and what is wrong with it. The results' bucket keeps every version of every object."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_fluxions.api.job_reference import reference_in
from campaigns.framework import Job, key_faults
from campaigns.kill_points.dag_run import Run
from campaigns.kill_points.scene import RESULT_BUCKET, TASK, Scene

EXTENSIONS = (".json", ".srt", ".vtt")


@dataclass(frozen=True)
class Version:
    """One version of an object."""

    body: bytes
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Outputs:
    """All that a run stored, by key below its destination; the oldest version first."""

    versions: Mapping[str, Sequence[Version]] = field(default_factory=dict)

    @classmethod
    def of(cls, scene: Scene, run: Run) -> Outputs:
        """Read them all."""
        client, prefix = scene.buckets.client, f"{run.run_id}/"
        found: dict[str, list[Version]] = {}
        # S3 lists the newest version of a key first.
        for entry in reversed(client.list_object_versions(Bucket=RESULT_BUCKET, Prefix=prefix).get("Versions", ())):
            name = {"Bucket": RESULT_BUCKET, "Key": entry["Key"], "VersionId": entry["VersionId"]}
            answer = client.get_object(**name)
            version = Version(answer["Body"].read(), answer["Metadata"])
            found.setdefault(entry["Key"].removeprefix(prefix), []).append(version)
        return cls(found)

    @property
    def puts(self) -> int:
        """How often an output was stored."""
        return sum(len(versions) for key, versions in self.versions.items() if not _is_manifest(key))

    @property
    def rewritten(self) -> int:
        """Return how often an existing output was stored again."""
        return sum(len(versions) - 1 for key, versions in self.versions.items() if not _is_manifest(key))

    def body(self, key: str) -> bytes:
        """Return the content of a key now, or empty bytes."""
        versions = self.versions.get(key, ())
        return versions[-1].body if versions else b""

    def faults(self, run: Run, live: Sequence[Job], returned: Mapping[str, Any] | None) -> Iterator[str]:
        """What is wrong with them, given the live jobs and what the task returned."""
        jobs = {job["sha256"]: job for job in live}
        wanted = {key for number in range(len(run.digests)) for key in keys(run, number)}
        manifest = f"_manifests/{run.dag_id}/{run.run_id}/{TASK}.jsonl"
        yield from key_faults(self.versions, {*wanted, manifest})
        for number, digest in enumerate(run.digests):
            for key in keys(run, number):
                yield from _output_faults(key, self.versions.get(key, ()), jobs.get(digest, {}), run.versions[number])
        accounts = self.versions.get(manifest, ())
        for number, version in enumerate(accounts, 1):
            yield from _manifest_faults(version.body, run, jobs, is_last=number == len(accounts))
        counts = returned or {}
        if (counts.get("inputs"), counts.get("completed"), counts.get("failed")) != (
            len(run.digests),
            len(run.digests),
            0,
        ):
            yield f"the task returned {returned}"


def keys(run: Run, number: int) -> list[str]:
    """The keys of a recording's results, below the destination."""
    return [f"{run.stem}-{number}.wav{extension}" for extension in EXTENSIONS]


def _is_manifest(key: str) -> bool:
    return key.startswith("_manifests/")


def _output_faults(key: str, versions: Sequence[Version], job: Job, source_version: str) -> Iterator[str]:
    wanted = {
        "fluxions-reference": reference_in(job.get("filename", "")),
        "fluxions-source-version": source_version,
        "fluxions-job-id": str(job.get("id")),
    }
    if any(version != versions[0] for version in versions):
        yield f"{key} was written {len(versions)} times with differences"
    for version in versions:
        if not version.body:
            yield f"{key} is empty"
        if not version.metadata.items() >= wanted.items():
            yield f"{key} has the metadata {version.metadata}, and the job is {job}"


def _manifest_faults(body: bytes, run: Run, jobs: Mapping[str, Job], *, is_last: bool) -> Iterator[str]:
    """What is wrong with a manifest: each names every input, and the last one all that was done."""
    rows = [json.loads(line) for line in body.splitlines()]
    if [row["path"] for row in rows] != [f"{run.stem}-{number}.wav" for number in range(len(run.digests))]:
        yield f"a manifest has the lines {rows}"
    for number, row in enumerate(rows if is_last else ()):
        job = jobs.get(run.digests[number], {})
        told = (row["status"], row["version"], row["job_id"], row["reference"], row["error"])
        outputs = [f"s3://{RESULT_BUCKET}/{run.run_id}/{key}" for key in keys(run, number)]
        wanted = ("completed", run.versions[number], str(job.get("id")), reference_in(job.get("filename", "")), None)
        if told != wanted or row["outputs"] != outputs:
            yield f"the manifest says {row}, and the job is {job}"
