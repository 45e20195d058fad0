"""The pieces of a long text, stored until its audio exists, so that a retry renders only what is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from airflow_provider_fluxions.api.errors import FluxionsError, FluxionsSpeechError
from airflow_provider_fluxions.api.job_reference import piece_reference
from airflow_provider_fluxions.api.printable import printable
from airflow_provider_fluxions.api.speech_audio import SAMPLE_BYTES, SpeechAudio, read_wav
from airflow_provider_fluxions.api.speech_options import SpeechOptions
from airflow_provider_fluxions.api.uris import last_part
from airflow_provider_fluxions.speech.parts import Parts
from airflow_provider_fluxions.speech.pieces import Piece
from airflow_provider_fluxions.storage import S3Object, S3Store

log = logging.getLogger(__name__)

WAV_HEADER_BYTES = 44
MAX_PIECE_BYTES = 64 << 20


@dataclass(frozen=True)
class Spoken:
    """A text that is spoken, by one voice and one checkpoint.

    :param renders: Texts sent in this try, which may have been charged.
    :param renders_lost: Those of them that brought no complete audio.
    :param characters: Characters that this try rendered; pieces of an earlier try do not count.
    :param seconds: Seconds of audio that this try rendered.
    """

    voice_id: str
    parts: Parts
    renders: int
    renders_lost: int
    characters: int
    seconds: float


@dataclass(frozen=True)
class StoredPieces:
    """The pieces of one text below ``{folder}{full voice id}/``.

    :param folder: The key of the destination and ``_pieces/{reference of the text}/``.
    :param render: Renders one piece with a full voice id.
    """

    store: S3Store
    bucket: str
    folder: str
    options: SpeechOptions
    render: Callable[[str, str], SpeechAudio]

    def speak(self, pieces: Sequence[Piece], voice_id: str) -> Spoken:
        """Render and store the pieces that are missing. Each is kept once S3 has acknowledged it.

        :raises FluxionsError: a piece cannot be rendered or stored; ``renders`` counts those of all pieces.
        """
        sizes = self._stored(voice_id)
        log.info("Speaking %d pieces; %d are stored already.", len(pieces), len(sizes))
        renders = lost = characters = 0
        seconds = 0.0
        for piece in pieces:
            ref = piece_reference(piece.text, voice_id, self.options)
            if ref in sizes:
                continue
            try:
                audio = self.render(piece.text, voice_id)
                renders, lost = renders + audio.renders, lost + audio.renders_lost
                self.store.put(self.bucket, self._key(voice_id, ref), body := audio.wav, "audio/wav", {})
            except FluxionsError as error:
                error.renders += renders
                error.renders_lost += lost
                raise
            sizes[ref] = len(body)
            characters, seconds = characters + len(piece.text), seconds + audio.duration
        return Spoken(voice_id, self._parts(pieces, voice_id, sizes), renders, lost, characters, seconds)

    def remove(self) -> None:
        """Remove the pieces of all checkpoints. A failure is a warning: the audio of the text is stored."""
        try:
            self.store.delete(self.bucket, [found.key for found in self.store.list(self.bucket, self.folder)])
        except FluxionsError as error:
            log.warning("Could not remove the pieces below s3://%s/%s: %s A lifecycle rule can remove them.",
                        self.bucket, printable(self.folder), printable(error))  # fmt: skip

    def _stored(self, voice_id: str) -> dict[str, int]:
        found = self.store.list(self.bucket, self._key(voice_id, "").removesuffix(".wav"))
        return {last_part(one.key).removesuffix(".wav"): one.size_bytes for one in found}

    def _key(self, voice_id: str, ref: str) -> str:
        return f"{self.folder}{voice_id}/{ref}.wav"

    def _parts(self, pieces: Sequence[Piece], voice_id: str, sizes: dict[str, int]) -> Parts:
        refs = [piece_reference(piece.text, voice_id, self.options) for piece in pieces]
        first = self._read(voice_id, refs[0])
        frames = [(sizes[ref] - WAV_HEADER_BYTES) // (SAMPLE_BYTES * first.channels) for ref in refs]

        def read(number: int) -> bytes:
            audio = self._read(voice_id, refs[number])
            if (audio.frames, audio.sample_rate, audio.channels) != (frames[number], first.sample_rate, first.channels):
                raise FluxionsSpeechError(
                    f"The pieces below s3://{self.bucket}/{self.folder} have different sample rates, or changed. "
                    "Delete them, and clear the task: the text is rendered again."
                )
            return audio.pcm

        return Parts(pieces, frames, first.sample_rate, first.channels, read)

    def _read(self, voice_id: str, ref: str) -> SpeechAudio:
        found = S3Object(self.bucket, self._key(voice_id, ref), 0, "")
        return read_wav(self.store.get(found, MAX_PIECE_BYTES), voice_id)


def held(piece: Piece, audio: SpeechAudio) -> Spoken:
    """Return a text of one piece, whose audio is in memory."""
    parts = Parts((piece,), (audio.frames,), audio.sample_rate, audio.channels, lambda _: audio.pcm)
    lost = audio.renders_lost
    return Spoken(audio.voice_id, parts, audio.renders, lost, len(piece.text), audio.duration)
