"""The command line where Airflow is installed: its connections, its storage, and ``airflow fluxions``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from airflow_provider_fluxions.cli.main import main
from airflow_provider_fluxions.cli.options import COMMANDS
from airflow_provider_fluxions.emulator import Emulator, EmulatorServer
from harness.airflow import LocalAirflow
from tests.airflow.conftest import INPUT

KEY = "key-of-the-command-line"
TAKES_COMMANDS = pytest.mark.skipif(
    Version(version("apache-airflow")) < Version("3.2"), reason="Airflow takes commands from providers since 3.2"
)


@pytest.fixture(scope="module")
def service() -> Iterator[EmulatorServer]:
    emulator = Emulator(api_key=KEY)
    with emulator, EmulatorServer(emulator) as server:
        yield server


@pytest.fixture(scope="module")
def airflow(service: EmulatorServer, tmp_path_factory: pytest.TempPathFactory) -> LocalAirflow:
    """A migrated Airflow, nothing of it running, whose database has the connection `stored`."""
    home = tmp_path_factory.mktemp("cli")
    local = LocalAirflow(sys.executable, home, home / "dags", template_cache=Path(sys.prefix) / "airflow-db")
    local.add_connection("fluxions_default", conn_type="fluxions", host=service.base_url, password=KEY)
    local.prepare()
    stored = ("--conn-type", "fluxions", "--conn-host", service.base_url, "--conn-password", KEY)
    local.components.command("connections", "add", "stored", *stored)
    return local


def run(airflow: LocalAirflow, *command: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", *map(str, command)]
    return subprocess.run(line, capture_output=True, text=True, env=airflow.env, timeout=180)


@pytest.mark.slow
@TAKES_COMMANDS
def test_airflow_fluxions_submits_waits_and_prints_nothing_but_the_transcript(
    airflow: LocalAirflow, service: EmulatorServer, tmp_path: Path
) -> None:
    recording = tmp_path / "from_airflow.mp3"
    recording.write_bytes(b"ID3 from airflow")
    done = run(airflow, "airflow", "fluxions", "submit", recording, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "completed"
    assert any(job.filename.startswith("from_airflow--") for job in service.emulator.jobs)


@pytest.mark.slow
@TAKES_COMMANDS
def test_airflow_fluxions_ends_with_our_status_and_one_line(airflow: LocalAirflow) -> None:
    done = run(airflow, "airflow", "fluxions", "wait", "999", "-o", "json")
    assert done.returncode == 4
    assert json.loads(done.stdout)[0]["status"] == "lost"
    assert "Error: The account has no job 999." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_connection_in_airflows_database_is_found(airflow: LocalAirflow) -> None:
    done = run(airflow, "airflow_provider_fluxions", "health", "--conn-id", "stored", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["settings_from"] == "the Airflow connection stored"


def test_every_command_is_one_that_airflows_own_parser_takes() -> None:
    from airflow.cli.cli_config import ActionCommand

    from airflow_provider_fluxions.cli.definition import get_cli_commands

    (group,) = get_cli_commands()
    assert group.name == "fluxions"
    assert [command.name for command in group.subcommands] == [
        command.name for command in COMMANDS if command.in_airflow
    ]
    assert all(isinstance(command, ActionCommand) for command in group.subcommands)


@TAKES_COMMANDS
def test_airflows_parser_hands_the_emulators_options_over() -> None:
    from airflow.cli.cli_parser import get_parser

    options = get_parser().parse_args(["fluxions", "emulator", "--", "--port", "0"])
    assert [argument for argument in options.emulator_arguments if argument != "--"] == ["--port", "0"]


@pytest.mark.slow
def test_what_every_airflow_command_imports_of_ours_is_a_few_plain_modules() -> None:
    code = (
        "import sys, functools, dataclasses, airflow.cli.cli_config; before = set(sys.modules);"
        "from airflow_provider_fluxions.cli.definition import get_cli_commands; get_cli_commands();"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.splitlines()[-1].split() if name.startswith("airflow_provider_fluxions.")}
    # Where Airflow has not read the provider's metadata by then, this import does.
    metadata = ("get_provider_info", "connection", "connection.form", "version")
    loaded -= {f"airflow_provider_fluxions.{name}" for name in metadata}
    assert loaded == {f"airflow_provider_fluxions.cli{name}" for name in ("", ".options", ".definition")}


def test_a_recording_in_s3_is_submitted_once(
    s3: Any, fluxions_emulator: EmulatorServer, fluxions_connection: str, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.put_object(Bucket=INPUT, Key="interview.mp3", Body=b"ID3 from S3")
    for _ in range(2):
        assert main(["submit", f"s3://{INPUT}/interview.mp3", "-o", "json"]) == 0
    (job,) = fluxions_emulator.emulator.jobs
    assert job.filename.startswith("interview--")
    assert '"reused": true' in capsys.readouterr().out


def test_a_changed_object_is_other_work(s3: Any, fluxions_emulator: EmulatorServer, fluxions_connection: str) -> None:
    for body in (b"ID3 one", b"ID3 two"):
        s3.put_object(Bucket=INPUT, Key="interview.mp3", Body=body)
        assert main(["submit", f"s3://{INPUT}/interview.mp3"]) == 0
    assert len(fluxions_emulator.emulator.jobs) == 2


def test_an_object_that_is_not_there_is_one_clear_line(
    s3: Any, fluxions_connection: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", f"s3://{INPUT}/missing.mp3"]) == 2
    assert "There is no object" in capsys.readouterr().err


def test_the_environment_goes_before_the_default_connection(
    fluxions_emulator: EmulatorServer,
    fluxions_connection: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FLUXIONS_API_KEY", "wrong")
    monkeypatch.setenv("FLUXIONS_BASE_URL", fluxions_emulator.base_url)
    assert main(["health"]) == 3
    assert main(["health", "--conn-id", fluxions_connection]) == 0


@pytest.mark.slow
def test_a_connection_that_is_not_there_is_one_clear_line(
    airflow: LocalAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(airflow, "airflow_provider_fluxions", "list", "--conn-id", "nobody", "-o", "json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("Error: Airflow has no connection 'nobody'.")
    assert "Traceback" not in done.stderr
