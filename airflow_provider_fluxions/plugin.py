"""The viewer's place in Airflow. Every process of Airflow imports this, so it loads nothing but what Airflow has."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import AirflowPlugin

from airflow_provider_fluxions.links import IS_AIRFLOW_2, VIEWER_PATH, is_viewer_on

_HREF = f"{VIEWER_PATH}?dag_id={{DAG_ID}}&run_id={{RUN_ID}}&task_id={{TASK_ID}}&map_index={{MAP_INDEX}}"
# From 3.4 on Airflow shows the tab of such tasks only; before, it ignores this and shows the tab of every task. An
# argument tells our tasks, as in the viewer, because a class derived from ours has a name of its own.
_OUR_TASKS = {"task.template_fields": ["fluxions_conn_id"]}
_PREFIX = f"/{VIEWER_PATH.partition('/')[0]}"


class FluxionsPlugin(AirflowPlugin):
    """Serves the viewer, and shows it as a tab of task instances where Airflow has such tabs (3.1 and later).

    Up to 3.3 that is every task's page; from 3.4 on it is that of tasks with our connection.

    Of Airflow's places for pages it takes this one only: a tab of DAGs, tasks, runs or the menu stands for every DAG
    in the house, and has no task instance whose transcripts it could show.
    """

    name = "fluxions"

    # Only the web server asks for these, and only then are they made.
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
            """The tab. Its address is relative, so that a base path stays in front."""
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
