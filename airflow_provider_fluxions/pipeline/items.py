"""The reference of each recording, and the names of its results. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.job_reference import reference
from airflow_provider_fluxions.formats import Choice
from airflow_provider_fluxions.pipeline.naming import KeyTemplate
from airflow_provider_fluxions.pipeline.ownership import input_reference
from airflow_provider_fluxions.storage import ObjectAddress, StoredObject

# The format from which any other format can be made later.
STORED_EXTENSION = ".json"


@dataclass(frozen=True)
class Target:
    """The destination of a transfer.

    :param destination: Its key is a prefix: empty, or ends with a slash.
    :param folder: Below the prefix: empty, or a date's partition such as ``ingest_date=2026-01-31/``. It is not part
        of a reference, so a later run reuses the jobs of an earlier one.
    :param options_digests: Digests of options other than a format's defaults, by extension.
    """

    destination: ObjectAddress
    folder: str = ""
    extensions: tuple[str, ...] = (STORED_EXTENSION,)
    options_digests: Mapping[str, str] = field(default_factory=dict)
    layout: KeyTemplate = field(default_factory=KeyTemplate)

    @classmethod
    def of(
        cls,
        destination: ObjectAddress,
        choices: Sequence[Choice],
        folder: str = "",
        layout: KeyTemplate | None = None,
    ) -> Target:
        """Return the target of these formats below a bucket and prefix."""
        extensions = tuple(extension for choice in choices for extension in choice.extensions)
        options_digests = {
            one: reference(choice.changed_options)
            for choice in choices
            if choice.changed_options
            for one in choice.extensions
        }
        return cls(destination, folder, extensions, options_digests, layout or KeyTemplate())

    @property
    def prefix(self) -> str:
        """The prefix of the keys of all results."""
        return self.destination.key


@dataclass(frozen=True, slots=True)
class PlannedInput:
    """One recording and its results.

    :param ref: Reference of source, version, options and destination. It does not contain the run, so the next
        scheduled run reuses the jobs of a dead run.
    :param path: Path of the recording below its source.
    """

    source: StoredObject
    ref: str
    path: str
    target: Target

    def outputs(self, folder: str | None = None) -> dict[str, str]:
        """Return the results' keys by extension, in the target's folder or another one."""
        return self._keys(self.target.extensions, folder)

    def stored(self, folder: str | None = None) -> str:
        """Return the key of the ``json`` result, also if that format is not in ``formats``."""
        return self._keys((STORED_EXTENSION,), folder)[STORED_EXTENSION]

    def names(self) -> Iterable[str]:
        """Return the names of the results and of the ``json`` one, without their folder."""
        return self.target.layout.keys(self.path, {*self.target.extensions, STORED_EXTENSION}).values()

    def _keys(self, extensions: Iterable[str], folder: str | None) -> dict[str, str]:
        start = f"{self.target.prefix}{self.target.folder if folder is None else folder}"
        names = self.target.layout.keys(self.path, extensions)
        return {extension: f"{start}{name}" for extension, name in names.items()}

    def uris(self, folder: str | None = None) -> list[str]:
        """Return the results' URIs."""
        return [self.target.destination.at(key).uri for key in self.outputs(folder).values()]


def plan_input(found: StoredObject, path: str, target: Target, options: Mapping[str, Any]) -> PlannedInput:
    """Return the planned input for one recording."""
    ref = input_reference(found.uri, found.version, path, target.destination, options)
    return PlannedInput(found, ref, path, target)


def check_collisions(items: Iterable[PlannedInput]) -> None:
    """Check that all inputs have different outputs, and that no output replaces an input.

    :raises FluxionsInputError: if not; the message names both.
    """
    items = tuple(items)
    inputs = {item.source.uri for item in items}
    owners: dict[str, PlannedInput] = {}
    for item in items:
        for uri in item.uris():
            # Checked before the first submit, because the second of two results would replace one that was charged.
            owner = owners.setdefault(uri, item).source.uri
            if owner != item.source.uri or uri in inputs:
                raise FluxionsInputError(
                    f"The result of {item.source.uri} would be written to {uri}, which is also that of {owner} or an "
                    "input itself. Choose another destination or key_template."
                )
