"""The ASGI application: the vendor's half behind its faults, the control API beside it."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from airflow_provider_fluxions.emulator import vendor
from airflow_provider_fluxions.emulator.answers import fault_answer
from airflow_provider_fluxions.emulator.control_api import control_routes
from airflow_provider_fluxions.emulator.delivery import Wire
from airflow_provider_fluxions.emulator.emulator import Emulator
from airflow_provider_fluxions.emulator.exchange import Exchange


def build_app(emulator: Emulator) -> Starlette:
    """Return the application for `emulator`.

    Injected resets need `EmulatorServer`, which gives them the socket.
    """
    return Starlette(
        routes=[
            Mount("/_emulator", routes=control_routes(emulator)),
            Mount("/", app=_vendor_half(emulator)),
        ]
    )


def _vendor_half(emulator: Emulator) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(emulator, Request(scope, receive))
        wire = Wire(scope, receive, send, exchange.record, emulator.sleep)
        try:
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
    if fault.status is not None or answer is None:
        answer = fault_answer(fault, emulator.profile, emulator.clock())
    if fault.truncate_to_bytes is not None:
        await wire.send_cut(answer, fault.truncate_to_bytes)
    else:
        await wire.send(answer, spread_over_seconds=fault.slow_body_seconds)
