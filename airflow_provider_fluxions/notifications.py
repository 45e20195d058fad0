"""What a transfer did, for people: in the messages of any notifier, and in the alert of a missed deadline.

Everything is read from the transfer's manifest, which the task writes before its first submit, whenever it defers, and
at its end. So a message can also say what a running task still lacks.
"""

from __future__ import annotations

import asyncio
import logging
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from airflow.providers.common.compat.sdk import BaseNotifier, conf

from airflow_provider_fluxions.api.errors import FluxionsError
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.links import IS_AIRFLOW_2, is_viewer_on, viewer_address
from airflow_provider_fluxions.pipeline.locations import parse_destination
from airflow_provider_fluxions.pipeline.manifest import Manifest
from airflow_provider_fluxions.pipeline.records import State
from airflow_provider_fluxions.storage import open_store
from airflow_provider_fluxions.task.identity import loop_index_of, map_index_of

log = logging.getLogger(__name__)

DEFAULT_AWS_CONN_ID = "aws_default"
# A message names no more recordings than a person reads; the manifest has all of them.
MAX_NAMED = 10
_HAS_RESULTS = (State.COMPLETED, State.ALREADY_DONE)
# A skipped recording is too old, too young, too small or too large: no user waits for it.
_IS_EXPECTED = (State.TO_DO, State.IN_FLIGHT, State.WRITING, State.FAILED)


class FluxionsNotifier(BaseNotifier):
    """Sends the message of another notifier, whose templates can use what the transfer did as ``fluxions``.

    For ``on_success_callback`` and ``on_failure_callback`` of a `FluxionsS3ToS3Operator`. ``fluxions`` is the dict that
    `transfer_report` returns: ``{{ fluxions.text }}``, ``{{ fluxions.counts.failed }}``, ``{{ fluxions.viewer }}``.

    :param notifier: Makes the other notifier. A callable without arguments, because a notifier renders its templates
        in place and one that was used has none left: ``lambda: SlackWebhookNotifier(text="{{ fluxions.text }}")``.
    """

    def __init__(self, notifier: Callable[[], Any]) -> None:
        super().__init__()
        self.notifier = notifier

    def notify(self, context: Any) -> None:
        """Send the message. If the manifest cannot be read, the message says so."""
        task, ti = context["task"], context["ti"]
        report = transfer_report(
            task.destination,
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            task_id=ti.task_id,
            map_index=map_index_of(ti),
            loop_index=loop_index_of(context),
            aws_conn_id=task.aws_conn_id,
        )
        self.notifier()({**context, "fluxions": report})


async def report_missed_deadline(
    context: Mapping[str, Any],
    *,
    destination: str,
    task_id: str,
    aws_conn_id: str = DEFAULT_AWS_CONN_ID,
    notifier: str | None = None,
    notifier_arguments: Mapping[str, Any] | None = None,
) -> None:
    """Name the recordings without results in the log, and in a message. A callback for a ``DeadlineAlert`` (3.1).

    Runs in the triggerer, so it blocks no event loop. Give it to ``AsyncCallback`` with these arguments as ``kwargs``.

    :param context: From Airflow; only the run's ids are used.
    :param destination: Destination of the transfer, without templates: Airflow renders none for callbacks.
    :param task_id: The transfer's, which must not be mapped.
    :param notifier: The dotted path of a notifier's class, such as
        ``airflow.providers.slack.notifications.slack_webhook.SlackWebhookNotifier``; None sends no message.
    :param notifier_arguments: Arguments of the notifier. Its templates can use ``fluxions``, see `transfer_report`.
    """
    dag_id, run_id = _ids(context["dag_run"])
    report = await asyncio.to_thread(
        transfer_report, destination, dag_id=dag_id, run_id=run_id, task_id=task_id, aws_conn_id=aws_conn_id
    )
    log.error("The deadline has passed. %s", report["text"])
    if notifier is not None:
        await asyncio.to_thread(_send, notifier, notifier_arguments or {}, {**context, "fluxions": report})


def transfer_report(
    destination: str,
    *,
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int = -1,
    loop_index: int | None = None,
    aws_conn_id: str | None = DEFAULT_AWS_CONN_ID,
) -> dict[str, Any]:
    """Return what the manifest of a transfer says now; an unreadable one makes a report that says so, no error.

    The keys: ``text`` (one line for a message), ``manifest`` and ``viewer`` (addresses; empty if unknown), ``inputs``,
    ``counts`` (by status), ``missing`` (how many recordings have no results), ``first_missing`` and ``first_failures``
    (at most 10 each, failures as ``{"source", "error"}``), ``audio_seconds``, ``cost`` (None without a price).

    :param destination: The transfer's, rendered.
    :param aws_conn_id: The connection that reads the manifest.
    """
    key = SimpleNamespace(dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index)
    places = {"manifest": "", "viewer": _viewer(key)}
    try:
        manifest = Manifest.of(key, parse_destination(destination), map_index, None, loop_index)
        places["manifest"] = manifest.uri
        rows = manifest.read(open_store([manifest.address], aws_conn_id))
        if rows is not None:
            return summarize(rows, **places)
        problem = f"There is no manifest at {manifest.uri}: the task {task_id} has not started or cannot write it."
    except (FluxionsError, ValueError) as error:
        problem = f"The manifest of the task {task_id} cannot be read: {error}"
    return {**summarize((), **places), "text": printable(problem)}


def summarize(rows: Iterable[Mapping[str, Any]], *, manifest: str, viewer: str) -> dict[str, Any]:
    """Return the report of a manifest's lines, see `transfer_report`. No I/O."""
    rows = list(rows)
    missing = [row for row in rows if row.get("status") in _IS_EXPECTED]
    failures = [row for row in missing if row.get("status") == State.FAILED]
    costs = [row["cost"] for row in rows if row.get("status") == State.COMPLETED and row.get("cost") is not None]
    seconds = [row.get("audio_seconds") or 0.0 for row in rows if row.get("status") == State.COMPLETED]
    report = {
        "manifest": manifest,
        "viewer": viewer,
        "inputs": len(rows),
        "counts": {str(state): 0 for state in State} | Counter(str(row.get("status")) for row in rows),
        "missing": len(missing),
        "first_missing": [_name(row) for row in missing[:MAX_NAMED]],
        "first_failures": [
            {"source": _name(row), "error": printable(str(row.get("error") or ""))} for row in failures[:MAX_NAMED]
        ],
        "audio_seconds": round(sum(seconds), 1),
        "cost": round(sum(costs), 4) if costs else None,
    }
    return {**report, "text": _text(missing, len(rows), manifest)}


def _text(missing: Sequence[Mapping[str, Any]], inputs: int, manifest: str) -> str:
    if not missing:
        return f"All {inputs:,} recordings have results or were skipped. Manifest: {manifest}"
    named = ", ".join(f"{_name(row)} ({printable(str(row.get('status')), 20)})" for row in missing[:MAX_NAMED])
    more = f" and {len(missing) - MAX_NAMED:,} more" if len(missing) > MAX_NAMED else ""
    return f"{len(missing):,} of {inputs:,} recordings have no results: {named}{more}. Manifest: {manifest}"


def _ids(run: Any) -> tuple[str, str]:
    """Return DAG and run of a callback's run, which Airflow gives as its REST API does: the run is its `dag_run_id`."""
    if isinstance(run, Mapping):
        return run["dag_id"], run.get("dag_run_id") or run["run_id"]
    return run.dag_id, run.run_id


def _name(row: Mapping[str, Any]) -> str:
    return printable(str(row.get("source")))


def _viewer(key: Any) -> str:
    server = conf.get("webserver" if IS_AIRFLOW_2 else "api", "base_url", fallback="") or ""
    return viewer_address(server, key) if server and is_viewer_on() else ""


def _send(notifier: str, arguments: Mapping[str, Any], context: Mapping[str, Any]) -> None:
    pkgutil.resolve_name(notifier)(**arguments)(dict(context))
