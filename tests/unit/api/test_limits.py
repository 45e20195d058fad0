"""Limits of one call: pure rules with time as an argument, then real sockets that send a byte now and then."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import (
    FluxionsConnectionError,
    FluxionsInputError,
    FluxionsServerError,
    FluxionsThrottledError,
)
from airflow_provider_fluxions.api.limits import Call
from airflow_provider_fluxions.api.retry_after import MAX_RETRY_AFTER_SECONDS, limited_pause
from tests.hostile.responses import DRIPS
from tests.unit.conftest import KEY, Service
from tests.unit.fakes import FakeTime


@contextmanager
def dripping(head: bytes, drop: bytes, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Give the URL of a server that reads a request's head, then drips until the client goes away."""
    stop = threading.Event()

    def serve(conn: socket.socket) -> None:
        try:
            with tls.wrap_socket(conn, server_side=True) if tls else conn as peer:
                while not peer.recv(65_536).endswith(b"\r\n\r\n"):
                    continue
                peer.sendall(head)
                while not stop.wait(0.01):
                    peer.sendall(drop)
        except OSError:
            return  # the client went away

    def accept() -> None:
        while not stop.is_set():
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(conn,)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads = [threading.Thread(target=accept)]
        threads[0].start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in list(threads):
                thread.join(10)


def test_a_response_that_drips_over_tls_ends_at_the_read_timeout(tmp_path: Path) -> None:
    from tests.unit.api.test_client import self_signed

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "server.pem"))
    with (
        dripping(*DRIPS["headers"], tls=context) as url,
        FluxionsClient(KEY, url, read_timeout=0.2, max_retries=0, verify=False) as client,
        pytest.raises(FluxionsConnectionError, match=r"(?i)timed out"),
    ):
        client.list_transcriptions()


@contextmanager
def tunneling(to_port: int) -> Iterator[tuple[str, list[bytes]]]:
    """Give the URL of a proxy that tunnels one connection to a port of this machine, and the heads that it read."""
    heads: list[bytes] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        peer, _ = listener.accept()
        with peer, socket.create_connection(("127.0.0.1", to_port)) as target:
            heads.append(peer.recv(65_536))
            peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(target, peer))
            back.start()
            pump(peer, target)
            back.join(10)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heads
        thread.join(10)


def test_a_tunnel_through_a_proxy_has_the_same_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit.api.test_client import self_signed

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "server.pem"))
    with dripping(*DRIPS["chunks"], tls=context) as url, tunneling(int(url.rpartition(":")[2])) as (proxy, heads):
        monkeypatch.setenv("https_proxy", proxy)
        with (
            FluxionsClient(KEY, "https://api.fluxions.test", read_timeout=0.5, max_retries=0, verify=False) as client,
            pytest.raises(FluxionsConnectionError, match=r"(?i)timed out"),
        ):
            client.list_transcriptions()
    assert heads[0].startswith(b"CONNECT api.fluxions.test:443 ")
    assert KEY.encode() not in heads[0]


def test_a_response_to_a_submit_that_drips_ends_at_the_submit_timeout() -> None:
    # The server takes the head for the whole request: the audio of a few bytes follows it.
    head, drop = DRIPS["headers"]
    with dripping(head, drop) as url, FluxionsClient(KEY, url, submit_timeout=0.2) as client:
        with pytest.raises(FluxionsConnectionError, match=r"(?i)timed out") as raised:
            client.submit(b"RIFF\r\n\r\n", filename="a.mp3")
        assert not raised.value.nothing_created


def test_a_call_with_a_total_timeout_ends_there_whatever_the_read_timeout_says() -> None:
    with (
        dripping(*DRIPS["headers"]) as url,
        FluxionsClient(KEY, url) as client,
        pytest.raises(FluxionsConnectionError, match=r"(?i)timed out"),
    ):
        client.with_limits(total_timeout=0.2).list_transcriptions()


def test_a_pause_that_does_not_fit_into_the_call_ends_its_retries_with_the_last_response(documented: Service) -> None:
    documented.fault(method="GET", status=429, times=None, retry_after="200")
    client = documented.client(max_retries=5).with_limits(total_timeout=100)
    with pytest.raises(FluxionsThrottledError) as throttled:
        client.list_transcriptions()
    assert throttled.value.retry_after_seconds == 200
    assert len(documented.gets) == 1


def test_a_read_does_not_pause_longer_than_its_call_may_take(documented: Service) -> None:
    documented.fault(method="GET", status=429, times=None, retry_after="1000000000")
    with pytest.raises(FluxionsThrottledError) as throttled:
        documented.client(max_retries=5).list_transcriptions()
    assert throttled.value.retry_after_seconds == MAX_RETRY_AFTER_SECONDS
    assert len(documented.gets) == 1


@pytest.mark.parametrize("max_retries", [0, 1])
def test_a_client_with_limits_retries_no_more_often_than_they_allow(documented: Service, max_retries: int) -> None:
    documented.fault(method="GET", status=503, times=None, retry_after="0")
    client = documented.client(max_retries=5)
    with pytest.raises(FluxionsServerError, match="503"):
        client.with_limits(max_retries=max_retries).list_transcriptions()
    assert len(documented.gets) == 1 + max_retries


def test_limits_change_no_other_call_of_the_client(documented: Service) -> None:
    documented.fault(method="GET", status=503, times=2, retry_after="0")
    client = documented.client(max_retries=2)
    client.with_limits(total_timeout=0.001, max_retries=0)
    client.list_transcriptions()
    assert len(documented.gets) == 3


@pytest.mark.parametrize("limits", [{"total_timeout": 0}, {"total_timeout": float("nan")}, {"max_retries": -1}])
def test_limits_that_cannot_work_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(FluxionsInputError):
        FluxionsClient(KEY).with_limits(**limits)  # type: ignore[arg-type]


def test_a_part_of_a_call_takes_no_longer_than_the_rest_of_the_call() -> None:
    time = FakeTime()
    call = Call(60, total_seconds=100, now=time.now)
    call.start_part()
    time.sleep(59)
    assert call.left_seconds() == 1
    call.start_part()
    assert call.left_seconds() == 41
    time.sleep(41)
    with pytest.raises(TimeoutError, match="longer than 100 s"):
        call.left_seconds()


def test_an_error_names_the_limit_that_is_over_not_the_one_that_is_near() -> None:
    time = FakeTime()
    call = Call(60, total_seconds=60.5, now=time.now)
    call.start_part()
    time.sleep(60)
    with pytest.raises(TimeoutError, match="longer than 60 s"):
        call.left_seconds()


def test_a_part_that_took_too_long_says_how_long_it_was_allowed() -> None:
    time = FakeTime()
    call = Call(60, now=time.now)
    call.start_part()
    time.sleep(60)
    with pytest.raises(TimeoutError, match="longer than 60 s"):
        call.left_seconds()


@pytest.mark.parametrize(
    ("retries", "pause", "allowed"), [(1, 0.0, True), (2, 99.0, True), (2, 100.0, False), (3, 0.0, False)]
)
def test_a_retry_needs_a_place_and_time(retries: int, pause: float, allowed: bool) -> None:
    call = Call(60, total_seconds=100, max_retries=2, now=FakeTime().now)
    assert call.allows_retry(retries, pause) is allowed


@pytest.mark.parametrize(("asked", "pause"), [(None, 0.0), (-1.0, 0.0), (7.5, 7.5), (1e9, MAX_RETRY_AFTER_SECONDS)])
def test_a_pause_has_one_maximum(asked: float | None, pause: float) -> None:
    assert limited_pause(asked) == pause
