"""The page that shows a task's transcripts inside Airflow. Read-only.

- `request`, `ranges`, `task_info`: the parsed request, and what Airflow stores about the task. No I/O.
- `items`, `manifest_items`, `job_items`: a task's transcripts, as plain values. No I/O.
- `airflow_db`, `object_reader`, `api_client`, `task_items`, `transcripts`, `playback`: reading them from Airflow's
  database, the store and the API, through `cache` and `single_flight`.
- `transcript_json`, `http_responses`: what the page receives.
- `handlers`: turn a request into a response, for any web framework.
- `fastapi_app` (Airflow 3), `flask_app` (Airflow 2.11): they authorise each request and pass it to the handlers.

A request names a task and the number of an item in it, never a URI. The viewer reads only objects that the task's own
arguments and result name, see `task_info`.
"""

__all__ = ["fastapi_app", "flask_app", "handlers"]
