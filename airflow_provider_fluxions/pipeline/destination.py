"""Results at the destination: find existing ones that are up to date, and write missing ones."""

from __future__ import annotations

import bisect
import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import unquote

from airflow_provider_fluxions.api.errors import FluxionsInputError
from airflow_provider_fluxions.api.models import Transcription
from airflow_provider_fluxions.formats import Choice
from airflow_provider_fluxions.formats.base import Provenance
from airflow_provider_fluxions.pipeline.conditional_put import put_result
from airflow_provider_fluxions.pipeline.items import STORED_EXTENSION, PlannedInput
from airflow_provider_fluxions.pipeline.object_metadata import (
    META_OPTIONS,
    META_REFERENCE,
    META_SOURCE,
    Metadata,
    is_made_from,
    source_metadata,
)
from airflow_provider_fluxions.storage import ObjectAddress, ObjectStore

log = logging.getLogger(__name__)

# Every new empty frozenset takes 216 bytes, and most inputs of a first run have one.
_NOTHING: frozenset[str] = frozenset()
NO_VERSIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DestinationState:
    """The existing results of one input.

    :param folder: Folder of its results.
    :param up_to_date: Extensions of results that are as this run would write them.
    :param metadata: Metadata of one of these, else empty.
    :param stored: Key of the ``json`` result of this work, from which any format can be made.
    :param is_begun: Whether the folder contains a result of this work, with any options of its format.
    :param replaces: Versions of existing results that will be replaced, by extension.
    :param occupied_by: URI of another recording with a result under one of these names.
    """

    folder: str
    up_to_date: frozenset[str]
    metadata: Metadata
    stored_key: str | None
    is_begun: bool
    occupied_by: str | None
    replaces: Mapping[str, str] = field(default_factory=lambda: NO_VERSIONS)

    def is_complete(self, item: PlannedInput) -> bool:
        """Whether all results are up to date."""
        return self.up_to_date >= set(item.target.extensions)


def destination_state(
    item: PlannedInput,
    folders: Sequence[str],
    objects: Mapping[str, Metadata],
    versions: Mapping[str, str] = NO_VERSIONS,
) -> DestinationState:
    """Return the state of an input from the existing objects.

    Results of one input stay together in the folder of the existing ones, of any date, so that a table is read only
    once.

    :param folders: Folders to check, the target's own first.
    :param objects: Metadata of existing objects, by key.
    :param versions: Versions of the same objects.
    """
    views = [_view(item, folder, objects, versions) for folder in folders]
    # A stored transcript of any date serves, because every format can be made from it at no charge.
    stored = next((view.stored_key for view in views if view.stored_key), None)
    return replace(max(views, key=lambda view: (view.is_complete(item), view.is_begun)), stored_key=stored)


def _view(
    item: PlannedInput, folder: str, objects: Mapping[str, Metadata], versions: Mapping[str, str]
) -> DestinationState:
    options_digests, own = item.target.options_digests, source_metadata(item.source.uri).get(META_SOURCE)
    keys = item.outputs(folder)
    found = {one: objects[key] for one, key in keys.items() if key in objects}
    up_to_date = {one: data for one, data in found.items() if is_made_from(data, item.ref, options_digests.get(one))}
    stored = item.stored(folder)
    of_this_work = [data.get(META_REFERENCE) == item.ref for data in (*found.values(), objects.get(stored, {}))]
    others = [name for data in found.values() if (name := data.get(META_SOURCE)) not in (None, own)]
    replaces = {one: versions[keys[one]] for one in found if one not in up_to_date and keys[one] in versions}
    return DestinationState(
        folder,
        frozenset(up_to_date) or _NOTHING,
        next(iter(up_to_date.values()), {}),
        stored if of_this_work[-1] else None,
        any(of_this_work),
        unquote(others[0]) if others else None,
        replaces or NO_VERSIONS,
    )


def find_destination_states(
    store: ObjectStore, pool: Executor, items: Sequence[PlannedInput], folders: Sequence[str]
) -> dict[str, DestinationState]:
    """Return the existing results of each input, by reference.

    It lists first, and reads the metadata (a HEAD each) only of existing objects.

    :param folders: Folders to check, the target's own first.
    :raises FluxionsStorageError: if the store refused a request.
    """
    if not items:
        return {}
    target = items[0].target
    # Names are without a date, so one list of them serves the listing of every folder.
    names = sorted({name for item in items for name in item.names()})
    found = list(pool.map(lambda folder: existing_keys(store, target.destination.below(folder), names), folders))
    places: dict[str, list[str]] = {}  # by name, because most dates have no results of most inputs
    for folder, present in zip(folders, found, strict=True):
        for name in present:
            places.setdefault(name, []).append(folder)
    keys = [f"{target.prefix}{folder}{name}" for name, held in places.items() for folder in held]
    heads = list(zip(keys, pool.map(lambda key: store.head(target.destination.at(key)), keys), strict=True))
    objects = {key: head.metadata for key, head in heads if head is not None}
    versions = {key: head.version for key, head in heads if head is not None}
    return {item.ref: destination_state(item, _candidates(item, folders, places), objects, versions) for item in items}


def _candidates(item: PlannedInput, folders: Sequence[str], places: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the target's own folder, then those with objects under an input's names, the latest first."""
    held = {folder for name in item.names() for folder in places.get(name, ())}
    return [folders[0], *sorted(held - {folders[0]}, reverse=True)]


def require_destination(store: ObjectStore, destination: ObjectAddress) -> None:
    """Check that the bucket exists, and that the store can hold results.

    :raises FluxionsInputError: if the store has no metadata.
    :raises FluxionsStorageError: if the bucket does not exist, or the store refused the request.
    """
    if not store.capabilities.metadata:
        raise FluxionsInputError(
            f"The store of {destination.uri} keeps no metadata with objects, and results are recognized by them. "
            "Choose a destination in another store."
        )
    if not store.capabilities.conditional_put:
        log.warning("The store of %s cannot write on a condition. Do not let two runs overlap.", destination.uri)
    store.require_bucket(destination)


def existing_keys(store: ObjectStore, prefix: ObjectAddress, wanted: Iterable[str]) -> list[str]:
    """Return the existing names below a prefix, in order, with at most min(pages below the prefix, names) requests.

    The next page starts at the next wanted key, so the keys in between are never listed.

    :raises FluxionsStorageError: if the store refused a request.
    """
    names, found, position = sorted(wanted), [], 0
    if names and not store.capabilities.start_after:
        present = {one.key for one in store.list(prefix)}
        return [name for name in names if prefix.key + name in present]
    # The start of a key sorts before it, and almost no keys are in between.
    start = prefix.key + (names[0][:-1] if names else "")
    while position < len(names):
        page = store.page(prefix, start)
        last = page.last_key
        end = len(names) if last is None else bisect.bisect_right(names, last.removeprefix(prefix.key))
        found += [name for name in names[position:end] if prefix.key + name in page.keys]
        if end < len(names):
            # Never back: a name that sorts before the last listed key would be listed twice.
            start = max(last or "", prefix.key + names[end][:-1])
        position = end
    return found


def write_outputs(
    store: ObjectStore,
    item: PlannedInput,
    folder: str,
    transcription: Transcription,
    choices: Sequence[Choice],
    provenance: Provenance,
    metadata: Metadata,
    skip: frozenset[str] = frozenset(),
    replaces: Mapping[str, str] = NO_VERSIONS,
) -> None:
    """Write an input's results, except the extensions to skip. ``json`` is last, so a reader also finds the others.

    :param folder: Folder below the target's prefix; see `DestinationState`.
    :param replaces: See `DestinationState`.
    :raises FluxionsTransferError: if a result of another recording exists.
    :raises FluxionsFormatError: if a format cannot represent this transcript; then nothing is written.
    :raises FluxionsStorageError: if the store refused a request.
    """
    # All formats are rendered before the first write, so that an error leaves no incomplete set.
    rendered = [
        (extension, body, choice.format.content_type)
        for choice in choices
        if not skip.issuperset(choice.extensions)
        for extension, body in choice.files(transcription, provenance).items()
    ]
    keys, options_digests = item.outputs(folder), item.target.options_digests
    # ``json`` is written last, so a reader that finds it also finds the others.
    for extension, body, content_type in sorted(rendered, key=lambda one: one[0] == STORED_EXTENSION):
        if extension not in skip:
            options_digest = {META_OPTIONS: options_digests[extension]} if extension in options_digests else {}
            with_digest, replaced = {**metadata, **options_digest}, replaces.get(extension)
            address = item.target.destination.at(keys[extension])
            put_result(store, address, body, content_type, with_digest, replaced)
