"""The control API under ``/_emulator``. Its requests need no key, are not recorded and get no faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from airflow_provider_fluxions.emulator.emulator import Emulator
from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.openapi import describe
from airflow_provider_fluxions.emulator.store import EmulatedJob
from airflow_provider_fluxions.emulator.transitions import OutcomeRule, Transition

_MAX_WAIT_SECONDS = 60.0
_MAX_BODY_BYTES = 1_048_576
_MAX_FAULTS = 10_000
_Value = TypeVar("_Value")
_Endpoint = Callable[[Request], Awaitable[JSONResponse]]


def control_routes(emulator: Emulator) -> list[Route]:
    """Return the routes, relative to their mount point."""
    calls = _Calls(emulator)
    table: list[tuple[str, str, Callable[[Request], Awaitable[Any]]]] = [
        ("GET", "/", calls.state),
        ("GET", "/openapi.json", calls.description),
        ("GET", "/faults", calls.faults),
        ("POST", "/faults", calls.add_fault),
        ("DELETE", "/faults", calls.clear_faults),
        ("GET", "/holds", calls.holds),
        ("POST", "/holds/release", calls.release),
        ("GET", "/requests", calls.requests),
        ("DELETE", "/requests", calls.clear_requests),
        ("GET", "/renders", calls.renders),
        ("DELETE", "/renders", calls.clear_renders),
        ("POST", "/voices/rotate", calls.rotate_checkpoint),
        ("GET", "/jobs", calls.jobs),
        ("POST", "/jobs/seed", calls.seed_jobs),
        ("PUT", "/jobs/{job_id:int}/status", calls.force_status),
        ("DELETE", "/jobs/{job_id:int}", calls.forget_job),
        ("PUT", "/transition", calls.set_transition),
        ("GET", "/outcomes", calls.outcomes),
        ("POST", "/outcomes", calls.add_outcome),
        ("DELETE", "/outcomes", calls.clear_outcomes),
        ("PUT", "/settings", calls.set_settings),
        ("PUT", "/list", calls.set_list),
        ("POST", "/clock/advance", calls.advance),
    ]
    return [Route(path, _endpoint(call), methods=[method]) for method, path, call in table]


def _endpoint(call: Callable[[Request], Awaitable[Any]]) -> _Endpoint:
    async def endpoint(request: Request) -> JSONResponse:
        try:
            return JSONResponse(await call(request))
        except KeyError as error:
            return JSONResponse({"error": f"not found: {error}"}, 404)
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return endpoint


class _Calls:
    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def state(self, _: Request) -> dict[str, Any]:
        emulator = self._emulator
        rules = {
            "settings": asdict(emulator.settings),
            "list": asdict(emulator.list_behavior),
            "transition": asdict(emulator.job_service.transition),
        }
        return {"profile": emulator.profile.name, "submit_path": emulator.profile.submit_path, **rules}

    async def description(self, _: Request) -> dict[str, Any]:
        return describe(self._emulator.profile)

    async def faults(self, _: Request) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._emulator.faults]

    async def add_fault(self, request: Request) -> dict[str, str]:
        if len(self._emulator.faults) >= _MAX_FAULTS:
            raise ValueError(f"there are {_MAX_FAULTS:,} faults already, clear them first")
        return {"name": self._emulator.add_fault(await _read(request, Fault))}

    async def clear_faults(self, _: Request) -> dict[str, Any]:
        self._emulator.clear_faults()
        return {}

    async def holds(self, request: Request) -> list[dict[str, Any]]:
        wanted = request.query_params.get("name")
        wait_seconds = min(_MAX_WAIT_SECONDS, float(request.query_params.get("wait_seconds", 0)))
        if wanted is not None and wait_seconds > 0:
            await asyncio.to_thread(self._emulator.wait_for_hold, wanted, wait_seconds)
        keys = ("name", "stage", "request", "job_id")
        held = [hold for hold in self._emulator.holds if wanted in (None, hold.name)]
        return [{key: getattr(hold, key) for key in keys} for hold in held]

    async def release(self, request: Request) -> dict[str, int]:
        return {"released": self._emulator.release((await _payload(request)).get("name"))}

    async def requests(self, _: Request) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self._emulator.requests]

    async def clear_requests(self, _: Request) -> dict[str, Any]:
        self._emulator.clear_requests()
        return {}

    async def renders(self, _: Request) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self._emulator.renders]

    async def clear_renders(self, _: Request) -> dict[str, Any]:
        self._emulator.clear_renders()
        return {}

    async def rotate_checkpoint(self, request: Request) -> dict[str, str]:
        return {"checkpoint": self._emulator.rotate_checkpoint(**await _payload(request))}

    async def jobs(self, _: Request) -> list[dict[str, Any]]:
        return [_job(job) for job in self._emulator.jobs]

    async def seed_jobs(self, request: Request) -> dict[str, int]:
        self._emulator.seed_jobs(**await _payload(request))
        return {"total": len(self._emulator.jobs)}

    async def force_status(self, request: Request) -> dict[str, Any]:
        return _job(self._emulator.force_status(request.path_params["job_id"], **await _payload(request)))

    async def forget_job(self, request: Request) -> dict[str, Any]:
        self._emulator.forget_job(request.path_params["job_id"])
        return {}

    async def set_transition(self, request: Request) -> dict[str, Any]:
        self._emulator.set_transition(await _read(request, Transition))
        return {}

    async def outcomes(self, _: Request) -> list[dict[str, Any]]:
        return [asdict(rule) for rule in self._emulator.outcomes]

    async def add_outcome(self, request: Request) -> dict[str, Any]:
        self._emulator.add_outcome(await _read(request, OutcomeRule))
        return {}

    async def clear_outcomes(self, _: Request) -> dict[str, Any]:
        self._emulator.clear_outcomes()
        return {}

    async def set_settings(self, request: Request) -> dict[str, Any]:
        return asdict(self._emulator.set_settings(**await _payload(request)))

    async def set_list(self, request: Request) -> dict[str, Any]:
        return asdict(self._emulator.set_list(**await _payload(request)))

    async def advance(self, request: Request) -> dict[str, float]:
        self._emulator.advance(**await _payload(request))
        return {"now": self._emulator.clock()}


async def _payload(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise ValueError(f"the body may have {_MAX_BODY_BYTES:,} bytes")
    try:
        payload = json.loads(body)
    except RecursionError as error:
        raise ValueError("the body is nested too deep") from error
    if not isinstance(payload, dict):
        raise TypeError("the body must be a JSON object")
    return payload


async def _read(request: Request, kind: Callable[..., _Value]) -> _Value:
    return kind(**await _payload(request))


def _job(job: EmulatedJob) -> dict[str, Any]:
    view = asdict(job)
    # The path of the audio stays on this machine, and GET /transcriptions returns the transcript.
    del view["audio_path"], view["recognition"]
    return view
