"""The client over real sockets, against both readings of the API."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from airflow_provider_fluxions.api.client import FluxionsClient
from airflow_provider_fluxions.api.errors import (
    FluxionsAudioError,
    FluxionsAuthenticationError,
    FluxionsConnectionError,
    FluxionsCreditError,
    FluxionsInputError,
    FluxionsNotFoundError,
    FluxionsRejectedError,
    FluxionsRequestError,
    FluxionsResponseError,
    FluxionsServerError,
    FluxionsThrottledError,
)
from airflow_provider_fluxions.api.ids import check_job_id
from airflow_provider_fluxions.api.session import USER_AGENT
from tests.unit.conftest import KEY, MakeService, Service
from tests.unit.fakes import Source, source

AUDIO = b"RIFF audio"
TLS_HANDSHAKE = b"\x16"  # the first byte of a record, RFC 8446, section 5.1


def submit_error(client: FluxionsClient, audio: object = AUDIO) -> FluxionsRequestError:
    with pytest.raises(FluxionsRequestError) as raised:
        client.submit(audio, filename="a.mp3")  # type: ignore[arg-type]
    return raised.value


@contextmanager
def raw_server(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Answer every request with these bytes and close; give the address and the requests' heads."""
    heads: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head and head[:1] != TLS_HANDSHAKE and (data := self.connection.recv(65_536)):
                head += data
            heads.append(head)
            self.connection.sendall(answer)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heads
        finally:
            server.shutdown()
            thread.join()


def json_answer(body: object, status: str = "200 OK") -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status.encode(), len(data), data)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# What is sent


def test_a_submit_sends_the_bare_key_the_options_and_the_whole_audio(service: Service) -> None:
    audio = b"x" * 3_000_000
    submission = service.client().submit(audio, filename="My talk ü&?.mp3", non_speech=True, cache=False)
    (post,) = service.requests
    assert (post.method, post.path, post.key) == ("POST", service.submit_path, "valid")
    assert post.query == {"filename": "My talk ü&?.mp3", "non_speech": "true", "cache": "false"}
    assert post.headers["content-type"] == "audio/mpeg"
    assert post.headers["content-length"] == str(len(audio))
    assert post.headers["user-agent"] == USER_AGENT
    assert "transfer-encoding" not in post.headers
    assert post.received_bytes == len(audio)
    assert [job.id for job in service.emulator.jobs] == [submission.id]


def test_the_media_type_may_be_given(service: Service) -> None:
    service.client().submit(AUDIO, filename="a.mp3", content_type="audio/x-own")
    assert service.posts[0].headers["content-type"] == "audio/x-own"


def test_a_filename_that_is_no_unicode_text_is_sent_readable(service: Service) -> None:
    service.client().submit(AUDIO, filename="lone \udcff byte.mp3")
    assert service.emulator.jobs[0].filename == "lone ? byte.mp3"


def test_a_transcription_is_read_with_words_when_asked_for(service: Service) -> None:
    client = service.client()
    job_id = client.submit(AUDIO, filename="a.mp3").id
    transcription = client.get_transcription(job_id, word_level_timestamps=True)
    assert transcription.status == "completed"
    assert transcription.text
    assert transcription.segments[0].words
    assert service.gets[-1].query == {"word_level_timestamps": "true"}


def test_health_is_read(service: Service) -> None:
    assert service.client().health()["status"] == "ok"


def test_a_service_that_says_it_is_unwell_is_not_healthy() -> None:
    with (
        raw_server(json_answer({"status": "degraded"})) as (url, _),
        pytest.raises(FluxionsRequestError, match="degraded"),
    ):
        FluxionsClient(KEY, url).health()


def test_the_key_is_in_no_message_and_no_representation(service: Service) -> None:
    client = service.client(api_key="wrong-but-s3cret")
    with pytest.raises(FluxionsAuthenticationError) as refused:
        client.list_transcriptions()
    assert "s3cret" not in f"{refused.value} {refused.value!r} {client!r} {vars(refused.value)}"


@pytest.mark.parametrize("limit, offset", [(0, 0), (101, 0), (10, -1)])  # noqa: PT006
def test_a_page_out_of_range_is_refused_without_a_request(documented: Service, limit: int, offset: int) -> None:
    with pytest.raises(FluxionsInputError):
        documented.client().list_transcriptions(limit, offset)
    assert not documented.requests


# Ids


@pytest.mark.parametrize("job_id", [124, "124", "b7c1-x", "a.b:c~d", 2**70])
def test_ids_are_numbers_or_plain_words(job_id: int | str) -> None:
    assert check_job_id(job_id) == job_id


@pytest.mark.parametrize(
    "bad",
    [None, "", " ", "None", "null", "../health", "a/b", "1?x=2", "[1, 2]", "{{ x }}", 1.5, True, [1], b"1", "x" * 201],
)
def test_what_cannot_be_an_id_is_refused_before_any_request(documented: Service, bad: object) -> None:
    with pytest.raises(FluxionsInputError, match="job id"):
        documented.client().get_transcription(bad)  # type: ignore[arg-type]
    assert not documented.requests


def test_an_unknown_id_is_not_found_and_named(service: Service) -> None:
    with pytest.raises(FluxionsNotFoundError) as missing:
        service.client().get_transcription(4711)
    assert (missing.value.job_id, missing.value.status_code) == (4711, 404)


def test_a_wrong_base_url_is_named_instead_of_a_job(documented: Service) -> None:
    client = documented.client(base_url=f"{documented.url}/wrong")
    for call in (client.health, client.list_transcriptions):
        with pytest.raises(FluxionsNotFoundError, match=r"/wrong has no /\w+. Check the connection's host") as missing:
            call()
        assert "job id" not in str(missing.value)


def test_a_client_that_could_not_be_made_can_be_shown() -> None:
    assert repr(FluxionsClient.__new__(FluxionsClient)) == "FluxionsClient()"


# The two submit paths


def test_the_other_submit_path_is_tried_and_creates_one_job(observed: Service) -> None:
    submission = observed.client(submit_path=None).submit(AUDIO, filename="a.mp3")
    assert [(post.path, post.status) for post in observed.posts] == [("/submit", 404), ("/akro/submit", 200)]
    assert [job.id for job in observed.emulator.jobs] == [submission.id]


def test_a_second_client_does_not_pay_for_the_wrong_path_again(observed: Service) -> None:
    for _ in range(2):
        observed.client(submit_path=None).submit(AUDIO, filename="a.mp3")
    assert [post.path for post in observed.posts] == ["/submit", "/akro/submit", "/akro/submit"]


def test_a_path_that_stops_working_is_left_again(documented: Service) -> None:
    client = documented.client(submit_path=None)
    client.submit(AUDIO, filename="a.mp3")
    documented.fault_on_submit(status=405)
    with pytest.raises(FluxionsNotFoundError):
        client.submit(AUDIO, filename="b.mp3")
    assert [post.path for post in documented.posts] == ["/submit", "/submit", "/akro/submit"]


def test_the_connections_choice_is_tried_first_whatever_worked_for_others(documented: Service) -> None:
    documented.client(submit_path=None).submit(AUDIO, filename="a.mp3")
    documented.client(submit_path="/akro/submit").submit(AUDIO, filename="b.mp3")
    assert [post.path for post in documented.posts] == ["/submit", "/akro/submit", "/submit"]


def test_a_path_of_the_users_own_is_the_only_one_tried(documented: Service) -> None:
    error = submit_error(documented.client(submit_path="/own"))
    assert [post.path for post in documented.posts] == ["/own"]
    assert "submit_path" in str(error)
    assert error.nothing_created


def test_the_audio_is_opened_afresh_for_the_second_path(observed: Service) -> None:
    audio = source(b"x" * 2_000_000)
    observed.client(submit_path=None).submit(audio, filename="a.mp3")
    assert (audio.opened, audio.closed) == (2, 2)
    assert observed.posts[-1].received_bytes == 2_000_000


def test_the_audio_is_closed_after_a_failure(documented: Service) -> None:
    documented.fault_on_submit(reset=True)
    audio = source()
    submit_error(documented.client(), audio)
    assert (audio.opened, audio.closed) == (1, 1)


# Retries


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("retry_after", [None, "0", "date+0", "nonsense"])
def test_a_read_is_retried_after_a_transient_answer(documented: Service, status: int, retry_after: str | None) -> None:
    documented.fault(method="GET", status=status, times=2, retry_after=retry_after)
    assert documented.client(max_retries=2).list_transcriptions().total == 0
    assert [request.status for request in documented.gets] == [status, status, 200]


def test_a_read_is_retried_after_a_reset(documented: Service) -> None:
    documented.fault(method="GET", reset=True, times=2)
    documented.client(max_retries=2).list_transcriptions()
    assert len(documented.gets) == 3


def test_retries_end_with_the_last_answer(documented: Service) -> None:
    documented.fault(method="GET", status=429, times=None, retry_after="0", message="Slow down")
    with pytest.raises(FluxionsThrottledError, match="Slow down") as throttled:
        documented.client(max_retries=2).list_transcriptions()
    assert len(documented.gets) == 3
    assert (throttled.value.status_code, throttled.value.retry_after_seconds) == (429, 0.0)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422])
def test_a_read_is_not_retried_after_a_permanent_answer(documented: Service, status: int) -> None:
    documented.fault(method="GET", status=status, times=None)
    with pytest.raises(FluxionsRequestError) as refused:
        documented.client().list_transcriptions()
    assert len(documented.gets) == 1
    assert not refused.value.transient


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_submit_is_not_retried_by_the_client(documented: Service, status: int) -> None:
    documented.fault_on_submit(status=status, times=None, retry_after="7")
    error = submit_error(documented.client())
    assert len(documented.posts) == 1
    assert (error.status_code, error.retry_after_seconds, error.transient) == (status, 7.0, True)


def test_a_submit_is_not_retried_after_a_reset(documented: Service) -> None:
    documented.fault_on_submit(reset=True, times=None)
    submit_error(documented.client())
    assert len(documented.posts) == 1


# Answers that cannot be used


@pytest.mark.parametrize("body", ["html", "empty", "text", "truncated_json"])
def test_an_unreadable_good_answer_to_a_submit_says_that_a_job_may_exist(service: Service, body: str) -> None:
    service.fault_on_submit(status=200, body=body, after=True)
    with pytest.raises(FluxionsResponseError) as unreadable:
        service.client().submit(AUDIO, filename="a.mp3")
    assert not unreadable.value.nothing_created
    assert unreadable.value.transient
    assert len(service.emulator.jobs) == 1


def test_an_answer_cut_in_the_middle_says_that_a_job_may_exist(service: Service) -> None:
    service.fault_on_submit(after=True, truncate_to_bytes=10)
    error = submit_error(service.client())
    assert isinstance(error, FluxionsConnectionError)
    assert not error.nothing_created


def test_an_answer_without_an_id_says_that_a_job_may_exist() -> None:
    with raw_server(json_answer({"status": "submitted"})) as (url, _):
        error = submit_error(FluxionsClient(KEY, url))
    assert isinstance(error, FluxionsResponseError)
    assert not error.nothing_created


@pytest.mark.parametrize("answer", [{"id": 8, "status": "completed", "text": "other"}, {"status": "completed"}])
def test_an_answer_about_another_job_or_none_is_never_taken_for_the_job(answer: dict[str, object]) -> None:
    with raw_server(json_answer(answer)) as (url, _), FluxionsClient(KEY, url, max_retries=0) as client:
        with pytest.raises(
            FluxionsResponseError, match=r"asked for job 7 and responded with job|without a usable job id"
        ) as caught:
            client.get_transcription(7)
        assert (caught.value.job_id, caught.value.transient) == (7, True)


@pytest.mark.parametrize("body", ["html", "empty", "truncated_json"])
def test_an_unreadable_good_answer_to_a_read_is_a_transient_error(documented: Service, body: str) -> None:
    documented.fault(method="GET", status=200, body=body)
    with pytest.raises(FluxionsResponseError) as unreadable:
        documented.client().list_transcriptions()
    assert unreadable.value.transient


# Whether a failed submit may have created a job


def test_nothing_was_created_where_nobody_listens() -> None:
    error = submit_error(FluxionsClient(KEY, f"http://127.0.0.1:{free_port()}"))
    assert isinstance(error, FluxionsConnectionError)
    assert error.nothing_created
    assert "connection's host" in str(error)


def test_an_error_names_the_host_and_the_reason_and_no_class_of_ours_or_urllib3s() -> None:
    with pytest.raises(FluxionsConnectionError) as raised:
        FluxionsClient(KEY, "http://127.0.0.1:9", max_retries=0).list_transcriptions()
    assert str(raised.value).startswith(
        "No usable response from http://127.0.0.1:9 (ConnectionError: Failed to establish a new connection: "
    )


def test_a_host_that_speaks_plain_http_is_told_by_what_to_write(documented: Service) -> None:
    """As where somebody left the scheme out, which means https."""
    with pytest.raises(FluxionsConnectionError, match="must begin with http://"):
        FluxionsClient(KEY, documented.url.replace("http://", "https://"), max_retries=0).list_transcriptions()


def test_nothing_was_created_where_the_host_has_no_address() -> None:
    error = submit_error(FluxionsClient(KEY, "https://no-such-host.invalid"))
    assert isinstance(error, FluxionsConnectionError)
    assert error.nothing_created


@pytest.mark.parametrize("after", [False, True])
def test_a_reset_proves_nothing(documented: Service, after: bool) -> None:
    documented.fault_on_submit(reset=True, after=after)
    assert not submit_error(documented.client()).nothing_created
    assert len(documented.emulator.jobs) == int(after)


@pytest.mark.parametrize("after", [False, True])
def test_a_timeout_proves_nothing(documented: Service, after: bool) -> None:
    documented.fault_on_submit(hold="after_create" if after else "before_body", after=after, name="held")
    error = submit_error(documented.client(submit_timeout=0.1))
    assert isinstance(error, FluxionsConnectionError)
    assert not error.nothing_created
    assert len(documented.emulator.jobs) == int(after)


@pytest.mark.parametrize(
    ("status", "kind", "nothing_created"),
    [
        (301, FluxionsRejectedError, True),
        (400, FluxionsRejectedError, True),
        (401, FluxionsAuthenticationError, True),
        (402, FluxionsCreditError, True),
        (403, FluxionsAuthenticationError, True),
        (413, FluxionsRejectedError, True),
        (415, FluxionsRejectedError, True),
        (422, FluxionsRejectedError, True),
        (429, FluxionsThrottledError, True),
        (408, FluxionsServerError, False),
        (500, FluxionsServerError, False),
        (502, FluxionsServerError, False),
        (503, FluxionsServerError, False),
        (504, FluxionsServerError, False),
    ],
)
def test_a_status_tells_whether_a_job_may_exist(
    documented: Service, status: int, kind: type[FluxionsRequestError], nothing_created: bool
) -> None:
    documented.fault_on_submit(status=status, location="/elsewhere" if status < 400 else None)
    error = submit_error(documented.client())
    assert type(error) is kind
    assert error.nothing_created is nothing_created


def test_a_refusal_before_the_audio_was_sent_is_read(documented: Service) -> None:
    """Gateways answer 401 or 413 to the head of a large upload and close; the answer counts, not the broken pipe."""
    error = submit_error(documented.client(api_key="wrong"), b"x" * 20_000_000)
    assert isinstance(error, FluxionsAuthenticationError)


# Sources that are not what they were announced as


@pytest.mark.parametrize("blocks", [[b"0123"], [b"0123", b"456789", b"too much"], [b"0123456789", b"x"]])
def test_a_source_of_another_length_than_announced_creates_no_job(service: Service, blocks: list[bytes]) -> None:
    with pytest.raises(FluxionsAudioError, match="instead of 10"):
        service.client().submit(Source(blocks, 10), filename="a.mp3")
    service.client().submit(AUDIO, filename="b.mp3")
    assert [job.filename for job in service.emulator.jobs] == ["b.mp3"]


def test_a_source_that_breaks_off_creates_no_job_and_leaves_the_client_usable(service: Service) -> None:
    client = service.client()
    with pytest.raises(FluxionsAudioError, match="failed after"):
        client.submit(Source([b"0123", OSError("disk")], 10), filename="a.mp3")
    client.submit(AUDIO, filename="b.mp3")
    assert [job.filename for job in service.emulator.jobs] == ["b.mp3"]


# Time


@pytest.mark.slow
def test_a_gateway_may_hold_an_upload_longer_than_the_connect_timeout(documented: Service) -> None:
    """The body is larger than the sockets' buffers, so the sending itself stands still."""
    documented.fault_on_submit(latency_seconds=0.4)
    client = documented.client(connect_timeout=0.1, submit_timeout=10.0)
    client.submit(b"x" * 20_000_000, filename="a.mp3")
    assert documented.posts[0].received_bytes == 20_000_000


def test_a_read_ends_at_its_timeout(documented: Service) -> None:
    documented.fault(method="GET", hold="before_body", times=None)
    with pytest.raises(FluxionsConnectionError, match=r"Timeout|timed out"):
        documented.client(read_timeout=0.05, max_retries=0).list_transcriptions()


# Redirects, netrc and proxies


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed_and_takes_no_key_along(serve: MakeService, status: int) -> None:
    here, elsewhere = serve("documented"), serve("documented")
    here.fault(status=status, location=f"{elsewhere.url}/transcriptions", times=None)
    client = here.client()
    with pytest.raises(FluxionsRejectedError, match="redirect"):
        client.list_transcriptions()
    with pytest.raises(FluxionsRejectedError, match="redirect"):
        client.submit(AUDIO, filename="a.mp3")
    assert not elsewhere.requests


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_read_follows_a_redirect_within_its_host(documented: Service, status: int) -> None:
    documented.fault(path="/transcriptions", status=status, location="/transcriptions?limit=7&offset=0")
    page = documented.client().list_transcriptions(limit=5)
    assert page.limit == 7
    assert [request.key for request in documented.gets] == ["valid", "valid"]


def test_a_submit_follows_no_redirect(documented: Service) -> None:
    documented.fault_on_submit(status=307, location="/submit", times=None)
    assert isinstance(submit_error(documented.client()), FluxionsRejectedError)
    assert len(documented.posts) == 1


@pytest.mark.slow
def test_redirects_in_a_circle_end(documented: Service) -> None:
    documented.fault(method="GET", status=302, location="/transcriptions", times=None)
    with pytest.raises(FluxionsConnectionError, match="TooManyRedirects"):
        documented.client().list_transcriptions()


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "netrc"
    path.write_text("machine 127.0.0.1 login somebody password else\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))


def test_a_netrc_file_does_not_replace_the_key(service: Service, netrc: None) -> None:
    client = service.client()
    client.submit(AUDIO, filename="a.mp3")
    service.fault(path="/transcriptions", status=302, location="/transcriptions")
    client.list_transcriptions()
    assert {request.key for request in service.requests} == {"valid"}


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(json_answer({"status": "ok"})) as (proxy, heads):
        monkeypatch.setenv("http_proxy", proxy)
        FluxionsClient(KEY, "http://api.fluxions.test/v1", allow_http=True).health()
    assert heads[0].startswith(b"GET http://api.fluxions.test/v1/health HTTP/1.1\r\n")


def test_a_submit_uses_the_proxy_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(json_answer({"id": 1, "status": "submitted"})) as (proxy, heads):
        monkeypatch.setenv("http_proxy", proxy)
        FluxionsClient(KEY, "http://api.fluxions.test", allow_http=True).submit(AUDIO, filename="a.mp3")
    assert heads[0].startswith(b"POST http://api.fluxions.test/submit?filename=a.mp3")


def test_a_dead_proxy_creates_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    error = submit_error(FluxionsClient(KEY, "http://api.fluxions.test", allow_http=True))
    assert error.nothing_created


def test_a_certificate_that_nobody_signed_says_what_to_set(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "server.pem"))
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        error = submit_error(FluxionsClient(KEY, f"https://127.0.0.1:{server.server_port}"))
        server.shutdown()
    assert '"verify"' in str(error)
    assert error.nothing_created


def self_signed(path: Path) -> Path:
    """Write a key, and a certificate for it that only itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, datetime(2026, 1, 1), datetime(2100, 1, 1))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem + builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return path


# The list


def test_every_job_is_listed_once(service: Service) -> None:
    service.emulator.seed_jobs(250)
    ids = [job.id for job in service.client().iter_transcriptions()]
    assert sorted(ids) == list(range(1, 251))
    assert len(service.gets) == 3


def test_an_empty_account_is_one_request(service: Service) -> None:
    assert list(service.client().iter_transcriptions()) == []
    assert len(service.gets) == 1


def test_jobs_that_arrive_while_paging_hide_none(service: Service) -> None:
    service.emulator.seed_jobs(250)
    ids = []
    for job in service.client().iter_transcriptions():
        ids.append(job.id)
        if len(ids) in (50, 150):
            service.emulator.seed_jobs(70, age_seconds=0.0)
    assert len(ids) == len(set(ids))
    assert set(range(1, 251)) <= set(ids)


# Memory

UPLOAD_256_MIB = r"""
import re, sys
from pathlib import Path
from airflow_provider_fluxions.api.audio import Audio
from airflow_provider_fluxions.api.client import FluxionsClient

class Zeros:
    def __init__(self, size): self.left = size
    def read(self, size=-1):
        size = min(size, self.left)
        self.left -= size
        return bytes(size)
    def close(self): pass

# Not ru_maxrss: that one is inherited from the process that started this one.
def peak(): return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

size = 256 * 2**20
client = FluxionsClient("s3cret-key", sys.argv[1])
client.health()
before = peak()
client.submit(Audio("zeros", size, "", lambda: Zeros(size)), filename="zeros.wav")
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak")
def test_an_upload_of_256_mib_keeps_memory_flat(documented: Service) -> None:
    """The peak of a process of its own, in MiB over what it was before the upload."""
    command = [sys.executable, "-c", UPLOAD_256_MIB, documented.url]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert documented.posts[0].received_bytes == 256 * 2**20
    assert float(done.stdout) < 16
