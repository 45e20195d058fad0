"""``submit``: submit recordings and print job ids."""

from __future__ import annotations

import time
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_fluxions.api.audio import AudioSource
from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.humanize import megabytes
from airflow_provider_fluxions.api.ids import job_key
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.submit_once import SubmitOptions, SubmitRequest, SubmitResult, submit_once
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.cli import wait_jobs
from airflow_provider_fluxions.cli.account import account
from airflow_provider_fluxions.cli.audio_files import open_recording, work_reference
from airflow_provider_fluxions.cli.exits import Exit
from airflow_provider_fluxions.cli.exports import Export, plan
from airflow_provider_fluxions.cli.progress_bars import shown_upload
from airflow_provider_fluxions.cli.screen import Screen

if TYPE_CHECKING:
    from airflow_provider_fluxions.api.client import FluxionsClient

COLUMNS = ("id", "status", "reused", "audio")


def run(options: Namespace, screen: Screen) -> int:
    """Submit the recordings in order; with the options for it, wait for them and write their transcripts.

    All recordings are checked before the first submit. Each id is printed on stderr as soon as it is known. The list on
    stdout is printed also after an error, because its jobs were charged.

    :raises FluxionsError: if a recording could not be sent, or a job did not complete.
    """
    export = _planned(options, screen)
    found = account(options.conn_id)
    sources = [open_recording(uri, options.aws_conn_id) for uri in options.audio]
    rows: list[dict[str, Any]] = []
    with found.client() as client:
        try:
            for source in sources:
                submitted = _submit(client, source, options, screen)
                # Before the line is printed, so that the list contains the job also after an interrupt at this line.
                rows.append(
                    {
                        "id": submitted.job_id,
                        "status": submitted.status,
                        "reused": submitted.reused,
                        "audio": source.uri,
                    }
                )
                screen.say(_line_for(submitted, source))
            if export or options.wait:
                _wait(client, rows, options, screen)
        finally:
            if export is None:
                screen.rows(COLUMNS, rows)
        if export:
            export.write(client, [row["id"] for row in rows], screen)
    return Exit.OK


def _planned(options: Namespace, screen: Screen) -> Export | None:
    if options.filename and len(options.audio) > 1:
        raise FluxionsInputError("Use --filename with one recording only.")
    if options.format:
        return plan(options.format, options.option, options.to, len(options.audio), as_json=screen.as_json)
    if options.to or options.option:
        raise FluxionsInputError("--to and --option need --format.")
    return None


def _submit(client: FluxionsClient, source: AudioSource, options: Namespace, screen: Screen) -> SubmitResult:
    # --no-cache requests another transcription, so without --once it does not reuse an earlier one.
    once = options.cache if options.once is None else options.once
    filename = options.filename or last_part(source.uri.rstrip("/"))
    asked = SubmitOptions(options.non_speech, options.cache)
    ref = work_reference(source, asked) if once else None
    since = datetime.now(UTC) - timedelta(days=options.once_days)
    with shown_upload(source, screen) as shown:
        work = SubmitRequest(shown, filename, ref, asked, since=since)
        return submit_once(client, work, may_exist=once, deadline=time.time() + options.retry_for)


def _line_for(submitted: SubmitResult, source: AudioSource) -> str:
    if submitted.reused:
        return (
            f"Reusing job {submitted.job_id} ({submitted.status}) of an earlier submit of {printable(source.uri)}. "
            "--no-once submits it again."
        )
    return f"Submitted job {submitted.job_id} ({printable(source.uri)}, {megabytes(source.size_bytes)})."


def _wait(client: FluxionsClient, rows: list[dict[str, Any]], options: Namespace, screen: Screen) -> None:
    watched = wait_jobs.wait_for_all(client, [row["id"] for row in rows], options, screen)
    ends = {row["id"]: row["status"] for row in wait_jobs.rows(watched)}
    for row in rows:
        row["status"] = ends.get(row["id"], row["status"])
    wait_jobs.report(watched, {job_key(row["id"]): row["audio"] for row in rows}, screen)
