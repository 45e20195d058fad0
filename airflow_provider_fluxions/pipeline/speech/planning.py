"""Finding out what a speech transfer has to do: from the source and the destination. Nothing is rendered."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from airflow_provider_fluxions.api.errors import FluxionsAudioError, FluxionsInputError
from airflow_provider_fluxions.api.job_reference import speech_reference
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.pipeline.conditional_put import occupied_message
from airflow_provider_fluxions.pipeline.destination import (
    DestinationState,
    destination_state,
    existing_keys,
    require_destination,
)
from airflow_provider_fluxions.pipeline.discovery import list_source
from airflow_provider_fluxions.pipeline.input_errors import failure_text, is_input_error, is_transient
from airflow_provider_fluxions.pipeline.items import PlannedInput, Target
from airflow_provider_fluxions.pipeline.locations import SourcePattern
from airflow_provider_fluxions.pipeline.naming import too_long
from airflow_provider_fluxions.pipeline.object_metadata import META_REFERENCE, META_RUN, Metadata, audio_seconds_of
from airflow_provider_fluxions.pipeline.records import InputRecord, State
from airflow_provider_fluxions.pipeline.selection import Selection
from airflow_provider_fluxions.pipeline.speech.formats import SpeechFormats
from airflow_provider_fluxions.pipeline.speech.records import LOSSLESS_EXTENSIONS, SpeechInput
from airflow_provider_fluxions.speech.captions import TIMELINE_EXTENSION
from airflow_provider_fluxions.speech.documents import Document, read_documents
from airflow_provider_fluxions.speech.metadata import META_VOICE_ID, is_done
from airflow_provider_fluxions.speech.pieces import cut_text
from airflow_provider_fluxions.storage import ObjectStore, StoredObject

log = logging.getLogger(__name__)

# Of a file of texts: a book has some 1 MiB, a JSON Lines file of 100,000 prompts some 16 MiB.
MAX_TEXT_BYTES = 64 * 1024 * 1024
# Folders below a destination that are this package's own. A source that contains the destination skips them.
OWN_FOLDERS = ("_manifests/", "_pieces/", "_wer/")
NO_TIMES = (
    "Captions need the times of the pieces of {uri}, and no time line was stored with it. Leave captions out of "
    "formats, or delete that object: then the text is rendered again, with a charge. Put json into formats to store "
    "time lines."
)


@dataclass(frozen=True)
class SpeechSpec:
    """What a speech transfer is asked for.

    :param voice: for texts that name none.
    :param run: names the task instance in the metadata of results.
    :param rerender: whether a result that an earlier checkpoint spoke counts as missing.
    """

    sources: tuple[SourcePattern, ...]
    selection: Selection
    target: Target
    formats: SpeechFormats
    voice: str
    options: SpeechOptions
    run: str
    rerender: bool = False


@dataclass
class SpeechDiscovery:
    """The inputs of a transfer, and what the source has besides.

    :param inputs: in order of sources, keys and lines.
    :param ignored: objects that are not inputs because of their extension, by extension.
    """

    inputs: list[SpeechInput] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


def discover(store: ObjectStore, pool: Executor, spec: SpeechSpec, now: datetime) -> SpeechDiscovery:
    """Return every text of the sources, with the reason for those that cannot be spoken.

    :raises FluxionsInputError: two inputs would share a result.
    :raises FluxionsAudioError: the only source is one object, and it does not exist.
    :raises FluxionsStorageError: the store refused.
    """
    require_destination(store, spec.target.destination)
    found = SpeechDiscovery()
    listed = list(pool.map(partial(_listed, store, spec, found.ignored), spec.sources))
    unique = {one.uri: (one, source) for source, objects in zip(spec.sources, listed, strict=True) for one in objects}
    for inputs in pool.map(lambda pair: _read(store, spec, now, *pair), unique.values()):
        found.inputs += inputs
    _check_collisions(found.inputs)
    return found


def _listed(store: ObjectStore, spec: SpeechSpec, ignored: Counter[str], source: SourcePattern) -> list[StoredObject]:
    found = list_source(store, source, spec.selection.suffixes, ignored, partial(_is_own, spec.target))
    if found is None:
        raise FluxionsAudioError(f"There is no object {printable(source.address.uri)}, and no texts below it.")
    return found


def _is_own(target: Target, found: StoredObject) -> bool:
    return any(target.destination.below(folder).contains(found.address) for folder in OWN_FOLDERS)


def _read(
    store: ObjectStore, spec: SpeechSpec, now: datetime, found: StoredObject, source: SourcePattern
) -> list[SpeechInput]:
    """Return the texts of one object; only those of this task's shard are kept."""
    path, is_many = source.relative(found.key), found.key.lower().endswith(".jsonl")
    if not is_many and not spec.selection.is_in_shard(found.uri):
        return []
    if reason := spec.selection.skip_reason(found, now):
        skipped = _input(spec, found, path, Document("", ""))
        skipped.record.state, skipped.record.error = State.SKIPPED, reason
        return [skipped] if spec.selection.is_in_shard(found.uri) else []
    try:
        documents = read_documents(found.key, store.get(found.address, MAX_TEXT_BYTES))
    except Exception as error:
        if not is_input_error(error):
            raise
        failed = _input(spec, found, path, Document("", ""))
        failed.fail(failure_text(error), transient=is_transient(error))
        return [failed] if spec.selection.is_in_shard(found.uri) else []
    kept = [one for one in documents if not is_many or spec.selection.is_in_shard(f"{found.uri}#{one.name}")]
    return [_input(spec, found, f"{path}/{one.name}" if is_many else path, one) for one in kept]


def _input(spec: SpeechSpec, found: StoredObject, path: str, document: Document) -> SpeechInput:
    voice = document.voice or spec.voice
    ref = speech_reference(document.text, voice, spec.options)
    record = InputRecord(PlannedInput(found, ref, path, spec.target), folder=spec.target.folder)
    made = SpeechInput.of(record, document.name, document.text, voice)
    if document.problem:
        made.fail(document.problem)
    elif problem := too_long(record.item.outputs().values()):
        made.fail(problem)
    elif made.unknown_tags:
        tags = ", ".join(map(printable, made.unknown_tags[:5]))
        log.warning("%s has tags that Fluxions is not known to have: %s. They are sent.", printable(made.label), tags)
    return made


def _check_collisions(inputs: Iterable[SpeechInput]) -> None:
    """Refuse two texts with the same result, and a result that would replace a source.

    :raises FluxionsInputError: naming both.
    """
    usable = [one for one in inputs if one.record.state is State.TO_DO]
    sources = {one.record.item.source.uri for one in usable}
    owners: dict[str, SpeechInput] = {}
    for one in usable:
        for uri in one.record.item.uris():
            owner = owners.setdefault(uri, one)
            if owner is not one or uri in sources:
                raise FluxionsInputError(
                    f"The audio of {printable(one.label)} would be written to {printable(uri)}, which is also the "
                    f"result of {printable(owner.label)} or a source itself. Choose another destination or "
                    "key_template."
                )


def check_destination(
    store: ObjectStore, pool: Executor, spec: SpeechSpec, inputs: Sequence[SpeechInput], voice_ids: Mapping[str, str]
) -> None:
    """Note for each text to do which of its results are up to date, and what the others can be made from.

    Lists first, and requests the metadata (a HEAD each) of what exists only.

    :param voice_ids: full ids by the voice as the user writes it, where a new checkpoint makes results outdated.
    :raises FluxionsStorageError: the store refused.
    """
    todo = [one for one in inputs if one.record.state is State.TO_DO]
    wanted = {*spec.target.extensions, *LOSSLESS_EXTENSIONS, TIMELINE_EXTENSION}
    target = spec.target
    start = f"{target.prefix}{target.folder}"
    names = sorted({name for one in todo for name in target.layout.keys(one.record.item.path, wanted).values()})
    keys = [start + name for name in existing_keys(store, target.destination.at(start), names)]
    heads = dict(zip(keys, pool.map(lambda key: store.head(target.destination.at(key)), keys), strict=True))
    for one in todo:
        own = target.layout.keys(one.record.item.path, wanted)
        present = {extension: head for extension, name in own.items() if (head := heads.get(start + name)) is not None}
        _apply(spec, one, present, voice_ids.get(one.voice))


def _apply(spec: SpeechSpec, one: SpeechInput, present: Mapping[str, StoredObject], voice_id: str | None) -> None:
    record, item = one.record, one.record.item
    objects = {found.key: _current(found.metadata, voice_id) for found in present.values()}
    versions = {found.key: found.version for found in present.values()}
    state = destination_state(item, [spec.target.folder], objects, versions)
    record.up_to_date, record.replaces = state.up_to_date, state.replaces
    if state.occupied_by is not None and not state.is_complete(item):
        one.fail(occupied_message(state.occupied_by, item.uris()[0]))
        return
    if state.is_complete(item):
        _note_done(spec, one, state)
        return
    current = {end for end, found in present.items() if objects[found.key].get(META_REFERENCE) == item.ref}
    one.base, one.has_timeline = base_for(spec.formats, current), TIMELINE_EXTENSION in current
    if one.base is None:
        # What one render wrote must not be mixed with what another one writes: their times differ.
        record.up_to_date = frozenset()
        record.replaces = {end: found.version for end, found in present.items()}
    elif needs_times(spec.formats, current) and len(cut_text(one.text)) > 1:
        one.fail(NO_TIMES.format(uri=present[one.base].uri))


def _note_done(spec: SpeechSpec, one: SpeechInput, state: DestinationState) -> None:
    metadata = state.metadata
    one.record.state = State.COMPLETED if metadata.get(META_RUN) == spec.run else State.ALREADY_DONE
    one.voice_id, one.text = metadata.get(META_VOICE_ID), ""
    one.record.audio_seconds = audio_seconds_of(metadata)


def base_for(formats: SpeechFormats, current: Collection[str]) -> str | None:
    """Return the extension of the stored audio that the missing formats can be made from; None: it is rendered.

    Audio is made from lossless audio only. Captions alone can be made with any audio.

    :param current: extensions of results of this text and these options that exist, in all formats.
    """
    is_audio_missing = not set(formats.audio) <= set(current)
    usable = LOSSLESS_EXTENSIONS if is_audio_missing else (*LOSSLESS_EXTENSIONS, *formats.audio)
    return next((extension for extension in usable if extension in current), None)


def needs_times(formats: SpeechFormats, current: Collection[str]) -> bool:
    """Return whether captions are missing, and so is the time line that says where the pieces of the audio start."""
    return not set(formats.captions) <= set(current) and TIMELINE_EXTENSION not in current


def _current(metadata: Metadata, voice_id: str | None) -> Metadata:
    """Return metadata without their reference if another checkpoint spoke the result."""
    if voice_id is None or is_done(metadata, metadata.get(META_REFERENCE, ""), voice_id):
        return metadata
    return {name: value for name, value in metadata.items() if name != META_REFERENCE}
