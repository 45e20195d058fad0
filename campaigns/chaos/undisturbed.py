"""What the results of recordings say when nothing is killed and nothing goes wrong: no Airflow, no S3, one client."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer
from campaigns.chaos.cast import content

EXTENSIONS = (".json", ".srt", ".vtt")


def undisturbed(profile: str, seed: int, recordings: Iterable[str]) -> dict[str, bytes]:
    """Each recording's results by name, such as `steps-001-0.srt`, from an account of its own."""
    found = {}
    with (
        Emulator(profile) as emulator,
        EmulatorServer(emulator) as server,
        FluxionsClient(emulator.api_key, server.base_url, submit_path=emulator.profile.submit_path) as client,
    ):
        for name in recordings:
            job = client.submit(content(seed, name), filename=f"{name}.wav")
            transcription = client.get_transcription(job.id, word_level_timestamps=True)
            for extension in EXTENSIONS:
                found[f"{name}{extension}"] = transcription.to(extension.removeprefix("."))
    return found
