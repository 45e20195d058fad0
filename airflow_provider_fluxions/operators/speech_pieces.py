"""Speaking a long text: several of its pieces at a time, each stored until the audio of the text exists."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from airflow_provider_fluxions.api.errors import FluxionsError
from airflow_provider_fluxions.api.speech_audio import SpeechAudio
from airflow_provider_fluxions.pipeline.speech.stored_pieces import StoredPieces
from airflow_provider_fluxions.speech.parts import Parts
from airflow_provider_fluxions.speech.pieces import Piece

log = logging.getLogger(__name__)


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


def speak_pieces(
    stored: StoredPieces,
    pieces: Sequence[Piece],
    voice_id: str,
    render: Callable[[str, str], SpeechAudio],
    max_in_flight: int,
) -> Spoken:
    """Render and store the pieces that are missing. Each is kept once the store has acknowledged it.

    :param render: Renders one piece with a full voice id; threads share it.
    :param max_in_flight: Maximum renders at a time.
    :raises FluxionsError: the first that a piece raised; the renders in progress are kept. Or a stored piece cannot be
        read. ``renders`` counts those of all pieces.
    """
    sizes, texts = stored.sizes(voice_id), stored.texts(pieces, voice_id)
    missing = {ref: text for ref, text in texts.items() if ref not in sizes}
    log.info("Speaking %d pieces; %d are stored already.", len(texts), len(texts) - len(missing))
    work = _Work(stored, voice_id, render)
    try:
        work.run(missing, max_in_flight)
        parts = stored.parts(pieces, voice_id, {**sizes, **work.sizes})
    except FluxionsError as error:
        error.renders, error.renders_lost = work.renders, work.lost
        raise
    return Spoken(voice_id, parts, work.renders, work.lost, work.characters, work.seconds)


@dataclass
class _Work:
    """The renders of one text, and their account, which only the task's own thread changes."""

    stored: StoredPieces
    voice_id: str
    render: Callable[[str, str], SpeechAudio]
    has_ended: threading.Event = field(default_factory=threading.Event)
    sizes: dict[str, int] = field(default_factory=dict)
    renders: int = 0
    lost: int = 0
    characters: int = 0
    seconds: float = 0.0

    def run(self, texts: dict[str, str], max_in_flight: int) -> None:
        """Render texts, given by their references; after an error, end those in progress and start no other.

        :raises FluxionsError: the first error.
        """
        with ThreadPoolExecutor(max_in_flight, thread_name_prefix="fluxions-speech") as pool:
            futures = {ref: pool.submit(self._store_unless_ended, text) for ref, text in texts.items()}
            try:
                wait(futures.values(), return_when=FIRST_EXCEPTION)
            finally:  # after a timeout of Airflow, too
                self.has_ended.set()
        errors = [error for ref, future in futures.items() if (error := self._account(ref, future)) is not None]
        if errors:
            raise errors[0]

    def _store_unless_ended(self, text: str) -> _Stored | None:
        """Render and store a piece; None if another one failed before it began."""
        if self.has_ended.is_set():
            return None
        try:
            return self._store(text)
        except BaseException:
            self.has_ended.set()
            raise

    def _store(self, text: str) -> _Stored:
        audio = self.render(text, self.voice_id)
        renders, lost, seconds = audio.renders, audio.renders_lost, audio.duration
        body = audio.wav
        del audio  # each render in progress would hold its samples twice
        try:
            size_bytes = self.stored.put(text, self.voice_id, body)
        except FluxionsError as error:
            error.renders, error.renders_lost = renders, lost
            raise
        return _Stored(size_bytes, renders, lost, len(text), seconds)

    def _account(self, ref: str, future: Future[_Stored | None]) -> BaseException | None:
        """Count what a piece took; return its error."""
        error = future.exception()
        if isinstance(error, FluxionsError):
            self.renders, self.lost = self.renders + error.renders, self.lost + error.renders_lost
        if error is None and (done := future.result()) is not None:
            self.sizes[ref] = done.size_bytes
            self.renders, self.lost = self.renders + done.renders, self.lost + done.renders_lost
            self.characters, self.seconds = self.characters + done.characters, self.seconds + done.seconds
        return error


@dataclass(frozen=True)
class _Stored:
    """A piece that is stored, and what it took."""

    size_bytes: int
    renders: int
    renders_lost: int
    characters: int
    seconds: float


def held(piece: Piece, audio: SpeechAudio) -> Spoken:
    """Return a text of one piece, whose audio is in memory."""
    parts = Parts((piece,), (audio.frames,), audio.sample_rate, audio.channels, lambda: iter((audio.pcm,)))
    lost = audio.renders_lost
    return Spoken(audio.voice_id, parts, audio.renders, lost, len(piece.text), audio.duration)
