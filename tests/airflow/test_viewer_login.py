"""A link to the viewer, opened by a person who has not signed in, or has no access."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider_fluxions.links import IS_AIRFLOW_2, task_path
from airflow_provider_fluxions.viewer.handlers import ViewerHandlers
from tests.airflow.viewing import KEY

QUERY = "dag_id=a_dag&run_id=manual__1&task_id=a_task&map_index=-1"


@pytest.fixture
def handlers() -> ViewerHandlers:
    return ViewerHandlers(lambda _key: None)


@pytest.mark.skipif(IS_AIRFLOW_2, reason="Airflow 3's app")
def test_a_link_leads_to_the_login_and_back_and_a_call_of_the_page_gets_the_reason(handlers: ViewerHandlers) -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from airflow_provider_fluxions.viewer.fastapi_app import make_app

    airflow = FastAPI()
    airflow.mount("/fluxions", make_app(handlers))
    client = TestClient(airflow, follow_redirects=False)
    reply = client.get(f"/fluxions/view?{QUERY}")
    login = urlsplit(reply.headers["location"])
    assert (reply.status_code, login.path) == (302, "../api/v2/auth/login")
    assert parse_qs(login.query)["next"] == [f"http://testserver/fluxions/view?{QUERY}"]
    call = client.get(f"/fluxions/api/task?{QUERY}")
    assert (call.status_code, call.json()) == (401, {"detail": "Not authenticated"})


@pytest.mark.skipif(not IS_AIRFLOW_2, reason="Airflow 2's blueprint")
@pytest.mark.parametrize(
    ("path", "is_logged_in", "status"), [("view", False, 302), ("api/task", False, 401), ("view", True, 403)]
)
def test_a_link_leads_to_the_login_and_without_access_to_a_page(
    handlers: ViewerHandlers, monkeypatch: pytest.MonkeyPatch, path: str, is_logged_in: bool, status: int
) -> None:
    import flask
    from airflow.www.extensions import init_auth_manager

    from airflow_provider_fluxions.viewer.flask_app import make_blueprint

    def is_authorized_dag(**_: Any) -> bool:
        return False

    def get_url_login(next_url: str) -> str:
        return f"/login/?next={next_url}"

    manager = SimpleNamespace(
        is_logged_in=lambda: is_logged_in, is_authorized_dag=is_authorized_dag, get_url_login=get_url_login
    )
    monkeypatch.setattr(init_auth_manager, "auth_manager", manager)
    airflow = flask.Flask("airflow")
    airflow.register_blueprint(make_blueprint(handlers, "/fluxions"))
    reply = airflow.test_client().get(f"/fluxions/{path}?{QUERY}")
    assert reply.status_code == status
    if status == 302:
        assert reply.headers["Location"].startswith("/login/?next=http://localhost/fluxions/view?dag_id=a_dag")
    assert reply.content_type.startswith("text/html") is (status == 403)


def test_the_page_leads_back_to_the_task_in_airflow() -> None:
    path = task_path(
        SimpleNamespace(dag_id="a b", run_id="manual__2026-01-01T00:00:00+00:00", task_id="t", map_index=3)
    )
    run = "manual__2026-01-01T00%3A00%3A00%2B00%3A00"
    shown = f"dags/a%20b/grid?dag_run_id={run}&task_id=t&map_index=3"
    assert path == (shown if IS_AIRFLOW_2 else f"dags/a%20b/runs/{run}/tasks/t/mapped/3")


def test_a_task_that_is_not_mapped_has_no_index_in_its_address() -> None:
    assert not any(word in task_path(KEY) for word in ("map_index", "mapped"))
