"""Links from a task's page in the Airflow UI: to its transcripts, to its result or recording in S3, and to its job.

Airflow 3 creates links on the worker when a task ends or defers, Airflow 2 in the web server when a user opens the
page. Neither sends a request to S3 or Fluxions, so a link is a plain URL. Users who open it need their own
permissions.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from airflow.providers.common.compat.sdk import AirflowPlugin, BaseOperatorLink, conf

CONFIG_SECTION = "fluxions"
# XComs with s3:// URIs. A folder ends with a slash.
RESULT_XCOM = "result_uri"
RECORDING_XCOM = "recording_uri"
# The job of a submit. A sensor returns its ids.
JOB_XCOM = "job_id"
_KEPT = "_fluxions_link_targets"

# Below the URL of Airflow's web server.
VIEWER_PATH = "fluxions/view"

IS_AIRFLOW_2 = not hasattr(AirflowPlugin, "fastapi_apps")
# Airflow 3.0 stores its token where only its own pages can read it, so any other page is unauthenticated.
_KNOWS_READERS = IS_AIRFLOW_2 or hasattr(AirflowPlugin, "external_views")

_OBJECT = "https://s3.console.aws.amazon.com/s3/object/{bucket}?prefix={key}"
_FOLDER = "https://s3.console.aws.amazon.com/s3/buckets/{bucket}?prefix={key}"


class FluxionsTranscriptLink(BaseOperatorLink):
    """Link to the viewer with the task's transcripts, for users who can read the task."""

    name = "Transcript"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the URL, or empty text if the viewer is switched off."""
        if not is_viewer_on():
            return ""
        # Airflow 3 creates links on workers. Without the server's URL there, the link is relative to the page.
        # Airflow 2 creates them in the server that also serves the viewer.
        server = conf.get("webserver" if IS_AIRFLOW_2 else "api", "base_url", fallback="") or ""
        return viewer_address(urlsplit(server).path if IS_AIRFLOW_2 else server, ti_key, is_local=IS_AIRFLOW_2)


class FluxionsResultLink(BaseOperatorLink):
    """Link to the task's results: a transfer's manifest, the first transcript, or the folder of conversions."""

    name = "Result"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the URL, or empty text if the task has stored nothing yet."""
        return s3_address(_pushed(operator, ti_key, RESULT_XCOM), _setting("s3_link"))


class FluxionsRecordingLink(BaseOperatorLink):
    """Link to the submitted recording, if it is in S3."""

    name = "Recording"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the URL, or empty text if the recording is not in S3."""
        return s3_address(_pushed(operator, ti_key, RECORDING_XCOM), _setting("s3_link"))


class FluxionsJobLink(BaseOperatorLink):
    """Link to your own page about the job. Fluxions has no such page, so there is no link until you configure one."""

    name = "Job"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the URL, or empty text without a configured page, or without exactly one known job."""
        template = _setting("job_link")
        if not template:
            return ""
        return job_address(_pushed(operator, ti_key, JOB_XCOM) or _pushed(operator, ti_key, "return_value"), template)


def viewer_address(server: str, ti_key: Any, *, is_local: bool = False) -> str:
    """Return the viewer's URL for a task instance.

    :param server: URL of Airflow's web server; empty for a URL relative to it.
    :param is_local: Whether ``server`` is a path on the requested host.
    """
    index = -1 if ti_key.map_index is None else ti_key.map_index
    query = {"dag_id": ti_key.dag_id, "run_id": ti_key.run_id, "task_id": ti_key.task_id, "map_index": index}
    start = f"{server.rstrip('/')}/" if server or is_local else ""
    return f"{start}{VIEWER_PATH}?{urlencode(query, quote_via=quote)}"


def task_path(ti_key: Any) -> str:
    """Return the path of Airflow's own page about a task instance, below the URL of its web server."""
    dag_id, run_id, task_id = (quote(one, safe="") for one in (ti_key.dag_id, ti_key.run_id, ti_key.task_id))
    is_mapped = ti_key.map_index is not None and ti_key.map_index >= 0
    if IS_AIRFLOW_2:
        index = f"&map_index={ti_key.map_index}" if is_mapped else ""
        return f"dags/{dag_id}/grid?dag_run_id={run_id}&task_id={task_id}{index}"
    index = f"/mapped/{ti_key.map_index}" if is_mapped else ""
    return f"dags/{dag_id}/runs/{run_id}/tasks/{task_id}{index}"


def is_viewer_on() -> bool:
    """Return whether this Airflow shows transcripts: any except 3.0, unless ``[fluxions] viewer`` is False."""
    return _KNOWS_READERS and bool(conf.getboolean(CONFIG_SECTION, "viewer", fallback=True))


def s3_address(uri: Any, template: str) -> str:
    """Return the browser URL of an S3 object, or of a folder.

    :param template: URL with ``{bucket}`` and ``{key}``; empty means the AWS console.
    """
    # Here, because every process of Airflow imports this module.
    from airflow_provider_fluxions.api.uris import split_uri

    scheme, bucket, key = split_uri(uri) if isinstance(uri, str) else ("", "", "")
    if scheme != "s3" or not bucket:
        return ""
    is_folder = not key or key.endswith("/")
    template = template or (_FOLDER if is_folder else _OBJECT)
    return template.replace("{bucket}", quote(bucket, safe="")).replace("{key}", quote(key, errors="replace"))


def job_address(job_id: Any, template: str) -> str:
    """Return the page of one job; empty if ``job_id`` is not one id. ``template`` has ``{job_id}``."""
    is_one = isinstance(job_id, str | int) and not isinstance(job_id, bool)
    return template.replace("{job_id}", quote(str(job_id), safe="")) if is_one else ""


def push_for_link(operator: Any, ti: Any, key: str, value: Any) -> None:
    """Push the XCom of a link, and keep its value for `get_link` in this process."""
    ti.xcom_push(key, value)
    keep_for_link(operator, key, value)


def keep_for_link(operator: Any, key: str, value: Any) -> None:
    """Keep the value of an XCom that was pushed elsewhere, or before a deferral, for `get_link` in this process."""
    operator.__dict__.setdefault(_KEPT, {})[key] = value


def _pushed(operator: Any, ti_key: Any, key: str) -> Any:
    """Return the value of the XCom of a link, or None.

    Airflow 3 calls `get_link` with the operator that ran, so no XCom is read. A read of a missing XCom would write an
    error into the log of the scheduler, or of ``airflow dags test``. Airflow 2 calls it in the web server.
    """
    if not IS_AIRFLOW_2:
        return getattr(operator, _KEPT, {}).get(key)
    from airflow.providers.common.compat.sdk import XCom

    return XCom.get_value(ti_key=ti_key, key=key)


def _setting(name: str) -> str:
    return (conf.get(CONFIG_SECTION, name, fallback="") or "").strip()
