"""The ASGI application: the vendor's API with its faults, and the control API."""

from __future__ import annotations

from functools import cache

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from airflow_provider_fluxions.emulator import vendor
from airflow_provider_fluxions.emulator.control_api import control_routes
from airflow_provider_fluxions.emulator.delivery import Wire
from airflow_provider_fluxions.emulator.emulator import Emulator
from airflow_provider_fluxions.emulator.exchange import Exchange
from airflow_provider_fluxions.emulator.faults import Fault
from airflow_provider_fluxions.emulator.hosts import is_allowed, refusal
from airflow_provider_fluxions.emulator.replies import Reply, fault_reply
from airflow_provider_fluxions.emulator.reshaping import reshaped, with_authorization

_CONTROL_PATH = "/_emulator"


def build_app(emulator: Emulator, listens_on: str = "127.0.0.1") -> ASGIApp:
    """Return the application for `emulator`, which a server serves at the address or name `listens_on`.

    Injected resets need `EmulatorServer`, which provides the socket.
    """
    vendor_half, control_half = _vendor_half(emulator), cache(lambda: _control_half(emulator))

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        allowed = (*emulator.allowed_hosts, listens_on)
        reason = refusal(Request(scope).headers, allowed, any_address=not is_allowed(listens_on))
        if reason is not None:
            await JSONResponse({"error": reason}, 403)(scope, receive, send)
        elif scope["path"] == _CONTROL_PATH or scope["path"].startswith(f"{_CONTROL_PATH}/"):
            await control_half()(scope, receive, send)
        else:
            await vendor_half(scope, receive, send)

    return guarded


def _control_half(emulator: Emulator) -> ASGIApp:
    return Starlette(routes=[Mount(_CONTROL_PATH, routes=control_routes(emulator))])


def _vendor_half(emulator: Emulator) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(emulator, Request(scope, receive))
        wire = Wire(scope, receive, send, exchange.record, emulator.sleep)
        try:
            await exchange.meet_fault_of_text()
            await _serve(exchange, wire)
        except ClientDisconnect:
            exchange.record.ending = "disconnected"

    return app


async def _serve(exchange: Exchange, wire: Wire) -> None:
    fault, emulator = exchange.fault, exchange.emulator
    if fault is None:
        await wire.send(await vendor.answer(exchange))
        return
    if fault.latency_seconds:
        await emulator.sleep(fault.latency_seconds)
    await exchange.stage("before_body")
    strikes = fault.reset or fault.status is not None
    answer = None
    if fault.after or not strikes:
        answer = await vendor.answer(exchange)
        await exchange.stage("after_create")
    if fault.reset:
        await wire.reset()
        return
    await _deliver(wire, _struck(exchange, fault, answer), fault)


def _struck(exchange: Exchange, fault: Fault, answer: Reply | None) -> Reply:
    headers = dict(exchange.request.headers)
    fault = with_authorization(fault, headers)
    if fault.status is not None or answer is None:
        emulator, echoed = exchange.emulator, headers if fault.echo_headers else {}
        answer = fault_reply(fault, emulator.profile, emulator.clock(), echoed)
    return reshaped(answer, fault, headers)


async def _deliver(wire: Wire, answer: Reply, fault: Fault) -> None:
    if fault.truncate_to_bytes is not None:
        await wire.send_cut(answer, fault.truncate_to_bytes)
    elif fault.drip_head_seconds or fault.drip_body_seconds:
        await wire.send_drip(answer, fault.drip_head_seconds, fault.drip_body_seconds)
    else:
        await wire.send(answer, spread_over_seconds=fault.slow_body_seconds)
