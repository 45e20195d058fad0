"""The command line against an emulator on a real socket, in this process and in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_fluxions.cli.main import main
from tests.unit.conftest import KEY, MakeService, Service

ROOT = Path(__file__).parents[3]


@dataclass
class Done:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def account(serve: MakeService, monkeypatch: pytest.MonkeyPatch) -> Service:
    """An account at an emulator, to which the environment leads."""
    service = serve()
    monkeypatch.setenv("FLUXIONS_API_KEY", KEY)
    monkeypatch.setenv("FLUXIONS_BASE_URL", service.url)
    return service


@pytest.fixture
def run(account: Service, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def command(*arguments: object) -> Done:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(str(end.code))
        captured = capsys.readouterr()
        return Done(status, captured.out, captured.err)

    return command


@pytest.fixture
def process(account: Service) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command in a process of its own, without Airflow."""

    def command(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "airflow_provider_fluxions", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(line, capture_output=True, text=True, timeout=60, env=environment, **options)

    return command


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "interview.mp3"
    path.write_bytes(b"ID3 the audio")
    return path
