"""The viewer in Airflow 3's API server. Every request is authorized here, and the handlers do the rest.

No ``from __future__ import annotations``: FastAPI reads the annotations. It treats an unresolved one as a query
parameter, which would skip the check.
"""

import logging
from http import HTTPStatus
from urllib.parse import urlencode

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from airflow_provider_fluxions.viewer.handlers import ViewerHandlers
from airflow_provider_fluxions.viewer.http_responses import HttpResponse, error_response, redirect_response

log = logging.getLogger(__name__)

# Airflow's path that leads to the login of any auth manager, and back; relative to the page.
LOGIN_PATH = "../api/v2/auth/login"

# The page shows data of the task's XComs and of its state.
MAY_READ_TASK = [
    Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE)),
    Depends(requires_access_dag("GET", DagAccessEntity.XCOM)),
]


def make_app(handlers: ViewerHandlers) -> FastAPI:
    """Return the app. Its functions are not coroutines, so FastAPI runs them in threads, in which they can block."""
    # For every path, so that a route without its own check still needs a login.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(get_user)])

    @app.get("/view", dependencies=MAY_READ_TASK)
    def view() -> Response:
        return _response(handlers.view())

    @app.get("/api/{name}", dependencies=MAY_READ_TASK)
    def call(name: str, request: Request) -> Response:
        return _response(handlers.call(name, request.query_params.multi_items(), request.headers))

    @app.get("/assets/{name}")
    def asset(name: str) -> Response:
        return _response(handlers.asset(name))

    @app.get("/{_path:path}")
    def nothing() -> Response:
        return _response(error_response(404, "There is no such page."))

    @app.exception_handler(StarletteHTTPException)
    def refuse(request: Request, error: HTTPException) -> Response:
        if request.scope.get("endpoint") is not view:
            return _response(error_response(error.status_code, str(error.detail)))
        # A person opened a link.
        if error.status_code == HTTPStatus.UNAUTHORIZED:
            return _response(redirect_response(f"{LOGIN_PATH}?{urlencode({'next': str(request.url)})}"))
        return _response(handlers.view(error.status_code))

    @app.exception_handler(Exception)
    def fail(_request: Request, _error: Exception) -> Response:
        return _response(error_response(500, "The viewer failed. The web server's log has the reason."))

    return app


def _response(response: HttpResponse) -> Response:
    if isinstance(response.body, bytes):
        return Response(response.body, response.status, response.headers)
    return StreamingResponse(response.body, response.status, response.headers)
