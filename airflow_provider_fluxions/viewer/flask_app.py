"""The viewer in Airflow 2.11's web server. Every request is authorized here, and the handlers do the rest."""

from __future__ import annotations

from airflow.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.www.extensions.init_auth_manager import get_auth_manager
from flask import Blueprint, Response, request

from airflow_provider_fluxions.viewer.handlers import ViewerHandlers
from airflow_provider_fluxions.viewer.http_responses import HttpResponse, error_response, redirect_response

# The page shows data of the task's XComs and of its state.
_ENTITIES = (DagAccessEntity.TASK_INSTANCE, DagAccessEntity.XCOM)


def make_blueprint(handlers: ViewerHandlers, url_prefix: str) -> Blueprint:
    """Return the blueprint."""
    blueprint = Blueprint("fluxions", __name__, url_prefix=url_prefix)

    @blueprint.before_request
    def require_login() -> Response | None:
        if get_auth_manager().is_logged_in():
            return None
        if request.endpoint == f"{blueprint.name}.view":  # a person opened a link
            return _response(redirect_response(get_auth_manager().get_url_login(next_url=request.url)))
        return _response(error_response(401, "Not authenticated"))

    @blueprint.get("/view")
    def view() -> Response:
        return _response(handlers.view(200 if _may_read() else 403))

    @blueprint.get("/api/<name>")
    def call(name: str) -> Response:
        headers = {key.lower(): value for key, value in request.headers}
        return _refusal() or _response(handlers.call(name, request.args.items(multi=True), headers))

    @blueprint.get("/assets/<name>")
    def asset(name: str) -> Response:
        return _response(handlers.asset(name))

    @blueprint.get("/", defaults={"path": ""})
    @blueprint.get("/<path:path>")
    def nothing(path: str) -> Response:  # noqa: ARG001 (Flask hands it over)
        return _response(error_response(404, "There is no such page."))

    return blueprint


def _refusal() -> Response | None:
    """Return the response for a user without read access."""
    return None if _may_read() else _response(error_response(403, "Forbidden"))


def _may_read() -> bool:
    """Return whether the user can read the task. The first value of a repeated argument is checked."""
    # Flask returns the first value of a repeated argument. `Query` refuses repetitions, so the checked DAG is the one
    # that is read.
    details = DagDetails(id=request.args.get("dag_id") or None)
    return all(
        get_auth_manager().is_authorized_dag(method="GET", access_entity=entity, details=details)
        for entity in _ENTITIES
    )


def _response(response: HttpResponse) -> Response:
    return Response(response.body, response.status, response.headers, direct_passthrough=True)
