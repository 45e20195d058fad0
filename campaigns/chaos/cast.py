"""What a campaign transcribes: which runs of which DAGs, each with recordings of its own. Pure values."""

from __future__ import annotations

import random
from dataclasses import dataclass
from hashlib import sha256

WAYS = ("deferred", "sync")
# As many as in the DAG file.
MAPPED_TASKS = 6
MAX_INPUTS_A_TRANSFER = 64
JOBS_A_STEPS_RUN, JOBS_A_MAPPED_RUN, JOBS_A_SHARED_FOLDER, JOBS_A_STALL = 40, 125, 150, 100
SHARED_INPUTS = 5
FEWEST_JOBS = 30
RECORDING_BYTES = 20_000
# More than the buffers of a connection hold, so that an upload stops in the middle when the service stops reading.
STALLED_BYTES = 8 * 1024 * 1024
# The first recording of every so many runs cannot be transcribed before the storm is over.
DOOMED_EVERY = 5
DOOMED = "*doomed-0.wav"


@dataclass(frozen=True)
class Part:
    """One DAG run and how many recordings it has. `shares`: the run whose recordings and results are its own too."""

    run_id: str
    dag_id: str
    size: int
    shares: str | None = None

    @property
    def folder(self) -> str:
        """Below which its recordings and its results are."""
        return self.shares or self.run_id

    @property
    def is_doomed(self) -> bool:
        """Whether the job of its first recording fails for as long as the storm lasts."""
        return self.run_id.endswith("-doomed")

    @property
    def is_transfer(self) -> bool:
        """Whether it is a bucket transfer, which has a manifest."""
        return self.dag_id.startswith(("chaos_transfer_", "chaos_shared_"))

    @property
    def is_shared(self) -> bool:
        """Whether another run transcribes the same recordings at the same time."""
        return self.dag_id.startswith("chaos_shared_")

    @property
    def is_stalled(self) -> bool:
        """Whether its task is stopped in the middle of its upload, and comes back when Airflow has replaced it."""
        return self.run_id.startswith("stalled-")

    @property
    def recordings(self) -> tuple[str, ...]:
        """Their names, without the ending."""
        return tuple(f"{self.folder}-{number}" for number in range(self.size))


def cast(seed: int, jobs: int) -> tuple[Part, ...]:
    """All runs, in the order in which they start; they have `jobs` recordings together.

    Most are in transfers, which carry many at little cost; each kind of DAG occurs with each way of waiting. A shared
    folder has two runs, of which the second follows the first.
    """
    if jobs < FEWEST_JOBS:
        raise ValueError(f"a campaign has at least {FEWEST_JOBS} jobs, not {jobs}")
    steps = max(len(WAYS), jobs // JOBS_A_STEPS_RUN)
    mapped = max(len(WAYS), jobs // JOBS_A_MAPPED_RUN)
    shared = max(len(WAYS), jobs // JOBS_A_SHARED_FOLDER)
    stalled = max(1, jobs // JOBS_A_STALL)
    rest = jobs - steps - mapped * MAPPED_TASKS - shared * SHARED_INPUTS - stalled
    transfers = max(len(WAYS), -(-rest // MAX_INPUTS_A_TRANSFER))
    sizes = {
        "steps": [1] * steps,
        "mapped": [MAPPED_TASKS] * mapped,
        "transfer": [rest // transfers + (number < rest % transfers) for number in range(transfers)],
        "shared": [SHARED_INPUTS] * shared,
        "stalled": [1] * stalled,
    }
    runs = [(kind, number, size) for kind, all_of_kind in sizes.items() for number, size in enumerate(all_of_kind)]
    random.Random(f"cast {seed}").shuffle(runs)  # noqa: S311 (reproducible, nothing secret)
    return tuple(part for place, run in enumerate(runs) for part in _parts(place, *run))


def _parts(place: int, kind: str, number: int, size: int) -> tuple[Part, ...]:
    run_id, way = f"{kind}-{place:03d}", WAYS[number % len(WAYS)]
    if kind == "stalled":
        # A blocking wait, because a deferred task has no process once its recording is submitted.
        return (Part(run_id, ("chaos_steps_sync", "chaos_transfer_sync")[number % 2], size),)
    if kind == "shared":
        return Part(run_id, f"chaos_shared_{way}", size), Part(f"{run_id}-again", f"chaos_shared_{way}", size, run_id)
    doomed = "-doomed" * (place % DOOMED_EVERY == DOOMED_EVERY - 1)
    return (Part(run_id + doomed, f"chaos_{kind}_{way}", size),)


def content(seed: int, recording: str) -> bytes:
    """The bytes of a recording, which no other has. A WAV by its header."""
    own = sha256(f"{seed} {recording}".encode()).digest()[:16]
    size = STALLED_BYTES if recording.startswith("stalled-") else RECORDING_BYTES
    return (b"RIFF\0\0\0\0WAVEfmt " + own).ljust(size, b"\0")
