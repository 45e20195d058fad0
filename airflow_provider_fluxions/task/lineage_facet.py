"""The run facet of OpenLineage events of Fluxions tasks. Import it only if OpenLineage is installed."""

from __future__ import annotations

import attr
from airflow.providers.common.compat.openlineage.facet import RunFacet


@attr.define
class FluxionsRunFacet(RunFacet):
    """The work of a task at Fluxions. Names follow OpenLineage.

    Its ``_schemaURL`` is that of OpenLineage's run facet: there is no public page for a schema of its own.

    :param jobIds: the first hundred.
    :param jobs: how many there are.
    :param inputs: how many files were read; their datasets may be folders.
    :param outputs: how many files were written, likewise.
    :param audioSeconds: of all jobs together; None: unknown.
    :param cost: in the currency of the price that was given; None: unknown.
    """

    jobIds: list[str] = attr.field(factory=list)
    jobs: int = attr.field(default=0)
    inputs: int = attr.field(default=0)
    outputs: int = attr.field(default=0)
    audioSeconds: float | None = attr.field(default=None)
    cost: float | None = attr.field(default=None)
