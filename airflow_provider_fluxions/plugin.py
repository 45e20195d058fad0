"""The viewer's plugin. Every Airflow process imports it, so it loads only modules that Airflow has already loaded."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import AirflowPlugin

from airflow_provider_fluxions.links import IS_AIRFLOW_2, VIEWER_PATH, is_viewer_on

_HREF = f"{VIEWER_PATH}?dag_id={{DAG_ID}}&run_id={{RUN_ID}}&task_id={{TASK_ID}}&map_index={{MAP_INDEX}}"
# From 3.4 on, Airflow shows the tab only for these tasks. Earlier versions ignore this and show it for every task.
# Tasks are identified by an argument, as in the viewer, because a derived class has another name.
_OUR_TASKS = {"task.template_fields": ["fluxions_conn_id"]}
_PREFIX = f"/{VIEWER_PATH.partition('/')[0]}"


class FluxionsPlugin(AirflowPlugin):
    """Serves the viewer, and adds a tab to task instances if Airflow supports it (3.1 and later).

    Up to 3.3 every task has the tab. From 3.4 on, only tasks with a Fluxions connection have it.

    It adds no other page, because a tab of DAGs, tasks, runs or the menu appears for every DAG, and has no task
    instance with transcripts.
    """

    name = "fluxions"

    # Only the web server reads these, and they are created at that time.
    if not IS_AIRFLOW_2:

        @property
        def fastapi_apps(self) -> list[dict[str, Any]]:
            """The viewer in Airflow 3."""
            if not is_viewer_on():
                return []
            from airflow_provider_fluxions.viewer.fastapi_app import make_app
            from airflow_provider_fluxions.viewer.handlers import ViewerHandlers

            return [{"name": "Fluxions transcripts", "url_prefix": _PREFIX, "app": make_app(ViewerHandlers())}]

        @property
        def external_views(self) -> list[dict[str, Any]]:
            """The tab. Its URL is relative, so that a base path is kept."""
            if not is_viewer_on():
                return []
            tab = {"name": "Transcript", "destination": "task_instance", "url_route": "fluxions-transcript"}
            return [{**tab, "href": _HREF, "applies_to": _OUR_TASKS}]

    else:

        @property
        def flask_blueprints(self) -> list[Any]:
            """The viewer in Airflow 2.11."""
            if not is_viewer_on():
                return []
            from airflow_provider_fluxions.viewer.flask_app import make_blueprint
            from airflow_provider_fluxions.viewer.handlers import ViewerHandlers

            return [make_blueprint(ViewerHandlers(), _PREFIX)]
