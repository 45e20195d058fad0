"""The viewer in a running Airflow: what it shows to whom, and what nobody gets out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest

from airflow_provider_fluxions.emulator import ControlClient
from harness.settings import AIRFLOW_2
from harness.stage import INPUT, OUTPUT, ROOT, Run, Stage
from tests.e2e.visitor import CLOSED_DAG, GUEST, Reply, Visitor, add_user_2

pytestmark = pytest.mark.skipif(
    version("apache-airflow").startswith("3.0."), reason="the scripts of Airflow 3.0's own pages alone know the reader"
)

PROFILE = "documented"
NOBODY = "nobody"
PAGE = b"<html><script>alert(1)</script></html>"
CALLS = ("task", "items", "transcript", "download", "audio")
# Of the web server's database, where the other connections of the stage are variables of its environment.
CONNECTIONS = {"fluxions": "viewed_fluxions", "aws": "viewed_aws"}

Query = dict[str, Any]


def task(run: Run, task_id: str, **more: Any) -> Query:
    return {"dag_id": run.dag_id, "run_id": run.run_id, "task_id": task_id, **more}


@pytest.fixture(scope="module")
def admin(stage: Stage) -> Iterator[Visitor]:
    """Who may read everything; in the end no key was in any answer."""
    visitor = Visitor.signed_in(stage.airflow)
    yield visitor
    keys = [emulator.api_key.encode() for emulator in stage.emulators.values()] + [b"local-secret", b"X-Amz-Signature"]
    assert [
        reply for reply in visitor.replies for key in keys if key in reply.body + repr(reply.headers).encode()
    ] == []


@pytest.fixture(scope="module")
def strangers(stage: Stage) -> dict[str, Visitor]:
    """Who has no rights at all, and who may not see one DAG (on Airflow 2: no DAG, but all else)."""
    if stage.airflow.major == AIRFLOW_2:
        add_user_2(stage.airflow, NOBODY, "Public")
        add_user_2(stage.airflow, GUEST, "Guest", ("Task Instances", "XComs", "DAG Runs", "Website"))
    return {login: Visitor.signed_in(stage.airflow, login) for login in (NOBODY, GUEST)}


@pytest.fixture(scope="module")
def transfer(stage: Stage) -> Query:
    """A transfer that has ended."""
    return task(stage.runs[PROFILE, "bucket_to_bucket"].succeeded(), "transcribe")


@pytest.fixture(scope="module")
def viewed(stage: Stage) -> Run:
    """Mapped submits by connections of the database, one of a web page that is called a recording."""
    emulator, storage = stage.emulators[PROFILE], stage.storage
    fields = {"fluxions": emulator.airflow_connection(), "aws": storage.airflow_connection()}
    for name, conn_id in CONNECTIONS.items():
        extra = json.dumps(fields[name].get("extra", {}))
        stage.airflow.rest.call("POST", "/connections", {**fields[name], "connection_id": conn_id, "extra": extra})
    storage.put(INPUT, "viewed/memo.mp3", (ROOT / "samples" / "memo.mp3").read_bytes() + b"viewed")
    storage.client.put_object(Bucket=INPUT, Key="viewed/page.mp3", Body=PAGE, ContentType="text/html")
    run = stage.start("viewed", CONNECTIONS).succeeded()
    # That a job still runs is known for seconds, also without its connection.
    with ControlClient(emulator.url) as control:
        for index in (0, 1):
            control.force_status(int(run.xcom("submit", index)), "completed")
    return run


def test_a_transfer_shows_its_manifest_its_transcripts_and_its_recordings(
    stage: Stage, admin: Visitor, transfer: Query
) -> None:
    told = admin.json("task", **transfer)
    assert (told["kind"], told["state"], told["counts"]["done"]) == ("manifest", "success", 2)
    for item in admin.json("items", **transfer, filter="done")["items"]:
        stored = json.loads(stage.storage.get(OUTPUT, item["outputs"][0].removeprefix(f"s3://{OUTPUT}/")))
        shown = admin.json("transcript", **transfer, no=item["no"])
        assert shown["job_id"] == str(stored["id"])
        assert len(shown["segments"]) == len(stored["segments"])
        downloaded = admin.call("download", **transfer, no=item["no"], format="json")
        assert json.loads(downloaded.body)["text"] == stored["text"]
        recording = stage.storage.get(INPUT, item["source"].removeprefix(f"s3://{INPUT}/"))
        assert admin.call("audio", **transfer, no=item["no"]).body == recording


def test_submit_sensor_and_stored_results_show_the_same_transcript(stage: Stage, admin: Visitor) -> None:
    run = stage.runs[PROFILE, "submit_wait_store"].succeeded()
    shown = [admin.json("transcript", **task(run, name), no=0) for name in ("submit", "wait", "store")]
    assert [one["job_id"] for one in shown] == [str(run.xcom("submit"))] * 3
    assert shown[0]["segments"] == shown[1]["segments"] == shown[2]["segments"] != []


def test_a_wait_for_mapped_submits_shows_all_their_jobs(stage: Stage, admin: Visitor) -> None:
    run = stage.runs[PROFILE, "mapped_taskflow"].succeeded()
    assert admin.json("task", **task(run, "wait"))["counts"]["done"] == 2


def test_mapped_tasks_with_templated_connections_of_the_database_are_shown(admin: Visitor, viewed: Run) -> None:
    names = [admin.json("items", **task(viewed, "submit", map_index=index))["items"][0]["name"] for index in (0, 1)]
    assert names == ["memo.mp3", "page.mp3"]
    assert admin.call("task", **task(viewed, "submit")).status == 404
    assert admin.call("task", **task(viewed, "submit", map_index=2)).status == 404


def test_who_has_not_signed_in_gets_nothing(stage: Stage, transfer: Query) -> None:
    anybody = Visitor(stage.airflow)
    paths = [
        "view",
        "assets/viewer.js",
        "assets/viewer.css",
        "assets/other",
        "other",
        "",
        *(f"api/{one}" for one in CALLS),
    ]
    for path in paths:
        query = "&".join(f"{name}={value}" for name, value in transfer.items())
        reply = anybody.send(f"{path}?{query}&no=0")
        if path == "view":
            assert (reply.status, reply.body) == (302, b"")
            assert "login" in reply.headers["location"]
        else:
            assert (reply.status, reply.detail) == (401, "Not authenticated"), path
        assert_harmless(reply)


def test_a_forged_token_is_refused(stage: Stage, transfer: Query) -> None:
    forger = Visitor(stage.airflow, {"_token": "e30.e30.e30", "session": "e30.e30.e30"})
    assert forger.call("items", **transfer).status in (401, 403)


@pytest.mark.parametrize("login", [NOBODY, GUEST])
def test_who_may_not_read_the_dag_gets_nothing_of_it(stage: Stage, strangers: dict[str, Visitor], login: str) -> None:
    closed = task(stage.runs[PROFILE, "mapped_taskflow"].succeeded(), "wait")
    assert closed["dag_id"] == CLOSED_DAG
    for call in CALLS:
        reply = strangers[login].call(call, **closed, no=0)
        assert reply.status == 403, call
        assert_harmless(reply)
    query = "&".join(f"{name}={value}" for name, value in closed.items())
    assert strangers[login].send(f"view?{query}").status == 403


def test_the_right_to_one_dag_opens_no_other(stage: Stage, strangers: dict[str, Visitor], transfer: Query) -> None:
    if stage.airflow.major == AIRFLOW_2:
        pytest.skip("its guest may see no DAG: see the test above")
    guest, closed = strangers[GUEST], f"dag_id={CLOSED_DAG}"
    assert guest.call("items", **transfer).status == 200
    rest = "&".join(f"{name}={value}" for name, value in transfer.items() if name != "dag_id")
    opened = f"dag_id={transfer['dag_id']}"
    for query in (f"{closed}&{opened}&{rest}", f"{opened}&{closed}&{rest}", f"dag_id=~&{closed}&{rest}"):
        assert guest.send(f"api/items?{query}").status in (403, 422)
    closed_run = stage.runs[PROFILE, "mapped_taskflow"].run_id
    assert guest.call("items", **{**transfer, "run_id": closed_run}).status == 404
    assert guest.call("items", **{**transfer, "task_id": "wait"}).status == 404


def test_who_may_not_read_a_dag_still_gets_the_files_of_the_page(strangers: dict[str, Visitor]) -> None:
    reply = strangers[NOBODY].send("assets/viewer.js")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


@pytest.mark.parametrize("call", ["transcript", "download", "audio"])
@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("-1", 422),
        ("999999", 404),
        ("2", 404),
        ("../0", 422),
        ("..%2f0", 422),
        ("0%00", 422),
        ("0%26no%3D1", 422),
        ("", 422),
    ],
)
def test_an_item_is_a_number_of_the_task(admin: Visitor, transfer: Query, call: str, number: str, status: int) -> None:
    query = "&".join(f"{name}={value}" for name, value in transfer.items())
    reply = admin.send(f"api/{call}?{query}&no={number}")
    assert reply.status == status
    assert_harmless(reply)


@pytest.mark.parametrize(
    "path",
    [
        "assets/index.html", "assets/../index.html", "assets/..%2findex.html", "assets/%2e%2e/handlers.py",
        "assets/..%2f..%2fdesk.py", "assets/viewer.js/", "assets/", "assets/%2fetc%2fpasswd", "assets/viewer.js%00",
        "api/", "api/../view", "api/_task", "api/items/../../view", "../fluxions", "static/index.html", "docs",
    ],
)  # fmt: skip
def test_no_other_path_leads_to_a_file(admin: Visitor, transfer: Query, path: str) -> None:
    reply = admin.send(path)
    assert reply.status in (401, 404, 405, 422), reply
    assert b"import" not in reply.body
    assert b"root:" not in reply.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(admin: Visitor, transfer: Query, method: str) -> None:
    query = "&".join(f"{name}={value}" for name, value in transfer.items())
    assert admin.send(f"api/items?{query}", method=method).status in (400, 404, 405)


def test_a_recording_is_played_in_parts(stage: Stage, admin: Visitor, transfer: Query) -> None:
    item = admin.json("items", **transfer)["items"][0]
    whole = stage.storage.get(INPUT, item["source"].removeprefix(f"s3://{INPUT}/"))
    size = len(whole)
    parts = {
        "bytes=0-": (0, size),
        "bytes=0-0": (0, 1),
        "bytes=1000-1999": (1000, 2000),
        "bytes=-500": (size - 500, size),
        f"bytes={size - 1}-": (size - 1, size),
        f"bytes=0-{size * 2}": (0, size),
    }
    for header, (first, behind) in parts.items():
        reply = admin.call("audio", {"Range": header}, **transfer, no=0)
        assert (reply.status, reply.body) == (206, whole[first:behind]), header
        assert reply.headers["content-range"] == f"bytes {first}-{behind - 1}/{size}"
        assert (reply.headers["accept-ranges"], reply.headers["content-type"]) == ("bytes", "audio/mpeg")
    assert admin.call("audio", {"Range": "bytes=0-1,5-6"}, **transfer, no=0).body == whole
    behind = admin.call("audio", {"Range": f"bytes={size}-"}, **transfer, no=0)
    assert (behind.status, behind.headers["content-range"]) == (416, f"bytes */{size}")
    packed = admin.call("audio", {"Accept-Encoding": "gzip"}, **transfer, no=0)
    assert (packed.headers["content-length"], packed.body) == (str(size), whole)


def test_a_web_page_that_is_called_a_recording_is_never_one_here(admin: Visitor, viewed: Run) -> None:
    reply = admin.call("audio", **task(viewed, "submit", map_index=1), no=0)
    assert (reply.status, reply.body) == (200, PAGE)
    assert reply.headers["content-type"] == "audio/mpeg"
    assert reply.headers["content-disposition"].startswith("attachment")
    assert_harmless(reply)


def test_the_page_runs_nothing_but_its_own_files(admin: Visitor, transfer: Query) -> None:
    query = "&".join(f"{name}={value}" for name, value in transfer.items())
    page = admin.send(f"view?{query}")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'self'" in policy
    for name in ("viewer.js", "viewer.css"):
        assert f"assets/{name}".encode() in page.body
        assert_harmless(admin.send(f"assets/{name}"))


def test_a_connection_that_is_gone_is_named(stage: Stage, admin: Visitor, viewed: Run) -> None:
    stage.airflow.rest.call("DELETE", f"/connections/{CONNECTIONS['fluxions']}")
    reply = admin.call("transcript", **task(viewed, "submit", map_index=0), no=0)
    assert (reply.status, "'viewed_fluxions'" in reply.detail) == (502, True)


def assert_harmless(reply: Reply) -> None:
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert "private" in reply.headers["cache-control"]
