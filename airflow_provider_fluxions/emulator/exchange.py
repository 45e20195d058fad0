"""One request to the vendor's API, with its record and its fault."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request

from airflow_provider_fluxions.emulator.emulator import Emulator
from airflow_provider_fluxions.emulator.faults import HoldStage
from airflow_provider_fluxions.emulator.record import RecordedRequest, kept_headers, key_state
from airflow_provider_fluxions.emulator.speech_orders import MAX_BODY_BYTES, RENDER_PATH, text_in


class Exchange:
    """Records the request at its start and selects its fault."""

    def __init__(self, emulator: Emulator, request: Request) -> None:
        self.emulator = emulator
        self.request = request
        headers = dict(request.headers)
        self.record = emulator.log.add(
            RecordedRequest(
                number=0,
                method=request.method,
                path=request.url.path,
                query=dict(request.query_params),
                headers=kept_headers(headers),
                key=key_state(headers.get("authorization"), emulator.api_key),
                time=emulator.clock(),
                filename=request.query_params.get("filename") or self._filename_of_job(),
            )
        )
        self._clearings = emulator.fault_plan.clearings
        self.fault = emulator.fault_plan.take(request.method, request.url.path, self.record.filename)
        self.record.fault = self.fault.name if self.fault else None
        self._held_in_body = False

    async def meet_fault_of_text(self) -> None:
        """Read the body of a request to speak, and pick the fault that its text meets, if there can be one."""
        request, plan = self.request, self.emulator.fault_plan
        length = request.headers.get("content-length", "")
        if self.fault is not None or request.url.path != RENDER_PATH or not plan.reads_texts:
            return
        if length.isdecimal() and int(length) <= MAX_BODY_BYTES:
            text = text_in(await request.body())  # kept by the request, and streamed from there
            self.fault = plan.take(request.method, RENDER_PATH, None, text) if text is not None else None
            self.record.fault = self.fault.name if self.fault else None

    async def stage(self, name: HoldStage) -> None:
        """Wait if a fault holds requests at this stage, unless it was removed since the start of the request."""
        fault = self.fault
        cleared = self._clearings != self.emulator.fault_plan.clearings
        if fault is not None and fault.hold == name and not cleared:
            board = self.emulator.hold_board
            await board.hold(fault.name, name, self.record.number, self.record.job_id, fault.callback_url)

    async def body(self) -> AsyncIterator[bytes]:
        """Stream the body and count it; stop for a ``mid_body`` hold after enough bytes.

        :raises starlette.requests.ClientDisconnect: if the client left before the body was complete.
        """
        async for chunk in self.request.stream():
            self.record.received_bytes += len(chunk)
            if chunk:
                yield chunk
            due = self.fault is not None and self.record.received_bytes >= self.fault.hold_after_bytes
            if due and not self._held_in_body:
                self._held_in_body = True
                await self.stage("mid_body")

    def _filename_of_job(self) -> str | None:
        job_id = self.request.url.path.removeprefix("/transcriptions/")
        job = self.emulator.job_service.find(int(job_id)) if job_id.isdecimal() and len(job_id) < 19 else None
        return job.filename if job is not None else None
