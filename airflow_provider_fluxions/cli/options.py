"""The commands and their arguments, as plain values for argparse. No I/O, and only cheap imports."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Ten years and a hundred, which clocks and calendars can still add to the present.
MAX_SECONDS = 315_360_000
MAX_DAYS = 36_500
MAX_COUNT = 1_000_000_000


@dataclass(frozen=True)
class Argument:
    """One argument of a command: its names, and the named arguments of argparse's ``add_argument``."""

    flags: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """One command: ``help`` is its line in the list; ``notes`` and ``examples`` follow its arguments.

    :param examples: Command lines without the program's name.
    :param in_airflow: Whether ``airflow fluxions`` also has the command.
    """

    name: str
    help: str
    arguments: tuple[Argument, ...] = ()
    notes: str = ""
    examples: tuple[str, ...] = ()
    in_airflow: bool = True


def job_id(text: str) -> int | str:
    """Read a job id; digits become a number, as in the API."""
    from airflow_provider_fluxions.api.errors import FluxionsInputError
    from airflow_provider_fluxions.api.ids import check_job_id

    try:
        checked = check_job_id(text)
    except FluxionsInputError as error:
        raise argparse.ArgumentTypeError(
            f"invalid job id {text!r}: use a number or a word, as submit prints it"
        ) from error
    return int(text) if text.isdecimal() and text == str(int(text)) else checked


def seconds(text: str) -> float:
    """Read a number of seconds, 0 to `MAX_SECONDS`."""
    value = float(text)
    if not 0 <= value <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"must be 0 to {MAX_SECONDS:,} seconds, not {text!r}")
    return value


def interval(text: str) -> float:
    """Read a pause between two polls, at least 1 second, because other users share the service."""
    value = seconds(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1 second, not {text!r}")
    return value


def count(text: str) -> int:
    """Read a whole number, 0 to `MAX_COUNT`."""
    return _whole(text, MAX_COUNT)


def days(text: str) -> int:
    """Read a whole number of days, 0 to `MAX_DAYS`."""
    return _whole(text, MAX_DAYS)


def _whole(text: str, most: int) -> int:
    value = int(text)
    if not 0 <= value <= most:
        raise argparse.ArgumentTypeError(f"must be 0 to {most:,}, not {text!r}")
    return value


def _argument(*flags: str, **options: Any) -> Argument:
    return Argument(flags, options)


class _JsonOutput(argparse.Action):
    """Set the output to JSON. An action of our own, because Airflow's parser takes no `const`."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: Any) -> None:
        setattr(namespace, self.dest, "json")


CONN_ID = _argument(
    "--conn-id",
    help="the Airflow connection to use; default: the account of FLUXIONS_API_KEY, or fluxions_default "
    "without that variable",
)
OUTPUT = _argument("-o", "--output", choices=("table", "json"), default="table", help="(default: %(default)s)")
# After `OUTPUT`, which has the default.
JSON = _argument("--json", dest="output", action=_JsonOutput, default=argparse.SUPPRESS, help="short for -o json")
VERBOSE = _argument(
    "-v", "--verbose", action="store_true", help="log each step to stderr, and the traceback of an unexpected error"
)
COMMON = (CONN_ID, OUTPUT, JSON, VERBOSE)

JOB_IDS = _argument("job_id", nargs="+", type=job_id, help="ids, as submit prints them")
FORMAT = _argument(
    "-f", "--format", action="append", metavar="NAME", help="json, text, srt, vtt, jsonl, parquet; can be repeated"
)
FORMAT_OPTION = _argument(
    "--option",
    action="append",
    default=[],
    metavar="FORMAT.NAME=VALUE",
    help="an option of a format, such as vtt.preset=netflix; the value is JSON or text; can be repeated",
)
TO = _argument("--to", metavar="FOLDER", help="write files NAME-ID.EXTENSION there, over those of the same name")

WAITING = (
    _argument(
        "--poll-interval",
        type=interval,
        default=10.0,
        metavar="SECONDS",
        help="between two polls (%(default)s)",
    ),
    _argument(
        "--timeout", type=seconds, default=86400.0, metavar="SECONDS", help="how long to wait for jobs (%(default)s)"
    ),
)

SUBMIT = Command(
    "submit",
    "Submit recordings, and optionally wait for them",
    (
        _argument("audio", nargs="+", help="local paths; with Airflow also file://, s3:// and other URIs"),
        _argument("--filename", help="the file name at the service, for a single recording (default: its own name)"),
        _argument("--non-speech", action="store_true", help="include non-speech sounds"),
        _argument(
            "--no-cache", dest="cache", action="store_false", help="transcribe again, without the service's cache"
        ),
        _argument(
            "--once",
            action=argparse.BooleanOptionalAction,
            default=None,
            help="reuse the job of an earlier submit with the same audio and options, at no charge; the default unless "
            "--no-cache is given",
        ),
        _argument(
            "--once-days",
            type=days,
            default=7,
            metavar="DAYS",
            help="days back for the scan of --once (%(default)s)",
        ),
        _argument(
            "--retry-for",
            type=seconds,
            default=300.0,
            metavar="SECONDS",
            help="retry after service errors for this many seconds (%(default)s)",
        ),
        _argument("--wait", action="store_true", help="wait until the jobs have finished"),
        *WAITING,
        FORMAT,
        FORMAT_OPTION,
        TO,
        _argument("--aws-conn-id", default="aws_default", help="the connection for s3:// (%(default)s)"),
        *COMMON,
    ),
    notes="--format implies --wait. A single transcript goes to stdout, several files need --to.",
    examples=(
        "submit interview.mp3 --format srt > interview.srt",
        "submit calls/*.mp3 --format json --format text --to transcripts/",
        "submit s3://recordings/interview.mp3 --wait --json",
    ),
)

SPEAK = Command(
    "speak",
    "Speak a text",
    (
        _argument("text", nargs="?", help="the text, with optional tags such as [laugh]; - reads standard input"),
        _argument("--file", metavar="FILE", help="read the text from a UTF-8 file"),
        _argument("--voice", default="maeve", help="id of a voice, as voices lists it (%(default)s)"),
        _argument("--to", metavar="FILE", help="write the audio there; its extension is the format"),
        _argument(
            "--format",
            dest="audio_format",
            metavar="NAME",
            help="wav, flac, ogg, opus or mp3 (default: wav, or the extension of --to)",
        ),
        _argument("--temperature", type=float, help="variation of the speech, 0 or more (default: the service's)"),
        _argument("--max-seconds", type=float, help="longest render in seconds (default: the service chooses)"),
        _argument("--no-verify", action="store_true", help="do not let the service check what it speaks: faster"),
        _argument(
            "--retry-for",
            type=seconds,
            default=900.0,
            metavar="SECONDS",
            help="retry after service errors for this many seconds (%(default)s)",
        ),
        *COMMON,
    ),
    notes="Each call is charged. Other users can read arguments in the process list: use --file for a confidential "
    "text. Without --to the audio goes to stdout.",
    examples=("speak 'Good morning.' --to morning.mp3", "speak --file chapter.txt --voice maeve --to chapter.flac"),
)

COMMANDS = (
    Command("health", "Check that the service is up and accepts the key", COMMON, examples=("health", "health --json")),
    SUBMIT,
    Command(
        "get",
        "Show a job and its transcript",
        (_argument("job_id", type=job_id, help="its id"), *COMMON),
        examples=("get 127", "get 127 --json"),
    ),
    Command(
        "list",
        "List the account's jobs",
        (
            _argument("--status", help="only jobs with this status, such as completed"),
            _argument("--match", metavar="GLOB", help="only jobs with such a file name, such as 'call-*.mp3'"),
            _argument("--limit", type=count, default=50, help="maximum number of jobs, 0 for all (%(default)s)"),
            *COMMON,
        ),
        examples=("list --status failed", "list --match 'call-*.mp3' --limit 0 --json"),
    ),
    Command(
        "wait", "Wait until jobs have finished", (JOB_IDS, *WAITING, *COMMON), examples=("wait 127 128 --timeout 600",)
    ),
    Command(
        "export",
        "Write transcripts in result formats",
        (JOB_IDS, FORMAT, FORMAT_OPTION, TO, *COMMON),
        notes="The default format is text. A single transcript goes to stdout, several files need --to.",
        examples=(
            "export 127 --format srt > interview.srt",
            "export 127 128 --format vtt --option vtt.preset=netflix --to captions/",
        ),
    ),
    Command("voices", "List the voices that the account can use", COMMON, examples=("voices", "voices --json")),
    SPEAK,
    Command(
        "emulator",
        "Start a local Fluxions API",
        (_argument("emulator_arguments", nargs="*", help="the emulator's options, after --"),),
        notes="For its options: emulator -- --help",
        examples=("emulator --port 8700 --asr",),
    ),
    Command(
        "completion",
        "Print the code that completes commands in a shell",
        (_argument("shell", choices=("bash", "zsh", "fish"), help="the shell that reads it"),),
        notes="Needs argcomplete, which Airflow installs.",
        examples=('completion bash  # in ~/.bashrc: eval "$(fluxions completion bash)"',),
        in_airflow=False,
    ),
)
