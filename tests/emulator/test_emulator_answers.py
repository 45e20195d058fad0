"""Answers that a fault makes wrong: echoed headers, replaced fields, shapes, sizes, and their pace."""

from __future__ import annotations

import asyncio
import json
import math
import socket
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_fluxions.emulator import ControlClient, Fault, RecordedRequest
from airflow_provider_fluxions.emulator.delivery import TRANSPORT_EXTENSION, Wire
from airflow_provider_fluxions.emulator.replies import Reply

if TYPE_CHECKING:
    from conftest import Api

KEY = "s3cret-key"


@pytest.mark.parametrize("style", ["error", "detail", "detail_list", "html", "text"])
def test_an_error_repeats_the_headers_of_its_request(documented: Api, style: Any) -> None:
    documented.emulator.add_fault(Fault(status=502, body=style, echo_headers=True))
    answer = documented.get("/transcriptions")
    assert answer.status_code == 502
    assert f"authorization: {KEY}" in answer.text


def test_a_page_repeats_headers_escaped_as_html(documented: Api) -> None:
    documented.emulator.add_fault(Fault(status=502, body="html", echo_headers=True))
    headers = {"Authorization": 'a&b<"c"'}
    answer = documented.session.get(f"{documented.url}/transcriptions", headers=headers, timeout=10)
    assert "authorization: a&amp;b&lt;&quot;c&quot;" in answer.text


@pytest.mark.parametrize("path", ["/transcriptions", "/transcriptions/1"])
def test_a_good_answer_repeats_the_headers_of_its_request(documented: Api, path: str) -> None:
    documented.job()
    documented.emulator.add_fault(Fault(echo_headers=True))
    answer = documented.get(path)
    assert answer.status_code == 200
    assert answer.json()["request_headers"]["authorization"] == KEY


def test_the_key_is_put_wherever_a_fault_asks_for_it(documented: Api) -> None:
    given = "{authorization}"
    documented.emulator.add_fault(
        Fault(
            status=401,
            message=f"Invalid API key provided: {given}",
            headers={"X-Debug": f"key {given}"},
            fields={"hint": [{"you_sent": given}]},
        )
    )
    answer = documented.get("/transcriptions")
    assert answer.json() == {"error": f"Invalid API key provided: {KEY}", "hint": [{"you_sent": KEY}]}
    assert answer.headers["X-Debug"] == f"key {KEY}"


def test_a_redirect_may_carry_the_key_to_another_host(documented: Api) -> None:
    documented.emulator.add_fault(Fault(status=302, location="http://elsewhere.invalid/?key={authorization}"))
    documented.session.headers["Authorization"] = "a key/with?marks"
    answer = documented.session.get(f"{documented.url}/transcriptions", timeout=10, allow_redirects=False)
    assert answer.headers["Location"] == "http://elsewhere.invalid/?key=a%20key%2Fwith%3Fmarks"


@pytest.mark.parametrize("fields", [{"id": "../../"}, {"status": "frobnicating"}, {"error_message": {"code": [7]}}])
def test_fields_are_replaced_in_a_submit_in_a_read_and_in_each_entry_of_the_list(
    documented: Api, fields: dict[str, Any]
) -> None:
    documented.job(b"one")
    documented.emulator.add_fault(Fault(fields=fields, times=None))
    views = [documented.submit(b"two").json(), documented.get("/transcriptions/1").json()]
    page = documented.get("/transcriptions").json()
    assert all(fields.items() <= view.items() for view in (*views, *page["transcriptions"]))
    assert page["total"] == len(page["transcriptions"]) == 2
    assert not fields.keys() & (page.keys() - {"id", "status"})


def test_the_fields_of_a_page_are_replaced_in_the_page(documented: Api) -> None:
    documented.job()
    documented.emulator.add_fault(Fault(fields={"total": "many"}))
    page = documented.get("/transcriptions").json()
    assert page["total"] == "many"
    assert "total" not in page["transcriptions"][0]


def test_an_answer_may_be_a_list(documented: Api) -> None:
    documented.job()
    documented.emulator.add_fault(Fault(shape="list"))
    assert [job["id"] for job in documented.get("/transcriptions/1").json()] == [1]


def test_all_numbers_but_ids_may_be_none(documented: Api) -> None:
    documented.job()
    documented.emulator.add_fault(Fault(shape="nan"))
    answer = documented.get("/transcriptions/1")
    assert b"NaN" in answer.content
    job = json.loads(answer.content)
    assert (job["id"], job["cached"]) == (1, False)
    assert math.isnan(job["audio_duration"])
    assert math.isnan(job["segments"][0]["start"])


def test_an_answer_may_be_nested_a_hundred_thousand_deep(documented: Api) -> None:
    documented.job()
    documented.emulator.add_fault(Fault(deepen_levels=100_000))
    answer = documented.get("/transcriptions/1").content
    assert answer.startswith(b'{"id": 1,')
    assert answer.endswith(b"[" * 100_000 + b"]" * 100_000 + b"}")


@pytest.mark.parametrize(("path", "field"), [("/transcriptions", "transcriptions"), ("/transcriptions/1", "segments")])
def test_an_answer_may_be_as_large_as_wanted(documented: Api, path: str, field: str) -> None:
    documented.job()
    genuine = documented.get(path).json()[field]
    documented.emulator.add_fault(Fault(pad_to_bytes=100_000))
    answer = documented.get(path)
    entries = answer.json()[field]
    assert 99_995 <= len(answer.content) <= 100_000
    assert entries == genuine + [{}] * (len(entries) - len(genuine))


def test_a_whole_answer_may_hold_half_of_its_json(documented: Api) -> None:
    documented.job()
    documented.emulator.add_fault(Fault(cut_to_bytes=25))
    answer = documented.get("/transcriptions/1")
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, "25")
    assert answer.content == b'{"id": 1, "status": "comp'


def _received(api: Api) -> list[bytes]:
    """A read over a raw socket, in the pieces that came."""
    with socket.create_connection(("127.0.0.1", api.server.port), timeout=10) as connection:
        head = f"GET /transcriptions HTTP/1.1\r\nHost: localhost\r\nAuthorization: {KEY}\r\n\r\n"
        connection.sendall(head.encode())
        return list(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("part", ["drip_head_seconds", "drip_body_seconds"])
def test_a_pause_follows_each_byte_of_what_drips(documented: Api, part: str) -> None:
    documented.emulator.add_fault(Fault(**{part: 0.5}))  # type: ignore[arg-type]
    head, _, body = b"".join(_received(documented)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(body)["total"] == 0
    dripped = len(head) + 4 if part == "drip_head_seconds" else len(body)
    assert documented.slept == [0.5] * dripped
    assert documented.emulator.requests[0].ending == "answered"


class Leaving(asyncio.Transport):
    """The connection of a client that leaves after three bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return len(self.written) >= 3

    def close(self) -> None:
        pass


def test_a_drip_ends_when_its_client_has_left() -> None:
    left = Leaving()

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def sleep(_: float) -> None:
        pass

    scope = {"extensions": {TRANSPORT_EXTENSION: left}}
    record = RecordedRequest(1, "GET", "/transcriptions", {}, {}, "valid", 0.0)
    wire = Wire(scope, receive, send=sleep, record=record, sleep=sleep)  # type: ignore[arg-type] # sends nothing
    asyncio.run(wire.send_drip(Reply(200, b"x" * 1_000), 0.5, 0.5))
    assert left.written == [b"H", b"T", b"T"]


def test_what_is_wrong_with_answers_travels_over_the_control_api(documented: Api, control_of: Any) -> None:
    control: ControlClient = control_of(documented)
    control.add_fault(Fault(fields={"id": "../../"}, headers={"X-Debug": "on"}, shape="list", name="odd"))
    assert control.faults()[0]["fields"] == {"id": "../../"}
    answer = documented.submit()
    assert (answer.json()[0]["id"], answer.headers["X-Debug"]) == ("../../", "on")


@pytest.mark.parametrize(
    "impossible", [{"shape": "yaml"}, {"pad_to_bytes": 2**40}, {"pad_to_bytes": -1}, {"deepen_levels": 2**40}]
)
def test_a_shape_or_a_size_that_cannot_be_is_refused(impossible: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be (one of|from 0 to)"):
        Fault(**impossible)
