"""What goes wrong on demand, seen by raw sockets and by requests."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import requests

from airflow_provider_fluxions.emulator import Fault
from harness.processes import wait_until

if TYPE_CHECKING:
    from conftest import Api


def test_a_status_strikes_as_often_as_told_and_creates_no_job(api: Api) -> None:
    api.emulator.add_fault(Fault(method="POST", path="*submit", status=503, times=2, retry_after="1"))
    answers = [api.submit() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert api.job_count() == 1


def test_skip_lets_the_first_requests_by(api: Api) -> None:
    api.emulator.add_fault(Fault(path="/transcriptions*", status=500, skip=2, times=None))
    assert [api.get("/transcriptions").status_code for _ in range(4)] == [200, 200, 500, 500]
    api.emulator.clear_faults()
    assert api.get("/transcriptions").status_code == 200


def test_a_fault_may_strike_one_filename_only(api: Api) -> None:
    api.emulator.add_fault(Fault(filename="b.mp3", status=500, times=None))
    ids = [
        api.submit(name.encode(), filename=name).status_code for name in ("a.mp3", "b.mp3", "b--0123456789abcdef.mp3")
    ]
    assert ids == [200, 500, 500]
    assert api.get("/transcriptions/1").status_code == 200


@pytest.mark.parametrize(
    ("pattern", "hit"),
    [("interview-2026-0042.mp3", True), ("interview-*.mp3", True), ("*-0042.mp3", True), ("????????*42.mp3", True),
     ("interview-2026-0043.mp3", False), ("call-*.mp3", False), ("*.wav", False), ("interv~0042.mp3", False)],
)  # fmt: skip
def test_a_pattern_matches_the_name_that_a_client_shortened(pattern: str, hit: bool) -> None:
    assert Fault(filename=pattern).matches("POST", "/submit", "intervi~0042--0123456789abcdef.mp3") is hit


def test_retry_after_may_be_a_date(api: Api) -> None:
    api.emulator.add_fault(Fault(status=429, retry_after="date+5"))
    assert api.get("/transcriptions").headers["Retry-After"] == "Fri, 24 Oct 2025 10:35:05 GMT"


@pytest.mark.parametrize(
    ("style", "start", "kind"),
    [
        ("error", b'{"error": "', "application/json"),
        ("detail", b'{"detail": "', "application/json"),
        ("detail_list", b'{"detail": [{"loc"', "application/json"),
        ("html", b"<html>", "text/html"),
        ("text", b"Injected fault", "text/plain"),
        ("truncated_json", b'{"id": 1, "status"', "application/json"),
        ("empty", b"", None),
    ],
)
@pytest.mark.parametrize("status", [200, 502])
def test_a_fault_has_a_body_style(documented: Api, style: Any, start: bytes, kind: str | None, status: int) -> None:
    documented.emulator.add_fault(Fault(status=status, body=style))
    answer = documented.get("/transcriptions")
    assert answer.status_code == status
    assert answer.content.startswith(start)
    assert answer.headers.get("Content-Type") == kind


def test_a_status_after_creation_leaves_a_job_behind(api: Api) -> None:
    api.emulator.add_fault(Fault(path="*submit", status=500, after=True))
    assert api.submit().status_code == 500
    assert api.job_count() == 1


@pytest.mark.parametrize(("after", "jobs"), [(False, 0), (True, 1)])
def test_requests_sees_a_reset_before_or_after_the_job_is_created(api: Api, after: bool, jobs: int) -> None:
    api.emulator.add_fault(Fault(path="*submit", reset=True, after=after))
    # A client that is still sending when the reset arrives is told of a broken pipe, or, as urllib3 goes on to read
    # after one, of a connection that was closed.
    with pytest.raises(requests.ConnectionError, match=r"reset by peer|Broken pipe|closed connection"):
        api.submit()
    assert api.job_count() == jobs
    assert api.emulator.requests[0].ending == "reset"
    assert api.emulator.requests[0].status is None


@pytest.mark.parametrize("after", [False, True])
def test_a_raw_socket_sees_a_real_reset(api: Api, after: bool) -> None:
    api.emulator.add_fault(Fault(path="*submit", reset=True, after=after))
    with api.raw_post(b"abcd", announced=4) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_an_answer_can_be_cut_short_under_200(api: Api) -> None:
    api.emulator.add_fault(Fault(path="*submit", truncate_to_bytes=10))
    with api.raw_post(b"abcd", announced=4) as connection:
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, body = received.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200")
    assert len(body) == 10
    assert api.job_count() == 1


def test_a_redirect_leads_where_told(api: Api) -> None:
    api.emulator.add_fault(Fault(status=307, location="http://elsewhere.invalid/"))
    answer = api.get("/transcriptions")
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://elsewhere.invalid/")


def test_latency_and_a_slow_body_take_their_time_from_the_injected_sleep(api: Api) -> None:
    api.emulator.add_fault(Fault(latency_seconds=77.0, slow_body_seconds=5.0))
    assert api.get("/transcriptions").json()["total"] == 0
    assert api.slept[0] == 77.0
    assert sum(api.slept[1:]) == pytest.approx(5.0, abs=0.6)


def test_an_unknown_stage_or_style_is_refused() -> None:
    with pytest.raises(ValueError, match="hold must be one of"):
        Fault(hold="later")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="body must be one of"):
        Fault(body="yaml")  # type: ignore[arg-type]


def test_a_fault_that_could_not_do_what_it_says_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a status"):
        Fault(body="html")
    with pytest.raises(ValueError, match="only reached with after=True"):
        Fault(hold="after_create", reset=True)


@pytest.mark.parametrize(
    ("stage", "jobs"), [("before_body", 0), ("mid_body", 0), ("before_create", 0), ("after_create", 1)]
)
def test_a_hold_stops_a_submit_at_its_stage_until_released(api: Api, stage: Any, jobs: int) -> None:
    api.emulator.add_fault(Fault(path="*submit", hold=stage, hold_after_bytes=2, name="stop"))
    with api.raw_post(b"ab", announced=4) as connection:
        if stage in ("before_create", "after_create"):
            connection.sendall(b"cd")
        assert api.emulator.wait_for_hold("stop")
        assert [(hold.stage, hold.job_id) for hold in api.emulator.holds] == [(stage, 1 if jobs else None)]
        assert api.job_count() == jobs
        assert api.emulator.release("stop") == 1
        if stage in ("before_body", "mid_body"):
            connection.sendall(b"cd")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
    assert api.job_count() == 1
    assert api.emulator.holds == []


def test_a_request_on_its_way_to_a_hold_passes_once_the_faults_are_cleared(api: Api) -> None:
    api.emulator.add_fault(Fault(path="*submit", hold="after_create", name="stop"))
    with api.raw_post(b"ab", announced=4) as connection:
        wait_until(lambda: not api.emulator.faults, "the request has met the fault", 10.0)
        api.emulator.clear_faults()
        api.emulator.release()
        connection.sendall(b"cd")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
    assert api.emulator.holds == []


def test_other_requests_are_served_while_one_is_held(api: Api) -> None:
    api.emulator.add_fault(Fault(path="*submit", hold="after_create", name="stop"))
    with api.raw_post(b"abcd", announced=4):
        assert api.emulator.wait_for_hold("stop")
        assert api.get("/transcriptions").json()["total"] == 1


def test_a_client_that_dies_in_mid_body_leaves_no_job(api: Api) -> None:
    api.emulator.add_fault(Fault(path="*submit", hold="mid_body", hold_after_bytes=1, name="stop"))
    connection = api.raw_post(b"ab", announced=4)
    assert api.emulator.wait_for_hold("stop")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()
    api.emulator.release("stop")
    api.get("/transcriptions")
    assert api.job_count() == 0


def test_a_callback_tells_that_a_stage_is_reached(api: Api) -> None:
    told: list[bytes] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()
            api.emulator.release("stop")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{receiver.server_port}/reached"
        api.emulator.add_fault(Fault(path="*submit", hold="after_create", name="stop", callback_url=url))
        assert api.submit().status_code == 200
    assert b'"stage": "after_create"' in told[0]
    assert b'"job_id": 1' in told[0]
