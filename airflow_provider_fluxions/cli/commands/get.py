"""``get``: one job with its transcript."""

from __future__ import annotations

import json
from argparse import Namespace

from airflow_provider_fluxions.cli.account import account
from airflow_provider_fluxions.cli.exits import Exit
from airflow_provider_fluxions.cli.screen import Screen
from airflow_provider_fluxions.formats import render


def run(options: Namespace, screen: Screen) -> int:
    """Show the job's values and text; as JSON, the response of the API without its signed links.

    :raises FluxionsError: if there is no such job, or no response.
    """
    with account(options.conn_id).client() as client:
        job = client.get_transcription(options.job_id, word_level_timestamps=True)
    if screen.as_json:
        screen.document(json.loads(render(job, "json")))
        return Exit.OK
    screen.facts(
        {
            "id": job.id,
            "status": job.status,
            "error": job.error_message,
            "created": job.created_at,
            "updated": job.updated_at,
            "filename": job.filename,
            "audio seconds": job.audio_duration,
            "language": job.language,
            "speakers": job.num_speakers,
            "non-speech": job.non_speech,
        }
    )
    if job.text:
        screen.text(f"\n{job.text}")
    return Exit.OK
