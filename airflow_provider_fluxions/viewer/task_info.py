"""The stored state of a task: its kind, and the objects that its page is allowed to read. No I/O.

Only the task's worker writes its rendered arguments, but users with the permission can change XComs. So URIs come from
the arguments, and a URI in an XCom counts only below the task's destination.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.pipeline.locations import SourcePattern, parse_destination, parse_source
from airflow_provider_fluxions.pipeline.manifest import Manifest
from airflow_provider_fluxions.polling.watched_jobs import parse_job_ids
from airflow_provider_fluxions.storage import ObjectAddress, find_address
from airflow_provider_fluxions.viewer.errors import bad_gateway, not_found
from airflow_provider_fluxions.viewer.request import TaskKey

# In these states a task has rendered its arguments, so Airflow has deleted missing ones.
_HAS_RUN = frozenset({"running", "deferred", "success", "failed", "up_for_retry", "up_for_reschedule", "restarting"})


@dataclass(frozen=True)
class Unreadable:
    """An XCom with a value that the web server cannot read.

    :param where: Content of the database instead of the value.
    :param reason: The reason in words.
    """

    where: str
    reason: str


@dataclass(frozen=True)
class Recording:
    """A recording that a task submitted.

    :param conn_id: The connection that the task read it with.
    """

    uri: str
    conn_id: str


class Kind(StrEnum):
    """Where a task's items come from: a manifest, the results that it returned, its job ids, or its text."""

    MANIFEST = "manifest"
    RESULTS = "results"
    JOBS = "jobs"
    SPEECH = "speech"


@dataclass(frozen=True)
class TaskInfo:
    """The data of a task instance that the viewer needs.

    :param names: Names of its templated arguments.
    :param fields: These arguments as rendered, if Airflow still stores them.
    :param xcoms: Its own XComs by key: plain values, or `Unreadable`. A transfer needs none.
    :param recordings: Recordings that other tasks of its run submitted, by job id, if it needs them.
    """

    key: TaskKey
    state: str | None
    operator: str | None
    names: frozenset[str]
    fields: Mapping[str, Any]
    xcoms: Mapping[str, Any]
    recordings: Mapping[str, Recording] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """The kind of the task, from its arguments, which a derived class also has.

        :raises ViewerError: if it is not a Fluxions task with transcripts.
        """
        if "fluxions_conn_id" in self.names:
            if "destination" in self.names:
                if "source" in self.names:
                    return Kind.MANIFEST
                return Kind.SPEECH if "text" in self.names else Kind.RESULTS
            if "audio" in self.names or "job_id" in self.names:
                return Kind.JOBS
        raise not_found(
            "This task has no transcripts: only the Fluxions submit, sensor, results, transfer and speech tasks "
            "have them."
        )

    def conn_id(self, name: str) -> str:
        """Return the id of a connection.

        :raises ViewerError: if Airflow no longer stores it, or the task has none.
        """
        value = self._known(name)
        if not isinstance(value, str) or not value:
            raise bad_gateway(
                f"The viewer cannot read this task's files: the task has no {name} and used its worker's own "
                f"credentials. Set {name} on the task."
            )
        return value

    @property
    def destination(self) -> ObjectAddress:
        """The prefix of the task's destination.

        :raises ViewerError: if Airflow no longer stores it.
        """
        try:
            return parse_destination(str(self._known("destination")))
        except FluxionsInputError as error:
            raise not_found(f"The task's destination is invalid: {error}") from error

    @property
    def sources(self) -> tuple[SourcePattern, ...]:
        """The sources of the task's recordings; empty if Airflow no longer stores them."""
        value = self.fields.get("source", self.fields.get("audio"))
        addresses = value if isinstance(value, list) else [value]
        return tuple(_sources(one for one in addresses if isinstance(one, str)))

    @property
    def needs_recordings(self) -> bool:
        """Whether other tasks submitted its jobs."""
        return self.kind is Kind.RESULTS or (self.kind is Kind.JOBS and "audio" not in self.names)

    @property
    def manifest(self) -> str | None:
        """The URI of the task's manifest; None before its arguments are known.

        It follows from the task's arguments and name, so no XCom can change it.

        :raises ViewerError: if Airflow no longer stores the destination.
        """
        if "destination" not in self.fields and self.state not in _HAS_RUN:
            return None
        # Computed and not read from an XCom, which users can change.
        return Manifest.of(self.key, self.destination, self.key.map_index, None).uri

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The jobs that the task submitted, waits for or stores; empty if none is known yet.

        :raises ViewerError: if they are in an XCom that the web server cannot read.
        """
        values = (self.fields.get("job_id"), self.xcoms.get("job_id"), self.xcoms.get("return_value"))
        for value in values:
            try:
                return tuple(dict.fromkeys(str(one) for one in parse_job_ids(value)))
            except FluxionsInputError:
                continue
        # Only without ids elsewhere, because a task whose ids are known needs no readable XCom.
        for value in values:
            _require_readable(value)
        return ()

    @property
    def audio(self) -> str | None:
        """The address of the audio that the task makes of its text; None before its arguments are known.

        It is an argument of the task, so no XCom can change it.
        """
        value = self.fields.get("destination")
        return value if isinstance(value, str) and may_be_object(value) else None

    @property
    def returned_facts(self) -> Mapping[str, Any]:
        """What the task returned by name; empty if it returned nothing yet, or something else."""
        value = self.xcoms.get("return_value")
        return value if isinstance(value, dict) else {}

    @property
    def cost(self) -> float | None:
        """What the task reported as the cost of its jobs, at the price that it had; None if it reported none."""
        value = self.xcoms.get("cost")
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def returned_addresses(self) -> tuple[str, ...]:
        """The URIs below its destination that the task returned.

        :raises ViewerError: if they are in an XCom that the web server cannot read.
        """
        value = self.xcoms.get("return_value")
        _require_readable(value)
        addresses = value if isinstance(value, list | tuple) else ()
        if not addresses:
            return ()
        start = self.destination.uri
        return tuple(one for one in addresses if isinstance(one, str) and one.startswith(start))

    def _known(self, name: str) -> Any:
        if name not in self.fields:
            raise not_found(
                f"Airflow no longer stores the argument {name} of this task. It keeps templated arguments of the "
                "latest runs: see [core] num_dag_runs_to_retain_rendered_fields, in Airflow 2 "
                "max_num_rendered_ti_fields_per_task."
            )
        return self.fields[name]


def _require_readable(value: Any) -> None:
    if isinstance(value, Unreadable):
        raise bad_gateway(
            f"The web server cannot read the task's result, which the XCom backend stored at {value.where}: "
            f"{value.reason}. Give the web server the configuration and the connection of the XCom backend."
        )


def may_read(sources: Iterable[SourcePattern], uri: str) -> bool:
    """Return whether one of a task's sources contains this URI."""
    address = find_address(uri)
    return address is not None and any(source.contains(address) for source in sources)


def recording_of(fields: Mapping[str, Any]) -> Recording | None:
    """Return the stored recording that a task with these rendered arguments submitted."""
    uri, conn_id = fields.get("audio"), fields.get("aws_conn_id")
    if "fluxions_conn_id" not in fields or not isinstance(uri, str) or not isinstance(conn_id, str) or not conn_id:
        return None
    return Recording(uri, conn_id) if may_be_object(uri) else None


def may_be_object(uri: str) -> bool:
    """Whether an address names an object in a store."""
    address = find_address(uri)
    return address is not None and bool(address.key)


def _sources(addresses: Iterable[str]) -> Iterator[SourcePattern]:
    for address in addresses:
        with contextlib.suppress(FluxionsInputError):
            yield parse_source(address)


def plain_value(stored: Any) -> Any:
    """Return a stored XCom. Airflow 3 writes some as JSON, and some as JSON within JSON."""
    if not isinstance(stored, str):
        return stored
    try:
        return json.loads(stored)
    except (ValueError, RecursionError):
        return stored
