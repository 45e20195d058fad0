"""What a campaign transcribes: which runs of which DAGs, each with recordings of its own. Pure values."""

from __future__ import annotations

import random
from dataclasses import dataclass
from hashlib import sha256

WAYS = ("deferred", "sync")
# As many as in the DAG file.
MAPPED_TASKS = 6
MAX_INPUTS_A_TRANSFER = 64
JOBS_A_STEPS_RUN, JOBS_A_MAPPED_RUN = 40, 125
FEWEST_JOBS = 30
RECORDING_BYTES = 20_000
# The first recording of every so many runs cannot be transcribed before the storm is over.
DOOMED_EVERY = 5
DOOMED = "*-doomed-0.wav"


@dataclass(frozen=True)
class Part:
    """One DAG run and how many recordings it has."""

    run_id: str
    dag_id: str
    size: int

    @property
    def is_doomed(self) -> bool:
        """Whether the job of its first recording fails for as long as the storm lasts."""
        return self.run_id.endswith("-doomed")

    @property
    def is_transfer(self) -> bool:
        return self.dag_id.startswith("chaos_transfer_")

    @property
    def recordings(self) -> tuple[str, ...]:
        """Their names, without the ending."""
        return tuple(f"{self.run_id}-{number}" for number in range(self.size))


def cast(seed: int, jobs: int) -> tuple[Part, ...]:
    """All runs, in the order in which they start; they have `jobs` recordings together.

    Most are in transfers, which carry many at little cost; each kind of DAG occurs with each way of waiting.
    """
    if jobs < FEWEST_JOBS:
        raise ValueError(f"a campaign has at least {FEWEST_JOBS} jobs, not {jobs}")
    steps = max(len(WAYS), jobs // JOBS_A_STEPS_RUN)
    mapped = max(len(WAYS), jobs // JOBS_A_MAPPED_RUN)
    rest = jobs - steps - mapped * MAPPED_TASKS
    transfers = max(len(WAYS), -(-rest // MAX_INPUTS_A_TRANSFER))
    sizes = {
        "steps": [1] * steps,
        "mapped": [MAPPED_TASKS] * mapped,
        "transfer": [rest // transfers + (number < rest % transfers) for number in range(transfers)],
    }
    runs = [
        (kind, WAYS[n % len(WAYS)], size) for kind, all_of_kind in sizes.items() for n, size in enumerate(all_of_kind)
    ]
    random.Random(f"cast {seed}").shuffle(runs)  # noqa: S311 (reproducible, nothing secret)
    return tuple(
        Part(
            f"{kind}-{number:03d}{'-doomed' * (number % DOOMED_EVERY == DOOMED_EVERY - 1)}", f"chaos_{kind}_{way}", size
        )
        for number, (kind, way, size) in enumerate(runs)
    )


def content(seed: int, recording: str) -> bytes:
    """The bytes of a recording, which no other has. A WAV to who looks at its head."""
    own = sha256(f"{seed} {recording}".encode()).digest()[:16]
    return (b"RIFF\0\0\0\0WAVEfmt " + own).ljust(RECORDING_BYTES, b"\0")
