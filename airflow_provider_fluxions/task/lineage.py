"""The inputs and outputs of a task, for OpenLineage. Its packages are imported only when it reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_fluxions.api.errors import JobId
from airflow_provider_fluxions.api.models import Job
from airflow_provider_fluxions.api.uris import split_uri

# Maximum datasets of an event in each direction, because backends store each as a node of a graph.
MAX_DATASETS = 100
MAX_JOB_IDS = 100

Name = tuple[str, str]


def dataset_names(uris: Iterable[str], limit: int = MAX_DATASETS) -> list[Name]:
    """Return (namespace, name) for URIs, sorted: ``scheme://bucket`` and ``calls/a.mp3``.

    If there are more than ``limit``, folders (``calls/``) replace their objects, then parent folders, and so on; the
    name of a bucket is ``/``. Only more than ``limit`` buckets are cut off.
    """
    names = sorted({_name_of(uri) for uri in uris})
    while len(names) > limit:
        folders = sorted({(namespace, _folder_of(name)) for namespace, name in names})
        if folders == names:
            return names[:limit]
        names = folders
    return names


def _name_of(uri: str) -> Name:
    scheme, place, name = split_uri(uri)
    return f"{scheme}://{place}", name or "/"


def _folder_of(name: str) -> str:
    """Return the folder of a key or of another folder."""
    parent = name.rstrip("/").rpartition("/")[0]
    return f"{parent}/" if parent else "/"


def job_uri(fluxions_conn_id: str, job_id: JobId) -> str:
    """Return the name of a job as a dataset, which connects the task that submitted it with the one that stores it.

    The connection represents the account, because ids are unique only within an account.
    """
    return f"fluxions://{fluxions_conn_id}/transcriptions/{job_id}"


@dataclass
class LineageRecord:
    """The inputs, outputs and jobs of a task's execution so far; the arguments of `operator_lineage`."""

    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    job_ids: list[JobId] = field(default_factory=list)
    audio_seconds: float | None = None
    cost: float | None = None

    def add_durations(self, jobs: Iterable[Job]) -> None:
        """Add the duration of jobs, if the service returned it."""
        for job in jobs:
            if job.audio_duration is not None:
                self.audio_seconds = (self.audio_seconds or 0.0) + job.audio_duration


class ReportsLineage:
    """The methods that OpenLineage calls on an operator after its task succeeded or failed, also after a deferral.

    :param lineage: Set again by each method that executes, because OpenLineage uses the instance that ended the task,
        and not the deferred one.
    """

    lineage: LineageRecord | None = None

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """Return the task's lineage."""
        found = self.lineage or LineageRecord()
        return operator_lineage(
            found.inputs,
            found.outputs,
            job_ids=found.job_ids,
            audio_seconds=found.audio_seconds,
            cost=found.cost,
        )

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> Any:
        """Return the lineage of the work before the failure."""
        return self.get_openlineage_facets_on_complete(task_instance)


def operator_lineage(
    inputs: Collection[str],
    outputs: Collection[str],
    *,
    job_ids: Collection[JobId] = (),
    audio_seconds: float | None = None,
    cost: float | None = None,
) -> Any:
    """Return the ``OperatorLineage`` of a task, in a limited size.

    :param inputs: URIs of objects or others; see `dataset_names` for many of them.
    :param outputs: The same for outputs.
    :param job_ids: The run facet ``fluxions`` has the first 100 and the total number.
    :param audio_seconds: Seconds of all jobs together; None: unknown.
    :param cost: Cost in the currency of the user's price; None: unknown.
    """
    # Here, because OpenLineage is optional and slow to import, and a DAG file imports this module.
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_fluxions.task.lineage_facet import FluxionsRunFacet

    facet = FluxionsRunFacet(
        jobIds=[str(job_id) for job_id in list(job_ids)[:MAX_JOB_IDS]],
        jobs=len(job_ids),
        inputs=len(inputs),
        outputs=len(outputs),
        audioSeconds=audio_seconds,
        cost=cost,
    )
    return OperatorLineage(
        inputs=[Dataset(namespace, name) for namespace, name in dataset_names(inputs)],
        outputs=[Dataset(namespace, name) for namespace, name in dataset_names(outputs)],
        run_facets={"fluxions": facet},
    )
