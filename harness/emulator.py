"""The Fluxions emulator as a process of its own, and the Airflow connection that leads to it."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Any

import requests

from harness.processes import HarnessError, ManagedProcess, http_answers, stop_all
from harness.service import Service
from harness.settings import clean_environment

# Speech recognition loads its model before the first answer.
START_SECONDS = 90.0


class LocalEmulator(Service):
    """One emulator of the Fluxions API with a random key; a context manager.

    Its jobs live in an SQLite file in `folder`, so they survive `restart()`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        profile: str = "documented",
        speech_recognition: bool = False,
        voice: bool = False,
        after_seconds: float | None = None,
        cache_mode: str | None = None,
        python: str | Path = sys.executable,
    ) -> None:
        """Jobs complete `after_seconds` after submission; None leaves that and `cache_mode` to the emulator.

        Nothing starts.
        """
        # Distinctive, so that a search for it in logs and tables has no chance hits.
        self.api_key = f"fx-secret-{secrets.token_hex(16)}"
        self.profile = profile
        self._port_file = folder / "port"
        self._port = 0
        self._command = [
            str(python), "-m", "airflow_provider_fluxions.emulator",
            "--port-file", str(self._port_file),
            "--profile", profile,
            "--database", str(folder / "jobs.db"),
            "--api-key", self.api_key,
            *(["--asr"] if speech_recognition else []),
            *(["--tts"] if voice else []),
            *([] if after_seconds is None else ["--after-seconds", str(after_seconds)]),
            *([] if cache_mode is None else ["--cache-mode", cache_mode]),
        ]  # fmt: skip
        log = folder / "emulator.log"
        self.process = ManagedProcess(f"emulator ({profile})", self._command, log, clean_environment())

    @property
    def url(self) -> str:
        """The base URL; known once the emulator is ready."""
        if not self._port:
            raise HarnessError(f"{self.process.name} is not ready yet")
        return f"http://127.0.0.1:{self._port}"

    def airflow_connection(self) -> dict[str, Any]:
        """The fields of the `fluxions_default` connection that leads here."""
        return {"conn_type": "fluxions", "host": self.url, "password": self.api_key}

    def start(self) -> None:
        """Start the emulator without waiting for it, on the port it had before if it had one."""
        self._port_file.parent.mkdir(parents=True, exist_ok=True)
        self._port_file.unlink(missing_ok=True)
        self.process.command = [*self._command, "--port", str(self._port)]
        self.process.start()

    def wait_ready(self) -> None:
        """Wait until the emulator answers; HarnessError with its log if it does not."""
        self._port = self.process.wait_ready(self._announced_port, START_SECONDS)
        self.process.wait_ready(lambda: http_answers(f"{self.url}/health"), START_SECONDS)

    def stop(self) -> None:
        """Stop the emulator."""
        stop_all([self.process])

    def restart(self) -> None:
        """Kill the emulator and start it again: same port, same jobs."""
        self.process.kill()
        self.start()
        self.wait_ready()

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON answer of an authenticated GET, as any client of the API would see it."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(
                f"{self.url}{path}", params=parameters, headers={"Authorization": self.api_key}, timeout=30
            )
        answer.raise_for_status()
        return answer.json()

    def _announced_port(self) -> int | None:
        """The port at the end of the address that the emulator wrote, once it is there."""
        text = self._port_file.read_text().strip() if self._port_file.exists() else ""
        return int(text.rpartition(":")[2]) if text else None
