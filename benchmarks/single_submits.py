"""Single submits and polls without errors: requests and CPU seconds, compared with another version in one run.

    python benchmarks/single_submits.py 1000                        this version
    python benchmarks/single_submits.py 1000 --vs FOLDER            this version and the one in FOLDER, in turn

The service is this version's emulator, in a process of its own for each round. Each round is a process that submits
recordings of 64 KiB through `submit_once`, as a first try does, then polls each job once. It prints the requests that
the service received and the user and system seconds of the client process. Rounds alternate between the versions, so
that a change of the machine's speed affects both.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from airflow_provider_fluxions.emulator import ControlClient
from harness.emulator import LocalEmulator

HERE = Path(__file__).resolve().parents[1]
ROUNDS = 5
RECORDING_BYTES = 64 << 10


def client(url: str, key: str, count: int) -> None:
    """Submit and poll, then print CPU seconds; imports happen here, from the version in PYTHONPATH."""
    import time

    from airflow_provider_fluxions.api.audio import audio_source
    from airflow_provider_fluxions.api.client import FluxionsClient
    from airflow_provider_fluxions.api.job_reference import reference
    from airflow_provider_fluxions.api.submit_once import SubmitRequest, submit_once

    sound = os.urandom(RECORDING_BYTES)
    before = resource.getrusage(resource.RUSAGE_SELF)
    with FluxionsClient(key, url, submit_path="/submit") as api:
        ids = []
        for number in range(count):
            source = audio_source(sound + number.to_bytes(4, "big"))
            work = SubmitRequest(source, f"call-{number}.wav", reference("benchmark", str(number)))
            ids.append(submit_once(api, work, may_exist=False, deadline=time.time() + 600).job_id)
        for job_id in ids:
            api.get_transcription(job_id)
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime))


def play(folder: Path, count: int) -> tuple[float, int]:
    """Return CPU seconds and requests of one round."""
    with tempfile.TemporaryDirectory() as home, LocalEmulator(Path(home)) as emulator:
        command = [sys.executable, __file__, str(count), "--client", emulator.url, emulator.api_key]
        # The harness belongs to this version; only the client's package is the other one's.
        environment = {**os.environ, "PYTHONPATH": f"{folder}:{HERE}"}
        client_run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        with ControlClient(emulator.url) as control:
            sent = [one for one in control.requests() if one["path"] != "/health"]
        return float(client_run.stdout.splitlines()[-1]), len(sent)


def main() -> None:
    """Play the rounds and print a line a version."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("--vs", type=Path, help="a checkout of another version")
    parser.add_argument("--client", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.client:
        url, key = asked.client
        client(url, key, asked.count)
        return
    folders = [HERE, *([asked.vs] if asked.vs else [])]
    rounds = [[play(folder, asked.count) for folder in folders] for _ in range(ROUNDS)]
    for number, folder in enumerate(folders):
        seconds = statistics.median(one[number][0] for one in rounds)
        requests = {one[number][1] for one in rounds}
        print(f"{folder.name}: {requests} requests, {1e6 * seconds / (2 * asked.count):.0f} us of CPU a request")
    if asked.vs:
        ratio = statistics.median(one[0][0] / one[1][0] for one in rounds)
        print(f"CPU of this version over the other, median of {ROUNDS} pairs: {ratio:.2f}")


if __name__ == "__main__":
    main()
