"""Writing the results of a spoken text: captions first, audio last, so that who sees the audio sees all of them."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import IO

from airflow_provider_fluxions.api.errors import FluxionsStorageError
from airflow_provider_fluxions.pipeline.conditional_put import MetadataCheck, put_result
from airflow_provider_fluxions.pipeline.object_metadata import META_RUN, META_SECONDS, META_VERSION, source_metadata
from airflow_provider_fluxions.pipeline.speech.audio_upload import upload_audio
from airflow_provider_fluxions.pipeline.speech.formats import SpeechFormats
from airflow_provider_fluxions.pipeline.speech.records import SpeechInput
from airflow_provider_fluxions.speech import captions
from airflow_provider_fluxions.speech.decoding import stored_samples
from airflow_provider_fluxions.speech.encoding import AUDIO_FORMATS, open_encoder
from airflow_provider_fluxions.speech.metadata import META_VOICE_ID, speech_metadata
from airflow_provider_fluxions.speech.parts import Parts, unread
from airflow_provider_fluxions.speech.pieces import cut_text
from airflow_provider_fluxions.storage import ObjectAddress, ObjectStore, StoredObject

COPY_BYTES = 1024 * 1024
# For the times of a text of one piece whose audio is lossy: any rate serves, times are in milliseconds.
NOMINAL_RATE = 24_000


@dataclass(frozen=True)
class SpeechResults:
    """Writes results. Threads share it.

    :param run: names the task instance in the metadata of results.
    """

    store: ObjectStore
    formats: SpeechFormats
    run: str
    metadata_check: MetadataCheck = field(default_factory=lambda: MetadataCheck(is_proven=True))

    def write(self, one: SpeechInput, parts: Parts, voice_id: str) -> None:
        """Write all results of a text. Audio of one piece is one PUT; longer audio is encoded while it is sent.

        :raises FluxionsTransferError: a result of another source is there.
        :raises FluxionsStorageError: the store refused.
        """
        metadata = self._metadata(one, voice_id, parts.seconds)
        for extension in self.formats.captions:
            self._put(one, extension, _captions(one, extension, parts, voice_id), metadata)
        write = self._write_short if len(parts.pieces) == 1 else self._write_long
        for extension in self.formats.audio:
            write(one, extension, parts.sample_rate, parts.channels, parts.blocks(), metadata)

    def convert(self, one: SpeechInput) -> tuple[str, float]:
        """Make the missing results of a text from its stored audio and time line, without a render.

        :returns: the full id of the voice that spoke it, and its seconds.
        :raises FluxionsFormatError: what is stored cannot be read.
        :raises FluxionsStorageError: the store refused.
        """
        stored = self._stored(one, one.base or "")
        voice_id, seconds = stored.metadata.get(META_VOICE_ID, ""), float(stored.metadata.get(META_SECONDS, 0))
        metadata = self._metadata(one, voice_id, seconds)
        for extension in self.formats.captions:
            if extension not in one.record.up_to_date:
                content = self._captions_again(one, extension, voice_id, seconds)
                self._put(one, extension, content, metadata)
        missing = [extension for extension in self.formats.audio if extension not in one.record.up_to_date]
        if missing:
            with tempfile.TemporaryFile(prefix="fluxions-speech-") as file:
                self._download(stored, file)
                for extension in missing:
                    file.seek(0)
                    found = stored_samples(file, one.base or "")
                    self._write_long(one, extension, found.sample_rate, found.channels, found.blocks, metadata)
        return voice_id, seconds

    def _metadata(self, one: SpeechInput, voice_id: str, seconds: float) -> dict[str, str]:
        source = one.record.item.source
        return {
            **speech_metadata(
                reference=one.ref, voice=one.voice, voice_id=voice_id, audio_seconds=seconds, characters=one.characters
            ),
            META_VERSION: source.version,
            META_RUN: self.run,
            **source_metadata(source.uri),
        }

    def _write_short(
        self, one: SpeechInput, extension: str, sample_rate: int, channels: int, blocks: Iterable[bytes],
        metadata: Mapping[str, str],
    ) -> None:  # fmt: skip
        file = io.BytesIO()
        with open_encoder(file, extension[1:], sample_rate, channels) as encoder:
            for block in blocks:
                encoder.write(block)
        self._put(one, extension, file.getvalue(), metadata)

    def _write_long(
        self, one: SpeechInput, extension: str, sample_rate: int, channels: int, blocks: Iterable[bytes],
        metadata: Mapping[str, str],
    ) -> None:  # fmt: skip
        address, replaced = _address(one, extension), one.record.replaces.get(extension)
        form = AUDIO_FORMATS[extension[1:]]
        upload_audio(self.store, address, form, sample_rate, channels, blocks, metadata, replaced)
        self.metadata_check.check(self.store, address)

    def _put(self, one: SpeechInput, extension: str, content: bytes, metadata: Mapping[str, str]) -> None:
        address, replaced = _address(one, extension), one.record.replaces.get(extension)
        put_result(self.store, address, content, _content_type(extension), metadata, replaced)
        self.metadata_check.check(self.store, address)

    def _stored(self, one: SpeechInput, extension: str) -> StoredObject:
        """Return a stored result, also one whose format is not wanted now.

        :raises FluxionsStorageError: it was deleted since it was listed, or the store refused.
        """
        target = one.record.item.target
        name = target.layout.keys(one.record.item.path, (extension,))[extension]
        address = target.destination.below(f"{target.folder}{name}")
        found = self.store.head(address)
        if found is None:
            raise FluxionsStorageError(f"{address.uri} was deleted since it was listed.")
        return found

    def _captions_again(self, one: SpeechInput, extension: str, voice_id: str, seconds: float) -> bytes:
        """Return captions from the stored time line; without one, from the length of a text of one piece."""
        if extension != captions.TIMELINE_EXTENSION and one.has_timeline:
            return captions.vtt_of_timeline(self.store.get(self._stored(one, captions.TIMELINE_EXTENSION).address))
        parts = Parts(cut_text(one.text), (round(seconds * NOMINAL_RATE),), NOMINAL_RATE, 1, unread)
        return _captions(one, extension, parts, voice_id)

    def _download(self, found: StoredObject, file: IO[bytes]) -> None:
        with closing(self.store.open(found)) as body:
            shutil.copyfileobj(body, file, COPY_BYTES)


def _captions(one: SpeechInput, extension: str, parts: Parts, voice_id: str) -> bytes:
    if extension == captions.TIMELINE_EXTENSION:
        return captions.timeline_json(one.ref, one.voice, voice_id, parts.times, parts.sample_rate)
    return captions.vtt_of_pieces(parts.times)


def _address(one: SpeechInput, extension: str) -> ObjectAddress:
    item = one.record.item
    return item.target.destination.at(item.outputs()[extension])


def _content_type(extension: str) -> str:
    known = {
        captions.TIMELINE_EXTENSION: captions.TIMELINE_TYPE,
        captions.VTT_EXTENSION: captions.VTT_TYPE,
    }
    return known.get(extension) or AUDIO_FORMATS[extension[1:]].content_type
