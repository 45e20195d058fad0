"""Links from a task's page in the Airflow UI: to its result or recording in S3, and to its job.

Airflow 3 makes them on the worker whenever a task ends or defers, Airflow 2 in the webserver when somebody looks.
Neither asks S3 or Fluxions, so a link is an address, never a signed one: who follows it needs rights of their own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import BaseOperatorLink, conf

CONFIG_SECTION = "fluxions"
# XComs with s3:// addresses. A folder ends with a slash.
RESULT_XCOM = "result_uri"
RECORDING_XCOM = "recording_uri"

_OBJECT = "https://s3.console.aws.amazon.com/s3/object/{bucket}?prefix={key}"
_FOLDER = "https://s3.console.aws.amazon.com/s3/buckets/{bucket}?prefix={key}"


class FluxionsResultLink(BaseOperatorLink):
    """To what the task stored: a transfer's manifest, the first transcript, or the folder of conversions."""

    name = "Result"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address, or an empty text where the task has stored nothing yet."""
        return s3_address(_xcom(ti_key, RESULT_XCOM), _setting("s3_link"))


class FluxionsRecordingLink(BaseOperatorLink):
    """To the recording that was submitted, if it is in S3."""

    name = "Recording"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address, or an empty text where the task has no recording in S3."""
        return s3_address(_xcom(ti_key, RECORDING_XCOM), _setting("s3_link"))


class FluxionsJobLink(BaseOperatorLink):
    """To a page of yours about the job. Fluxions has none, so there is no link until one is configured."""

    name = "Job"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address, or an empty text without a configured page, or where not exactly one job is known."""
        template = _setting("job_link")
        return job_address(_xcom(ti_key, "job_id") or _xcom(ti_key, "return_value"), template) if template else ""


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


def _xcom(ti_key: Any, key: str) -> Any:
    from airflow.providers.common.compat.sdk import XCom

    return XCom.get_value(ti_key=ti_key, key=key)


def _setting(name: str) -> str:
    return (conf.get(CONFIG_SECTION, name, fallback="") or "").strip()
