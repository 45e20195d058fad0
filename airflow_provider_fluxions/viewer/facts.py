"""What Airflow knows of a task, and what follows from it: which of our tasks it is, and what of it may be read. No I/O.

The arguments of a task as they were rendered are written by its worker alone; XComs may be changed by whoever has
the right to. So an address in an XCom counts only where it is what the arguments make it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.links import RESULT_XCOM
from airflow_provider_fluxions.polling.verdict import parse_job_ids
from airflow_provider_fluxions.s3 import parse_s3_uri
from airflow_provider_fluxions.transfers.address import Source, parse_destination, parse_source
from airflow_provider_fluxions.transfers.manifest import Manifest
from airflow_provider_fluxions.viewer.errors import bad_gateway, not_found
from airflow_provider_fluxions.viewer.request import TaskKey


class Kind(StrEnum):
    """Where a task's items come from: a manifest, the results that it returned, or its job ids."""

    MANIFEST = "manifest"
    RESULTS = "results"
    JOBS = "jobs"


@dataclass(frozen=True)
class TaskFacts:
    """A task instance as far as the viewer needs it.

    :param names: of its templated arguments.
    :param fields: these arguments as rendered, as far as Airflow still knows them.
    :param xcoms: of its own, by key.
    """

    key: TaskKey
    state: str | None
    operator: str | None
    names: frozenset[str]
    fields: Mapping[str, Any]
    xcoms: Mapping[str, Any]

    @property
    def kind(self) -> Kind:
        """Which of our tasks it is, by its arguments: a class derived from ours has them too.

        :raises ViewerError: it is none of them.
        """
        if "fluxions_conn_id" in self.names:
            if "destination" in self.names:
                return Kind.MANIFEST if "source" in self.names else Kind.RESULTS
            if "audio" in self.names or "job_id" in self.names:
                return Kind.JOBS
        raise not_found(
            "This task has no transcripts to show: only the Fluxions submit, sensor, results and transfer tasks have."
        )

    def conn_id(self, name: str) -> str:
        """Return the id of a connection.

        :raises ViewerError: Airflow does not know it, or the task went without.
        """
        value = self._known(name)
        if not isinstance(value, str) or not value:
            raise bad_gateway(
                f"The task has no {name}: it went by what its worker is allowed, and the web server is not its worker. "
                "Name a connection, and the viewer reads with it."
            )
        return value

    @property
    def destination(self) -> tuple[str, str]:
        """Bucket and key prefix that the task writes below.

        :raises ViewerError: Airflow does not know them.
        """
        try:
            return parse_destination(str(self._known("destination")))
        except FluxionsInputError as error:
            raise not_found(f"The task's destination cannot be read: {error}") from error

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the task's recordings come from; empty where Airflow does not know."""
        value = self.fields.get("source", self.fields.get("audio"))
        addresses = value if isinstance(value, list) else [value]
        return tuple(_sources(one for one in addresses if isinstance(one, str)))

    @property
    def manifest(self) -> str | None:
        """The manifest's address, None before the task has pushed it.

        :raises ViewerError: what was pushed is not where the task writes its manifest.
        """
        pushed = self.xcoms.get(RESULT_XCOM)
        if pushed is None:
            return None
        expected = Manifest.of(self.key, self.destination, self.key.map_index, None).uri
        if pushed != expected:
            raise not_found(f"The task's XCom {RESULT_XCOM} does not name its manifest, which would be {expected}.")
        return expected

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs that the task submitted, waits for or stores; empty where none is known yet."""
        for value in (self.fields.get("job_id"), self.xcoms.get("job_id"), self.xcoms.get("return_value")):
            try:
                return tuple(dict.fromkeys(str(one) for one in parse_job_ids(value)))
            except FluxionsInputError:
                continue
        return ()

    @property
    def returned_addresses(self) -> tuple[str, ...]:
        """The addresses that the task returned, those below its destination."""
        value = self.xcoms.get("return_value")
        addresses = value if isinstance(value, list | tuple) else ()
        if not addresses:
            return ()
        bucket, prefix = self.destination
        start = f"s3://{bucket}/{prefix}"
        return tuple(one for one in addresses if isinstance(one, str) and one.startswith(start))

    def _known(self, name: str) -> Any:
        if name not in self.fields:
            raise not_found(
                f"Airflow no longer knows what the argument {name} of this task was. It keeps templated arguments of "
                "a task's latest runs: see [core] num_dag_runs_to_retain_rendered_fields, in Airflow 2 "
                "max_num_rendered_ti_fields_per_task."
            )
        return self.fields[name]


def may_read(sources: Iterable[Source], uri: str) -> bool:
    """Whether one of a task's sources takes in this address."""
    try:
        bucket, key = parse_s3_uri(uri)
    except FluxionsInputError:
        return False
    return any(source.holds(bucket, key) for source in sources)


def _sources(addresses: Iterable[str]) -> Iterator[Source]:
    for address in addresses:
        with contextlib.suppress(FluxionsInputError):
            yield parse_source(address)
