"""The command ``python -m airflow_provider_fluxions.emulator``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from airflow_provider_fluxions.emulator import EmulatorServer
from airflow_provider_fluxions.emulator.emulator import DEFAULT_API_KEY, Emulator
from airflow_provider_fluxions.emulator.hibari import HibariSynthesizer
from airflow_provider_fluxions.emulator.moonshine import MoonshineRecogniser
from airflow_provider_fluxions.emulator.profiles import PROFILES
from airflow_provider_fluxions.emulator.recognition import MissingExtraError
from airflow_provider_fluxions.emulator.settings import ListOrder
from airflow_provider_fluxions.emulator.transitions import Transition

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        emulator = _emulator(options)
    except (MissingExtraError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    # Waited for, not handled: a handler that sets an event deadlocks when the signal finds the event's lock taken.
    # A shell may have them ignored, and an ignored signal is never seen, so each gets a handler anyway.
    for number in _STOP_SIGNALS:
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    server = EmulatorServer(emulator, options.host, options.port)
    try:
        server.start()
    except OSError as error:
        print(f"The emulator cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)
        return 2
    try:
        _announce(server, options)
        signal.sigwait(_STOP_SIGNALS)
    finally:
        server.stop()
    if emulator.close():
        # The model's native code cannot be interrupted, and Python would wait for it. The upload is kept
        # next to a --database and recognised at the next start.
        sys.stdout.flush()
        os._exit(0)
    return 0


def _announce(server: EmulatorServer, options: argparse.Namespace) -> None:
    print(f"Fluxions emulator ({options.profile}) listening on {server.base_url}", flush=True)
    if options.api_key == DEFAULT_API_KEY:
        print(f"API key: {DEFAULT_API_KEY} (the default; --api-key sets another)", flush=True)
    print(_transcripts(asr=options.asr), flush=True)
    if options.port_file is not None:
        # Written to another file and renamed, so that a waiting reader never reads half of it.
        partial = options.port_file.with_name(options.port_file.name + ".partial")
        partial.write_text(server.base_url, encoding="utf-8")
        partial.replace(options.port_file)


def _show_progress(seconds: float, total: float | None) -> None:
    """Write how far the recognition of one recording is, on a line of its own."""
    whole = f" of {total:.0f} s ({min(1.0, seconds / total):.0%})" if total else " s"
    print(f"Recognized {seconds:.0f}{whole}", flush=True)


def _transcripts(*, asr: bool) -> str:
    if asr:
        return "Transcripts: recognized locally, in English, by a tiny model. They are not those of the hosted service."
    return (
        "Transcripts: invented from the bytes of the audio. For real ones of English speech, install "
        "airflow-provider-fluxions[emulator,asr] and start with --asr."
    )


def _emulator(options: argparse.Namespace) -> Emulator:
    transition = Transition.at_once()
    if options.after_reads is not None:
        transition = Transition.after_reads(options.after_reads)
    elif options.after_seconds is not None:
        transition = Transition.after_seconds(options.after_seconds)
    emulator = Emulator(
        options.profile,
        options.api_key,
        database=options.database,
        transition=transition,
        recogniser=MoonshineRecogniser(_show_progress) if options.asr else None,
        synthesizer=HibariSynthesizer() if options.tts else None,
        list_order=options.list_order,
        cache_mode=options.cache_mode,
        seed=options.seed,
        allowed_hosts=options.allow_host,
    )
    emulator.set_settings(clock_offset_seconds=options.clock_offset_seconds)
    emulator.set_list(
        late_seconds=options.list_late_seconds,
        late_reads=options.list_late_reads,
        page_limit=options.list_page_limit,
        max_entries=options.list_max_entries,
        names=options.rename,
    )
    return emulator


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_fluxions.emulator",
        description="A local Fluxions API for demos and tests.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=int, default=8700, help="port, 0 for a free one (%(default)s)")
    add(
        "--profile",
        choices=sorted(PROFILES),
        default="documented",
        help="profile of the API (%(default)s)",
    )
    add("--database", type=Path, help="SQLite file that keeps jobs after a restart (default: memory)")
    add("--api-key", default=DEFAULT_API_KEY, help="the key clients must send (%(default)s)")
    add("--asr", action="store_true", help="recognise speech with a tiny local English model (extra asr)")
    add("--tts", action="store_true", help="speak with a small local English voice instead of tones (extra tts)")
    moving = parser.add_mutually_exclusive_group()
    moving.add_argument("--after-seconds", type=float, help="a job completes after this many seconds")
    moving.add_argument("--after-reads", type=int, help="a job completes after this many reads")
    add("--list-order", choices=get_args(ListOrder), default="newest", help="(%(default)s)")
    add("--cache-mode", choices=("same_job", "new_job_fast", "off"), help="default: the profile's")
    add("--seed", type=int, default=0, help="seed of the shuffled list order (%(default)s)")
    add("--list-late-seconds", type=float, default=0.0, help="the list shows a job this many seconds after its submit")
    add("--list-late-reads", type=int, default=0, help="the list shows a job after it was read this many times")
    add("--list-page-limit", type=int, help="maximum entries per page of the list, with any limit")
    add("--list-max-entries", type=int, help="maximum entries of the list")
    renaming = "change file names, repeatable: append:.opus, upper, dashes:-, cut:32, copy, percent, missing ..."
    add("--rename", action="append", default=[], metavar="CHANGE", help=renaming)
    add("--clock-offset-seconds", type=float, default=0.0, help="error of the times of new jobs, in seconds")
    add(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST",
        help="a Host or Origin to accept, in addition to loopback ones",
    )
    add("--port-file", type=Path, help="write the base URL to this file when the server is ready")
    return parser
