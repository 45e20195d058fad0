"""Every response to a render that is not complete audio: what the caller gets, and how often the service rendered."""

from __future__ import annotations

import io
import pickle
import socket
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import soundfile

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import (
    FluxionsAuthenticationError,
    FluxionsConnectionError,
    FluxionsCreditError,
    FluxionsError,
    FluxionsRejectedError,
    FluxionsResponseError,
    FluxionsServerError,
    FluxionsSpeechError,
    FluxionsThrottledError,
    FluxionsVoiceError,
)
from tests.unit.conftest import KEY, Service
from tests.unit.fakes import FakeTime

RENDER = "/vui/v1/tts"
TEXT = "The quarterly figures of Hollis and Sons are confidential, [sigh] as always."
CHARGED = {"after": True}


@dataclass(frozen=True)
class Row:
    """One fault: how it ends (None: with audio), texts sent, those lost, and renders at the service."""

    fault: dict[str, Any]
    error: type[FluxionsError] | None
    renders: int
    lost: int
    rendered: int
    pauses: list[float] = field(default_factory=list)


TABLE = {
    "none": Row({}, None, 1, 0, 1),
    "400": Row({"status": 400, "times": 9}, FluxionsRejectedError, 1, 1, 0),
    "401": Row({"status": 401, "times": 9}, FluxionsAuthenticationError, 1, 1, 0),
    "no credit": Row({"status": 402, "times": 9}, FluxionsCreditError, 1, 1, 0),
    "403": Row({"status": 403, "times": 9}, FluxionsAuthenticationError, 1, 1, 0),
    "404": Row({"status": 404, "times": 9}, FluxionsVoiceError, 1, 1, 0),
    "405": Row({"status": 405, "times": 9}, FluxionsRejectedError, 1, 1, 0),
    "408": Row({"status": 408, "times": 9}, FluxionsServerError, 3, 3, 0, [1.0, 2.0]),
    "413": Row({"status": 413, "times": 9}, FluxionsRejectedError, 1, 1, 0),
    "422": Row({"status": 422, "times": 9, "body": "detail_list"}, FluxionsRejectedError, 1, 1, 0),
    "redirect": Row({"status": 307, "location": "/vui/voices", "times": 9}, FluxionsRejectedError, 1, 1, 0),
    "429, seconds": Row({"status": 429, "retry_after": "7"}, None, 2, 1, 1, [7.0]),
    "429, eight times": Row({"status": 429, "times": 8}, None, 9, 8, 1, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]),
    "429 beyond the deadline": Row(
        {"status": 429, "retry_after": "300", "times": 9}, FluxionsThrottledError, 4, 4, 0, [300.0, 300.0, 300.0]
    ),
    "500": Row({"status": 500}, None, 2, 1, 1, [1.0]),
    "500 for ever": Row({"status": 500, "times": 9}, FluxionsServerError, 3, 3, 0, [1.0, 2.0]),
    "502 with HTML": Row({"status": 502, "body": "html"}, None, 2, 1, 1, [1.0]),
    "503 after the render": Row({"status": 503, "retry_after": "3", **CHARGED}, None, 2, 1, 2, [3.0]),
    "504 after each render": Row({"status": 504, "times": 9, **CHARGED}, FluxionsServerError, 3, 3, 3, [1.0, 2.0]),
    "200 with HTML": Row({"status": 200, "body": "html"}, None, 2, 1, 1, [1.0]),
    "200 with JSON": Row({"status": 200, "body": "detail", "times": 9}, FluxionsResponseError, 3, 3, 0, [1.0, 2.0]),
    "200 without a body": Row({"status": 200, "body": "empty", **CHARGED}, None, 2, 1, 2, [1.0]),
    "reset before the render": Row({"reset": True}, None, 2, 1, 1, [1.0]),
    "reset after the render": Row({"reset": True, **CHARGED}, None, 2, 1, 2, [1.0]),
    "cut in the header": Row({"truncate_to_bytes": 20}, None, 2, 1, 2, [1.0]),
    "cut stream": Row({"truncate_to_bytes": 60_001}, None, 2, 1, 2, [1.0]),
    "cut stream each time": Row(
        {"truncate_to_bytes": 60_001, "times": 9}, FluxionsConnectionError, 3, 3, 3, [1.0, 2.0]
    ),
    "early clean end": Row({"cut_to_bytes": 20_044}, None, 2, 1, 2),
    "early clean end, twice": Row({"cut_to_bytes": 20_044, "times": 2}, FluxionsSpeechError, 2, 2, 2),
    "early clean end within a sample": Row({"cut_to_bytes": 150_001}, None, 2, 1, 2, [1.0]),
    "no sample": Row({"cut_to_bytes": 44}, None, 2, 1, 2, [1.0]),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_table_of_render_faults(service: Service, time: FakeTime, name: str) -> None:
    row = TABLE[name]
    if row.fault:
        service.fault(path=RENDER, **row.fault)
    client = service.client()
    got: Any
    if row.error is None:
        got = client.synthesize(TEXT, voice="maeve", clock=time.clock)
        assert_opens(got.wav, got.frames)
    else:
        with pytest.raises(row.error) as raised:
            client.synthesize(TEXT, voice="maeve", clock=time.clock)
        got = pickle.loads(pickle.dumps(raised.value))  # noqa: S301 - our own
        assert got.transient is raised.value.transient
    posts = [request for request in service.posts if request.path == RENDER]
    assert (got.renders, got.renders_lost, len(service.emulator.renders)) == (row.renders, row.lost, row.rendered)
    assert len(posts) == row.renders
    assert time.slept == row.pauses


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.fault])
def test_no_error_and_no_log_line_has_the_text_or_the_key(
    documented: Service, time: FakeTime, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    documented.fault(path=RENDER, message=f"cannot speak {TEXT!r} with {{authorization}}", **TABLE[name].fault)
    said = []
    try:
        documented.client().synthesize(TEXT, voice="maeve", clock=time.clock)
    except FluxionsError as error:
        said.append(str(error))
    said += [record.getMessage() for record in caplog.records]
    assert said
    assert not any(word in line for line in said for word in ("Hollis", "confidential", KEY))


def test_a_stale_checkpoint_is_listed_again_once(service: Service, time: FakeTime) -> None:
    client = service.client()
    first = client.synthesize(TEXT, voice="maeve", clock=time.clock)
    checkpoint = service.emulator.rotate_checkpoint()
    second = client.synthesize(TEXT, voice="maeve", clock=time.clock)
    assert (first.voice_id, second.voice_id) == ("maeve.h8ff7e07da", f"maeve.{checkpoint}")
    assert (second.renders, second.renders_lost, len(service.emulator.renders)) == (2, 1, 2)
    assert [request.path for request in service.gets] == ["/vui/voices", "/vui/voices"]


def test_a_pinned_checkpoint_that_is_gone_fails_and_names_the_voices(service: Service, time: FakeTime) -> None:
    client = service.client()
    service.emulator.rotate_checkpoint()
    with pytest.raises(FluxionsVoiceError, match=r"'maeve\.h8ff7e07da' .*Voices: maeve, rory, asha, u-42") as raised:
        client.synthesize(TEXT, voice="maeve.h8ff7e07da", clock=time.clock)
    assert (raised.value.status_code, raised.value.renders, len(service.emulator.renders)) == (404, 1, 0)


def test_a_render_at_its_limit_is_cut_off(service: Service, time: FakeTime) -> None:
    with pytest.raises(FluxionsSpeechError, match=r"it reached max_seconds \(3 s\)"):
        service.client().synthesize(TEXT, voice="maeve", max_seconds=3, clock=time.clock)
    assert len(service.emulator.renders) == 2


def test_a_service_that_is_not_there_gets_no_text(service: Service, time: FakeTime) -> None:
    client = service.client(base_url="http://127.0.0.1:9", connect_timeout=1)
    with pytest.raises(FluxionsConnectionError) as raised:
        client.render(TEXT, voice_id="maeve.h8ff7e07da")
    assert (raised.value.renders, raised.value.renders_lost) == (0, 0)


def test_a_response_that_drips_ends_at_the_timeout(service: Service, time: FakeTime) -> None:
    service.fault(path=RENDER, drip_body_seconds=0.02, times=9)
    with pytest.raises(FluxionsConnectionError) as raised:
        service.client(submit_timeout=0.3).synthesize(TEXT, voice="maeve", clock=time.clock)
    assert (raised.value.renders, raised.value.renders_lost, len(service.emulator.renders)) == (3, 3, 3)


@pytest.mark.slow
def test_a_response_that_does_not_end_is_read_to_its_maximum(time: FakeTime) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nConnection: close\r\n\r\n"
    with (
        flooding(head, bytes(1 << 20)) as url,
        FluxionsClient(KEY, url) as client,
        pytest.raises(FluxionsConnectionError, match="larger than 36 MiB") as raised,
    ):
        client.render(TEXT, voice_id="maeve.h1")
    assert (raised.value.renders, raised.value.renders_lost) == (1, 1)


@contextmanager
def flooding(head: bytes, block: bytes) -> Iterator[str]:
    """Give the URL of a server that answers one request with blocks until the client goes away."""

    def serve() -> None:
        with suppress(OSError):
            conn, _ = listener.accept()
            with conn:
                conn.recv(65_536)
                conn.sendall(head)
                while True:
                    conn.sendall(block)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.close()
            thread.join()


def test_retries_end_at_the_total_timeout(service: Service, time: FakeTime) -> None:
    service.fault(path=RENDER, status=503, times=None)
    with pytest.raises(FluxionsServerError) as raised:
        service.client().with_limits(total_timeout=10).synthesize(TEXT, voice="maeve", clock=time.clock)
    assert (raised.value.renders, time.slept) == (4, [1.0, 2.0, 4.0])


def test_the_options_and_the_whole_text_are_sent(service: Service) -> None:
    text = "Grüße aus Łódź, 日本語 [laugh]\n\nund mehr."
    service.client().synthesize(text, voice="rory", temperature=0.5, max_seconds=60, verify_chunks=False)
    (render,) = service.emulator.renders
    assert (render.text, render.voice_id) == (text, "rory.h8ff7e07da")
    assert render.options == {"temperature": 0.5, "max_secs": 60, "verify_chunks": False}


def assert_opens(data: bytes, frames: int) -> None:
    """A WAV file is what Python and libsndfile say it is."""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        assert file.getnframes() == frames
        assert len(file.readframes(frames)) == 2 * frames
    facts = soundfile.info(io.BytesIO(data))
    assert (facts.frames, facts.samplerate, facts.subtype) == (frames, 24_000, "PCM_16")
