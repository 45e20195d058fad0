"""What the kill points' judge takes for wrong in S3. Pure values: it is the judge that is tried here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from campaigns.kill_points.dag_run import Run
from campaigns.kill_points.outputs import EXTENSIONS, Outputs, Version

RUN = Run("p-000", "kill_transfer_sync", "documented", digests=["d0", "d1"], versions=["v0", "v1"])
REFERENCES = ("00000000000000a0", "00000000000000a1")
JOBS = [
    {"id": 7 + number, "sha256": f"d{number}", "filename": f"{RUN.stem}-{number}--{reference}.wav"}
    for number, reference in enumerate(REFERENCES)
]
RETURNED = {"inputs": 2, "completed": 2, "failed": 0}
MANIFEST = "_manifests/kill_transfer_sync/run-p-000/submit.jsonl"
FIRST = f"{RUN.stem}-0.wav.srt"


def output(number: int, **other: str) -> Version:
    metadata = {
        "fluxions-reference": REFERENCES[number],
        "fluxions-source-version": f"v{number}",
        "fluxions-job-id": str(7 + number),
    }
    return Version(b"text", metadata | {f"fluxions-{name}": value for name, value in other.items()})


def manifest(**other: Any) -> Version:
    rows = [
        {
            "path": f"{RUN.stem}-{number}.wav",
            "status": "completed",
            "version": f"v{number}",
            "job_id": str(7 + number),
            "reference": REFERENCES[number],
            "error": None,
            "outputs": [f"s3://results/run-p-000/{RUN.stem}-{number}.wav{extension}" for extension in EXTENSIONS],
        }
        for number in range(2)
    ]
    rows[0] |= other
    return Version("\n".join(map(json.dumps, rows)).encode(), {})


def stored(**changed: Sequence[Version]) -> dict[str, Sequence[Version]]:
    whole = {f"{RUN.stem}-{number}.wav{extension}": [output(number)] for number in range(2) for extension in EXTENSIONS}
    return {**whole, MANIFEST: [manifest(status="to_do", outputs=[], job_id=None), manifest()], **changed}


def faults(versions: Mapping[str, Sequence[Version]], returned: Mapping[str, Any] | None = RETURNED) -> list[str]:
    return list(Outputs(versions).faults(RUN, JOBS, returned))


def test_a_whole_transfer_has_no_faults_and_one_put_an_output() -> None:
    outputs = Outputs(stored())
    assert faults(outputs.versions) == []
    assert (outputs.puts, outputs.rewritten) == (6, 0)


def test_an_output_may_be_stored_again_as_it_was_and_is_counted() -> None:
    outputs = Outputs(stored(**{FIRST: [output(0), output(0)]}))
    assert faults(outputs.versions) == []
    assert (outputs.puts, outputs.rewritten) == (7, 1)


SEEN: list[tuple[dict[str, Sequence[Version]], str]] = [
    ({FIRST: []}, "is missing"),
    ({f"{RUN.stem}-2.wav.srt": [output(0)]}, "is left over"),
    ({FIRST: [Version(b"other", output(0).metadata), output(0)]}, "written 2 times with differences"),
    ({FIRST: [Version(b"", output(0).metadata)]}, "is empty"),
    ({FIRST: [output(1)]}, "has the metadata"),
    ({FIRST: [output(0, **{"job-id": "9"})]}, "has the metadata"),
    ({MANIFEST: []}, "is missing"),
    ({MANIFEST: [manifest(status="in_flight")]}, "the manifest says"),
    ({MANIFEST: [manifest(job_id="9")]}, "the manifest says"),
    ({MANIFEST: [Version(b"", {}), manifest()]}, "a manifest has the lines"),
]


def test_the_judge_sees_each_fault_and_nothing_else() -> None:
    found = [faults({key: value for key, value in stored(**versions).items() if value}) for versions, _ in SEEN]
    wrong = [(one, fault) for one, (_, fault) in zip(found, SEEN, strict=True) if len(one) != 1 or fault not in one[0]]
    assert wrong == []


@pytest.mark.parametrize("returned", [None, {**RETURNED, "completed": 1}, {**RETURNED, "failed": 1}])
def test_the_judge_sees_a_task_that_returned_something_else(returned: dict[str, Any] | None) -> None:
    assert faults(stored(), returned) == [f"the task returned {returned}"]
