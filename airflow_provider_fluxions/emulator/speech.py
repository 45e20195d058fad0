"""Text-to-speech of the vendor's half: voices, renders, and a record of what was rendered.

The vendor's page does not describe it. The two readings are those of public users of the live API: ``documented`` lists
``voice_id`` alone and streams WAV with lengths of 0; ``observed`` lists all fields and streams lengths of 0xFFFFFFFF.
"""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

from airflow_provider_fluxions.emulator.replies import ApiError, Reply, json_reply
from airflow_provider_fluxions.emulator.speech_orders import MAX_BODY_BYTES, MAX_SECONDS, Order, read_order
from airflow_provider_fluxions.emulator.synthesis import Speech

if TYPE_CHECKING:
    from airflow_provider_fluxions.emulator.exchange import Exchange

# An odd number: chunks split samples.
CHUNK_BYTES = 4_801


def list_voices(exchange: Exchange, *, own: bool) -> Reply:
    """Answer with the hosted voices, or with the account's own."""
    emulator = exchange.emulator
    return json_reply({"voices": emulator.voices.entries(own=own, full=emulator.profile.detail_errors)})


async def render(exchange: Exchange) -> Reply:
    """Speak a text."""
    emulator = exchange.emulator
    order = read_order(await read_body(exchange), exchange.request.query_params, emulator.voices)
    await exchange.stage("before_create")
    speech = await asyncio.to_thread(emulator.synthesizer.speak, order.text, order.voice.id)
    speech = speech.cut(MAX_SECONDS if order.max_seconds is None else min(order.max_seconds, MAX_SECONDS))
    number, options = exchange.record.number, order.options
    emulator.render_log.add(number, order.voice_id, order.text, speech.seconds, emulator.clock(), options)
    if emulator.settings.speech_speed:
        await emulator.sleep(speech.seconds / emulator.settings.speech_speed)
    return _audio_answer(speech, order, unknown=0xFFFFFFFF if emulator.profile.detail_errors else 0)


async def read_body(exchange: Exchange) -> bytes:
    """Return the body of a request to render.

    :raises ApiError: it is too long.
    """
    body = bytearray()
    async for chunk in exchange.body():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ApiError(413, "The body is too large")
    return bytes(body)


def _audio_answer(speech: Speech, order: Order, unknown: int) -> Reply:
    chunk = CHUNK_BYTES if order.stream else None
    if order.response_format == "pcm":
        return Reply(200, speech.pcm, "audio/pcm", chunk_bytes=chunk)
    sizes = (unknown, unknown) if order.stream else (36 + len(speech.pcm), len(speech.pcm))
    return Reply(200, _header(speech.sample_rate, *sizes) + speech.pcm, "audio/wav", chunk_bytes=chunk)


def _header(rate: int, riff_size: int, data_size: int) -> bytes:
    form = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    return b"RIFF" + struct.pack("<I", riff_size) + b"WAVEfmt " + form + b"data" + struct.pack("<I", data_size)
