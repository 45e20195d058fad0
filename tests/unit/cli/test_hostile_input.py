"""Foreign text and impossible arguments on the command line: a value or one sentence; never a traceback or the key."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_fluxions.cli.exits import Exit
from airflow_provider_fluxions.cli.exports import file_name
from airflow_provider_fluxions.cli.main import main
from airflow_provider_fluxions.cli.options import COMMANDS
from airflow_provider_fluxions.emulator import OutcomeRule
from tests.hostile.harmless import assert_harmless
from tests.hostile.inputs import COMMAND_LINES
from tests.hostile.responses import STEERING
from tests.hostile.table import Row
from tests.unit.cli.conftest import Run
from tests.unit.cli.replies import job_body, replies
from tests.unit.conftest import KEY, Service

NAMES = [
    "\ud800.mp3",
    "a\x00b.mp3",
    "x" * 300 + ".mp3",
    "../../../etc/passwd",
    "..",
    "[bold red]call[/]",
    STEERING,
    "🎧" * 120,
]
READS = [["get", 1], ["get", 1, "-o", "json"], ["list"], ["list", "-o", "json"], ["list", "--match", "*"], ["wait", 1]]


@dataclass
class GivenReply:
    """A service that sends the given job."""

    bodies: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, **changes: Any) -> None:
        self.bodies |= job_body(**changes)


@pytest.fixture
def given_reply(account: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[GivenReply]:
    given = GivenReply()
    with replies(given.bodies) as url:
        monkeypatch.setenv("FLUXIONS_BASE_URL", url)
        yield given


def assert_one_sentence_or_a_value(done: Any) -> None:
    """No traceback, no key, nothing that steers a terminal, and one line for an error."""
    assert "Traceback" not in done.err
    assert KEY not in done.out + done.err
    assert not set("\x1b\x07\x9b\u202e") & set(done.out + done.err)
    assert done.status == 0 or len(done.err.splitlines()) == 1, done.err


@pytest.mark.slow
def test_a_job_with_a_hostile_file_name_can_be_read_and_listed(given_reply: GivenReply, run: Run) -> None:
    for name in NAMES:
        given_reply(filename=name)
        for command in (["get", 1], ["list"], ["wait", 1]):
            assert_one_sentence_or_a_value(run(*command))


@pytest.mark.slow
def test_json_holds_a_hostile_file_name_as_it_is(given_reply: GivenReply, run: Run) -> None:
    for name in NAMES:
        given_reply(filename=name)
        assert run("list", "-o", "json").json[0]["filename"] == name
        assert run("get", 1, "-o", "json").json["filename"] == name


@pytest.mark.slow
def test_an_exported_file_stays_in_its_folder_whatever_the_job_is_called(
    given_reply: GivenReply, run: Run, tmp_path: Path
) -> None:
    for number, name in enumerate(NAMES):
        given_reply(filename=name)
        folder = tmp_path / str(number) / "out"
        done = run("export", 1, "--to", folder)
        assert done.status == 0, done.err
        (written,) = folder.parent.rglob("*.txt")
        assert written.parent == folder
        assert written.name.isprintable()


@pytest.mark.slow
@given(st.text(), st.one_of(st.integers(), st.text()), st.sampled_from([".txt", ".words.jsonl"]))
def test_a_file_name_is_one_that_every_file_system_takes(stem: str, job_id: int | str, extension: str) -> None:
    name = file_name(stem, job_id, extension)
    assert len(name.encode()) <= 240
    assert name.endswith(extension)
    assert "/" not in name
    assert name.isprintable()


INSTANTS = ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00", "soon", 1e300]


@pytest.mark.slow
def test_a_date_at_the_end_of_the_calendar_is_shown(given_reply: GivenReply, run: Run) -> None:
    for instant in INSTANTS:
        given_reply(created_at=instant, updated_at=instant)
        for command in READS:
            assert run(*command).status == 0, (instant, command)


@pytest.mark.slow
def test_an_absurd_number_is_shown_or_left_out(given_reply: GivenReply, run: Run) -> None:
    for value in (1e308, -1, float("nan"), float("inf"), "long", [], {}, 10**400):
        given_reply(audio_duration=value, num_speakers=value)
        for command in (["get", 1], ["list"]):
            assert_one_sentence_or_a_value(run(*command))
        for command in (["get", 1, "-o", "json"], ["list", "-o", "json"]):
            strict = json.loads(run(*command).out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
            assert strict


@pytest.mark.slow
def test_a_body_that_is_not_an_answer_is_one_sentence(
    given_reply: GivenReply, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLUXIONS_MAX_RETRIES", "0")
    for body in (b"", b"{", b"[]", b"null", b'"x"', b"7", b"<html>", b"[" * 100_000, b"\xff\xfe"):
        given_reply.bodies |= {"/transcriptions": body, "/transcriptions/1": body}
        for command in (["get", 1], ["list"], ["export", 1]):
            done = run(*command)
            assert done.status != 0, body
            assert_one_sentence_or_a_value(done)


@pytest.mark.slow
@pytest.mark.parametrize("row", COMMAND_LINES, ids=lambda row: row.words)
def test_a_hostile_command_line_has_the_outcome_of_its_row(
    row: Row, run: Run, account: Service, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    account.emulator.seed_jobs(1)
    line = [str(recording) if one == "RECORDING" else one for one in row.given]
    done = assert_harmless(lambda: run(*line)).value
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err + done.out
    assert done.status in (Exit.OK, Exit.ERROR, Exit.USAGE, Exit.NOT_FOUND)
    assert row.shown in done.err, done.err
    assert bool(done.status) == bool(row.shown), done.err
    if done.status:
        assert sum("rror: " in line for line in done.err.splitlines()) == 1, done.err


NAMES_OF_COMMANDS = [command.name for command in COMMANDS if command.name != "emulator"]
WORDS = st.text(st.characters(exclude_characters="\x00"), max_size=20)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([command.name for command in COMMANDS if command.name != "emulator"]), st.lists(WORDS, max_size=4)
)
def test_no_arguments_end_in_a_traceback(account: Service, capfd: Any, name: str, words: list[str]) -> None:
    try:
        status = main([name, "--limit=1" if name == "list" else "--verbose", *words])
    except SystemExit as end:
        status = int(str(end.code))
    captured = capfd.readouterr()
    assert "Traceback" not in captured.err
    assert status in list(Exit)


def test_an_error_body_cannot_forge_lines_or_steer_the_terminal(
    run: Run, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps({"detail": STEERING}).encode()
    monkeypatch.setenv("FLUXIONS_MAX_RETRIES", "0")
    with replies(dict.fromkeys(("/transcriptions", "/transcriptions/1", "/submit"), body), 400) as url:
        monkeypatch.setenv("FLUXIONS_BASE_URL", url)
        for command in (["get", 1], ["list", "-v"], ["submit", recording, "-v", "--no-once"]):
            done = run(*command)
            assert not set("\x1b\x07\x9b\r\u202e") & set(done.err)
            assert not [line for line in done.err.splitlines() if line.startswith("2026-01-01")]


def test_a_log_line_of_the_package_stays_one_line(run: Run, account: Service, recording: Path) -> None:
    name = recording.with_name("a\n2026-01-01 INFO forged\x1b[31m.mp3")
    name.write_bytes(b"ID3 audio")
    done = run("submit", name, "--verbose", "--wait")
    assert "Submitted job 1" in done.err
    assert "\x1b" not in done.err
    assert not [line for line in done.err.splitlines() if line.startswith("2026-01-01")]


def test_an_exported_transcript_is_the_same_bytes_in_a_pipe(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with replies(job_body(text=STEERING)) as url:
        monkeypatch.setenv("FLUXIONS_BASE_URL", url)
        assert "\x1b[31mred" in run("export", 1, "-f", "text").out


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def written(stream: type[io.TextIOWrapper], arguments: list[str], encoding: str = "utf-8") -> str:
    """Return what a command writes to a stdout of this kind."""
    out = stream(io.BytesIO(), encoding=encoding)
    with redirect_stdout(out):
        assert main(arguments) == 0
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    return out.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("command", ["export 1", "get 1", "get 1 -o json", "list -o json"])
def test_a_transcript_cannot_steer_the_terminal_that_it_is_shown_on(
    account: Service, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    with replies(job_body(text=STEERING, filename=STEERING)) as url:
        monkeypatch.setenv("FLUXIONS_BASE_URL", url)
        shown = written(Terminal, command.split())
    assert "title" in shown
    assert not set("\x07\x9b\u202e") & set(shown)
    assert "\x1b[31m" not in shown
    assert "\x1b]0;" not in shown


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_text_can_be_written_in_any_encoding(
    account: Service, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    name = "é🎧\ud800.mp3"
    with replies(job_body(filename=name, text="Ünï \ud800")) as url:
        monkeypatch.setenv("FLUXIONS_BASE_URL", url)
        assert "completed" in written(io.TextIOWrapper, ["list"], encoding)
        assert "completed" in written(io.TextIOWrapper, ["get", "1"], encoding)
        assert json.loads(written(io.TextIOWrapper, ["list", "-o", "json"], encoding))[0]["filename"] == name


def test_an_unexpected_error_is_one_sentence(
    run: Run, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "airflow.py").write_text("raise ZeroDivisionError('a broken installation')")
    monkeypatch.syspath_prepend(tmp_path)
    done = run("list", "--conn-id", "x")
    assert done.status == Exit.ERROR
    assert len(done.err.splitlines()) == 1
    assert "ZeroDivisionError" in done.err
    assert "--verbose" in done.err


def test_an_unexpected_error_has_its_traceback_with_verbose(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "airflow.py").write_text("raise ZeroDivisionError('a broken installation')")
    monkeypatch.syspath_prepend(tmp_path)
    done = run("list", "--conn-id", "x", "--verbose")
    assert done.status == Exit.ERROR
    assert "Traceback" in done.err


@pytest.mark.slow
def test_each_failed_job_is_reported_with_its_recording_and_reason_in_the_order_given(
    run: Run, account: Service, recording: Path
) -> None:
    paths = [recording.with_name(f"{name}.mp3") for name in ("zebra", "ape", "good", "mole", "cat")]
    for path in paths:
        path.write_bytes(path.name.encode())
        if path.stem != "good":
            account.emulator.add_outcome(OutcomeRule(f"{path.stem}*", "failed", f"too noisy: {path.stem}"))
    done = run("submit", *paths, "--wait")
    assert done.status == Exit.JOB_FAILED
    failed = [line for line in done.err.splitlines() if line.startswith("Failed: ")]
    assert failed == [
        f"Failed: {path} (job {number}): too noisy: {path.stem}"
        for number, path in enumerate(paths, 1)
        if path.stem != "good"
    ]
    assert done.err.splitlines()[-1].startswith("Error: 4 of 5 jobs failed")


def test_wait_reports_each_failed_job_with_its_name_and_reason(run: Run, account: Service) -> None:
    account.emulator.seed_jobs(3)
    for job_id in (3, 1):
        account.emulator.force_status(job_id, "failed", f"silence {job_id}")
    done = run("wait", 3, 2, 1)
    assert done.status == Exit.JOB_FAILED
    assert [line[:13] for line in done.err.splitlines()] == ["Failed: forei", "Failed: forei", "Error: 2 of 3"]
    assert "(job 3): silence 3" in done.err.splitlines()[0]
