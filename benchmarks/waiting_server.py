"""The one server that all contestants of `benchmarks/waiting.py` poll: our emulator, and three small routes.

The routes speak as much of the other APIs as their triggers read, over the same jobs, and every answer is held
back by the same latency. TLS, because dbt Cloud's hook speaks nothing else. The server notes when each job
was shown to the client, so that what was delivered is counted on this side.

    python benchmarks/waiting_server.py FOLDER LATENCY_SECONDS

It writes ``cert.pem`` and, when it listens, ``port`` into the folder.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from airflow_provider_fluxions.emulator import Emulator, Transition, Upload
from airflow_provider_fluxions.emulator.app import build_app

API_KEY = "benchmark-key"
# How long a job runs by the emulator's clock, which `Board.begin` sets.
LIFE_SECONDS = 3600.0


class Board:
    """The jobs of one contestant's turn, and what of them was shown when."""

    def __init__(self) -> None:
        self.make(0, 0.0)

    def make(self, jobs: int, spread_seconds: float) -> None:
        """Make jobs that end one after the other from the instant on that `begin` sets; it takes time with many."""
        self.requests: list[float] = []
        self.shown: defaultdict[int, list[float]] = defaultdict(list)
        self._ahead = 0.0
        self.emulator = Emulator("documented", API_KEY, transition=Transition.after_seconds(LIFE_SECONDS),
                                 cache_mode="off", clock=lambda: time.time() + self._ahead)  # fmt: skip
        # The clock is set so that job by job is submitted a little later.
        made_at = time.time()
        for number in range(jobs):
            self._ahead = made_at - time.time() + spread_seconds * number / jobs
            self.emulator.job_service.submit(Upload("00", 100_000, b""), f"{number}.mp3", False, False)
        self._first_end = made_at + LIFE_SECONDS
        self._ahead = made_at - time.time()
        self._record_shows()
        self.app = build_app(self.emulator)

    def begin(self, first_end: float) -> dict[int, float]:
        """Set the emulator's clock so that the first job ends then (epoch seconds); return when each does."""
        self._ahead = self._first_end - first_end
        return {job.id: job.created_at + LIFE_SECONDS - self._ahead for job in self.emulator.jobs}

    def _record_shows(self) -> None:
        desk: Any = self.emulator.job_service
        read, read_page = desk.read, desk.read_page

        def recorded_read(job_id: int) -> Any:
            self.shown[job_id].append(time.time())
            return read(job_id)

        def recorded_page(limit: int, offset: int) -> Any:
            total, jobs = read_page(limit, offset)
            for job in jobs:
                self.shown[job.id].append(time.time())
            return total, jobs

        desk.read, desk.read_page = recorded_read, recorded_page

    def is_completed(self, job_id: int) -> bool:
        job = self.emulator.job_service.read(job_id)
        return job is not None and job.status == "completed"


def build(board: Board, latency_seconds: float) -> Any:
    async def dbt_run(request: Request) -> JSONResponse:
        completed = board.is_completed(int(request.path_params["id"]))
        return JSONResponse({"data": {"id": request.path_params["id"], "status": 10 if completed else 3}})

    async def openai_batch(request: Request) -> JSONResponse:
        number = request.path_params["id"]
        return JSONResponse({
            "id": number, "object": "batch", "endpoint": "/v1/chat/completions", "input_file_id": "f",
            "completion_window": "24h", "created_at": 0, "output_file_id": "f",
            "status": "completed" if board.is_completed(int(number)) else "in_progress",
        })  # fmt: skip

    async def make(request: Request) -> JSONResponse:
        wish = await request.json()
        board.make(wish["jobs"], wish["spread_seconds"])
        return JSONResponse({})

    async def begin(request: Request) -> JSONResponse:
        wish = await request.json()
        return JSONResponse({"ends": board.begin(wish["first_end"])})

    async def seen(_: Request) -> JSONResponse:
        return JSONResponse({"requests": board.requests, "shown": board.shown})

    async def emulated(scope: Any, receive: Any, send: Any) -> None:
        await board.app(scope, receive, send)

    app = Starlette(routes=[
        Route("/bench/make", make, methods=["POST"]),
        Route("/bench/begin", begin, methods=["POST"]),
        Route("/bench/seen", seen),
        Route("/api/v2/accounts/{account}/runs/{id}/", dbt_run),
        Route("/openai/batches/{id}", openai_batch),
        Mount("/", app=emulated),
    ])  # fmt: skip

    async def slowed(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/bench/"):
            board.requests.append(time.time())
            await asyncio.sleep(latency_seconds)
        await app(scope, receive, send)

    return slowed


def write_certificate(folder: Path) -> None:
    """Sign a certificate for the loopback address that lives for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def main() -> None:
    folder, latency_seconds = Path(sys.argv[1]), float(sys.argv[2])
    write_certificate(folder)
    # The protocol is named, or asyncio would leave Nagle's algorithm on.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    (folder / "port").write_text(str(listener.getsockname()[1]))
    config = uvicorn.Config(
        build(Board(), latency_seconds), log_level="error", timeout_keep_alive=120,
        ssl_keyfile=str(folder / "key.pem"), ssl_certfile=str(folder / "cert.pem"),
    )  # fmt: skip
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
