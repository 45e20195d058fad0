"""Links from a task's page in the Airflow UI: to its transcripts, to its result or recording in S3, and to its job.

Airflow 3 makes them on the worker whenever a task ends or defers, Airflow 2 in the webserver when somebody looks.
Neither asks S3 or Fluxions, so a link is an address, never a signed one: who follows it needs rights of their own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from airflow.providers.common.compat.sdk import AirflowPlugin, BaseOperatorLink, conf

CONFIG_SECTION = "fluxions"
# XComs with s3:// addresses. A folder ends with a slash.
RESULT_XCOM = "result_uri"
RECORDING_XCOM = "recording_uri"
# The job of a submit; a sensor returns the ids that it was given.
JOB_XCOM = "job_id"
_KEPT = "_fluxions_link_targets"

# Below the address of Airflow's web server.
VIEWER_PATH = "fluxions/view"

IS_AIRFLOW_2 = not hasattr(AirflowPlugin, "fastapi_apps")
# Airflow 3.0 keeps a login where only the scripts of its own pages find it: to any other page its reader is a stranger.
_KNOWS_READERS = IS_AIRFLOW_2 or hasattr(AirflowPlugin, "external_views")

_OBJECT = "https://s3.console.aws.amazon.com/s3/object/{bucket}?prefix={key}"
_FOLDER = "https://s3.console.aws.amazon.com/s3/buckets/{bucket}?prefix={key}"


class FluxionsTranscriptLink(BaseOperatorLink):
    """To the viewer: what the task has transcribed, for whoever may read the task."""

    name = "Transcript"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address, or an empty text where the viewer is switched off."""
        if not is_viewer_on():
            return ""
        # Airflow 3 makes links on workers, which may not know the server's address: then it is relative to the base
        # of the page that shows it. Airflow 2 makes them in the very server that serves the viewer.
        server = conf.get("webserver" if IS_AIRFLOW_2 else "api", "base_url", fallback="") or ""
        return viewer_address(urlsplit(server).path if IS_AIRFLOW_2 else server, ti_key, is_local=IS_AIRFLOW_2)


class FluxionsResultLink(BaseOperatorLink):
    """To what the task stored: a transfer's manifest, the first transcript, or the folder of conversions."""

    name = "Result"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address, or an empty text where the task has stored nothing yet."""
        return s3_address(_pushed(operator, ti_key, RESULT_XCOM), _setting("s3_link"))


class FluxionsRecordingLink(BaseOperatorLink):
    """To the recording that was submitted, if it is in S3."""

    name = "Recording"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address, or an empty text where the task has no recording in S3."""
        return s3_address(_pushed(operator, ti_key, RECORDING_XCOM), _setting("s3_link"))


class FluxionsJobLink(BaseOperatorLink):
    """To a page of yours about the job. Fluxions has none, so there is no link until one is configured."""

    name = "Job"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address, or an empty text without a configured page, or where not exactly one job is known."""
        template = _setting("job_link")
        if not template:
            return ""
        return job_address(_pushed(operator, ti_key, JOB_XCOM) or _pushed(operator, ti_key, "return_value"), template)


def viewer_address(server: str, ti_key: Any, *, is_local: bool = False) -> str:
    """Return where the viewer shows a task instance.

    :param server: the address of Airflow's web server; empty gives an address relative to it.
    :param is_local: ``server`` is a path on the host that is asked.
    """
    index = -1 if ti_key.map_index is None else ti_key.map_index
    query = {"dag_id": ti_key.dag_id, "run_id": ti_key.run_id, "task_id": ti_key.task_id, "map_index": index}
    start = f"{server.rstrip('/')}/" if server or is_local else ""
    return f"{start}{VIEWER_PATH}?{urlencode(query, quote_via=quote)}"


def is_viewer_on() -> bool:
    """Whether this Airflow shows transcripts: any but 3.0, unless ``[fluxions] viewer`` says no."""
    return _KNOWS_READERS and bool(conf.getboolean(CONFIG_SECTION, "viewer", fallback=True))


def s3_address(uri: Any, template: str) -> str:
    """Return where a browser shows an S3 object, or the objects below a folder.

    :param template: with ``{bucket}`` and ``{key}``; empty means the console of AWS.
    """
    scheme, _, rest = uri.partition("://") if isinstance(uri, str) else ("", "", "")
    bucket, _, key = rest.partition("/")
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
    """Push an XCom that a link leads to, and keep its value for `get_link` in this process."""
    ti.xcom_push(key, value)
    keep_for_link(operator, key, value)


def keep_for_link(operator: Any, key: str, value: Any) -> None:
    """Keep the value of an XCom that was pushed elsewhere, or before a deferral, for `get_link` in this process."""
    operator.__dict__.setdefault(_KEPT, {})[key] = value


def _pushed(operator: Any, ti_key: Any, key: str) -> Any:
    """Return the value of an XCom that a link leads to, or None.

    Airflow 3 calls `get_link` with the operator that ran, so nothing is read: reading an XCom that does not exist
    writes an error into the log of the scheduler, or of ``airflow dags test``. Airflow 2 calls it in the webserver.
    """
    if not IS_AIRFLOW_2:
        return getattr(operator, _KEPT, {}).get(key)
    from airflow.providers.common.compat.sdk import XCom

    return XCom.get_value(ti_key=ti_key, key=key)


def _setting(name: str) -> str:
    return (conf.get(CONFIG_SECTION, name, fallback="") or "").strip()
