"""The pieces of a long text, stored until its audio exists, so that a retry renders only what is missing."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsStorageError
from airflow_provider_fluxions.api.job_reference import piece_reference
from airflow_provider_fluxions.api.media_types import AUDIO_TYPES
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.speech_audio import SAMPLE_BYTES, SpeechAudio, read_wav
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.speech.parts import Parts
from airflow_provider_fluxions.speech.pieces import Piece
from airflow_provider_fluxions.storage import ObjectAddress, ObjectChangedError, ObjectStore

log = logging.getLogger(__name__)

PIECE_TYPE = AUDIO_TYPES[".wav"]
WAV_HEADER_BYTES = 44
# A piece of 800 characters has some 2.4 MB; a slow voice and long pauses make more.
MAX_PIECE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class StoredPieces:
    """The pieces of one text: ``{folder}{full voice id}/{reference of the piece}.wav``. Threads share it.

    The first render of a piece that is stored stays: runs at the same time join the same pieces.

    :param folder: the address of its pieces, of all checkpoints. Those of two checkpoints are never joined.
    """

    store: ObjectStore
    folder: ObjectAddress
    options: SpeechOptions

    def texts(self, pieces: Sequence[Piece], voice_id: str) -> dict[str, str]:
        """Return the texts of pieces by their reference; equal pieces share one."""
        return {self._reference(piece.text, voice_id): piece.text for piece in pieces}

    def sizes(self, voice_id: str) -> dict[str, int]:
        """Return the sizes in bytes of the pieces that are stored, by their reference.

        :raises FluxionsStorageError: the store refused.
        """
        found = self.store.list(self._folder(voice_id))
        return {last_part(one.key).removesuffix(".wav"): one.size_bytes for one in found}

    def put(self, text: str, voice_id: str, body: bytes) -> int:
        """Store a rendered piece unless another run has stored it by now. It is kept once the store acknowledged it.

        :returns: the size in bytes of the one that is stored.
        :raises FluxionsStorageError: the store refused.
        """
        address = self._address(self._reference(text, voice_id), voice_id)
        try:
            self.store.put(address, body, PIECE_TYPE, {}, expected="")
        except ObjectChangedError:
            found = self.store.head(address)
            if found is None:
                raise  # another run is writing or removing it
            return found.size_bytes
        return len(body)

    def parts(self, pieces: Sequence[Piece], voice_id: str, sizes: Mapping[str, int]) -> Parts:
        """Return the audio of a text whose pieces are all stored.

        :param sizes: of its pieces, see `sizes`.
        :raises FluxionsError: the first piece cannot be read.
        """
        refs = [self._reference(piece.text, voice_id) for piece in pieces]
        first = self._read(refs[0], voice_id)
        rate, channels = first.sample_rate, first.channels
        del first
        frames = [(sizes[ref] - WAV_HEADER_BYTES) // (SAMPLE_BYTES * channels) for ref in refs]

        def read(number: int) -> bytes:
            audio = self._read(refs[number], voice_id)
            if (audio.frames, audio.sample_rate, audio.channels) != (frames[number], rate, channels):
                raise _unlike(self._folder(voice_id).uri)
            return audio.pcm

        return Parts(pieces, frames, rate, channels, lambda: map(read, range(len(refs))))

    def remove(self, label: str) -> None:
        """Remove the pieces of all checkpoints. A failure is a warning: the audio of the text is stored.

        :param label: what to call the text in a log.
        """
        try:
            self.store.delete([one.address for one in self.store.list(self.folder)])
        except FluxionsError as error:
            log.warning(
                "Could not remove the pieces of %s: %s A lifecycle rule on the folder _pieces/ can remove them.",
                printable(label), printable(error),
            )  # fmt: skip

    def _reference(self, text: str, voice_id: str) -> str:
        return piece_reference(text, voice_id, self.options)

    def _folder(self, voice_id: str) -> ObjectAddress:
        return self.folder.below(f"{quote(voice_id, safe='')}/")

    def _address(self, ref: str, voice_id: str) -> ObjectAddress:
        return self._folder(voice_id).below(f"{ref}.wav")

    def _read(self, ref: str, voice_id: str) -> SpeechAudio:
        return read_wav(self.store.get(self._address(ref, voice_id), MAX_PIECE_BYTES), voice_id)


def _unlike(folder: str) -> FluxionsStorageError:
    return FluxionsStorageError(
        f"The pieces below {folder} differ in sample rate or channels, or changed meanwhile. Delete them, and clear "
        "the task: the text is rendered again.",
        transient=False,
    )
