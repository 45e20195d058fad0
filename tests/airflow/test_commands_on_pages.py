"""What README and the pages let readers type into a shell or a database runs as it stands, with a key of its own.

`docs/howto/connect.md` is left to test_connection_page.py, which reads what its lines make of a connection, and what
runs pytest on `docs/testing.md` to test_testing_page.py.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import metadata, version
from pathlib import Path

import pytest
from packaging.version import Version

from airflow_provider_fluxions.emulator import Emulator, EmulatorServer
from harness.airflow import LocalAirflow
from harness.processes import ManagedProcess, http_answers
from harness.s3 import LocalS3

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ELSEWHERE = ROOT / "docs" / "howto" / "connect.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = [
    block.strip()
    for path in PAGES
    if path != ELSEWHERE
    for block in re.findall(r"```sh\n(.*?)```", path.read_text(), re.DOTALL)
]
SERVER = "python -m airflow_provider_fluxions.emulator"
INSTALLS = [block for block in BLOCKS if block.startswith("pip install ")]
SCRIPTS = [block for block in BLOCKS if block.startswith("scripts/")]
SERVERS = [block for block in BLOCKS if block.startswith(SERVER)]
S3_SERVERS = [block for block in BLOCKS if block.startswith("python -m moto.server")]
# These need the connections that the blocks before them export, and their servers.
DAG_RUNS = [block for block in BLOCKS if block.startswith("airflow dags test")]
TESTS = [block for block in BLOCKS if block.endswith("pytest test_my_dag.py")]
COMMANDS = [block for block in BLOCKS if block not in [*INSTALLS, *SCRIPTS, *SERVERS, *S3_SERVERS, *DAG_RUNS, *TESTS]]
KEY = "key-of-a-reader"


@pytest.fixture(scope="module")
def service() -> Iterator[EmulatorServer]:
    emulator = Emulator(api_key=KEY)
    with emulator, EmulatorServer(emulator) as server:
        yield server


@pytest.fixture(scope="module")
def shell(service: EmulatorServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a reader with an Airflow of this version, whose Fluxions is an emulator."""
    home = tmp_path_factory.mktemp("reader")
    airflow = LocalAirflow(sys.executable, home, home / "dags", template_cache=Path(sys.prefix) / "airflow-db")
    airflow.prepare()
    path = os.pathsep.join((str(Path(sys.executable).parent), airflow.env["PATH"]))
    return {**airflow.env, "PATH": path, "FLUXIONS_BASE_URL": service.base_url}


def test_the_pages_have_blocks_of_each_kind() -> None:
    assert all((INSTALLS, SCRIPTS, SERVERS, S3_SERVERS, COMMANDS))


@pytest.mark.parametrize("block", INSTALLS)
def test_what_a_page_installs_has_the_extras_that_it_names(block: str) -> None:
    declared = set(metadata("airflow-provider-fluxions").get_all("Provides-Extra", ()))
    for name in shlex.split(block):
        if name.startswith("airflow-provider-fluxions["):
            assert set(name.partition("[")[2].rstrip("]").split(",")) <= declared


@pytest.mark.parametrize("block", SCRIPTS)
def test_each_script_that_a_page_names_can_be_run(block: str) -> None:
    for line in block.splitlines():
        assert os.access(ROOT / shlex.split(line, comments=True)[0], os.X_OK)


@pytest.mark.parametrize("block", COMMANDS)
def test_each_command_on_a_page_succeeds(
    block: str, shell: dict[str, str], service: EmulatorServer, tmp_path: Path
) -> None:
    (tmp_path / "interview.mp3").write_bytes(b"ID3 an interview")
    if Version(version("apache-airflow")) < Version("3.2"):
        block = re.sub(r"^airflow fluxions .*Airflow 3\.2 and later.*$", "", block, flags=re.MULTILINE)
    block = block.replace('"password": "YOUR-KEY"', f'"password": "YOUR-KEY", "host": "{service.base_url}"')
    line = ["sh", "-e", "-c", block.replace("YOUR-KEY", KEY)]
    done = subprocess.run(line, cwd=tmp_path, env=shell, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", SERVERS)
def test_an_emulator_started_as_a_page_says_answers_the_connection_of_the_page(
    block: str, shell: dict[str, str], service: EmulatorServer, tmp_path: Path
) -> None:
    """On a free port instead of the page's."""
    first, _, rest = block.partition("\n")
    port_file = tmp_path / "port"
    command = [sys.executable, *shlex.split(first.removesuffix("&"))[1:], "--port-file", str(port_file)]
    page_port = command[command.index("--port") + 1]
    command[command.index("--port") + 1] = "0"
    process = ManagedProcess("emulator", command, tmp_path / "log", shell)
    process.start()
    try:
        url = process.wait_ready(lambda: port_file.read_text().strip() if port_file.exists() else None, 60)
        process.wait_ready(lambda: http_answers(f"{url}/health"), 60)
        ask = f"{sys.executable} -m airflow_provider_fluxions list --conn-id fluxions_default"
        line = ["sh", "-e", "-c", f"{rest}\n{ask}".replace(f"http://127.0.0.1:{page_port}", url)]
        done = subprocess.run(line, env=shell, capture_output=True, text=True, timeout=180)
    finally:
        process.kill()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", S3_SERVERS)
def test_a_local_s3_started_as_a_page_says_takes_the_commands_of_the_page(
    block: str, shell: dict[str, str], tmp_path: Path
) -> None:
    """On a free port instead of the page's."""
    (tmp_path / "interview.mp3").write_bytes(b"ID3 an interview")
    first, _, rest = block.partition("\n")
    page_port = shlex.split(first)[4]
    with LocalS3(tmp_path / "s3.log") as s3:
        line = ["sh", "-e", "-c", rest.replace(f"http://127.0.0.1:{page_port}", s3.url)]
        done = subprocess.run(line, cwd=tmp_path, env=shell, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr
        assert s3.client.get_object(Bucket="recordings", Key="interview.mp3")["Body"].read() == b"ID3 an interview"
