"""When each piece, and each sentence, is spoken in joined audio. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from airflow_provider_fluxions.api.speech_text import spoken_characters
from airflow_provider_fluxions.speech.joining import pause_frames
from airflow_provider_fluxions.speech.pieces import Piece, split_sentences


@dataclass(frozen=True)
class PieceTime:
    """A piece with its place in the joined audio, exact: frames from the start, ``end_frame`` not included.

    The pause after a piece is not part of it.
    """

    text: str
    start_frame: int
    end_frame: int
    sample_rate: int

    @property
    def start(self) -> float:
        """The start in seconds."""
        return self.start_frame / self.sample_rate

    @property
    def end(self) -> float:
        """The end in seconds."""
        return self.end_frame / self.sample_rate


@dataclass(frozen=True)
class SpokenSentence(PieceTime):
    """A sentence with its place in the joined audio.

    :param is_estimated: The start, or the end, is estimated from the characters of the piece. False for a sentence that
        is a piece of its own.
    """

    is_estimated: bool


def piece_times(pieces: Sequence[Piece], frames: Sequence[int], sample_rate: int) -> tuple[PieceTime, ...]:
    """Return the times of pieces.

    :param frames: The frames of each piece's audio.
    """
    lengths = [
        count + pause_frames(piece.pause_seconds, sample_rate) for piece, count in zip(pieces, frames, strict=True)
    ]
    starts = accumulate(lengths, initial=0)
    return tuple(
        PieceTime(piece.text, start, start + count, sample_rate)
        for piece, count, start in zip(pieces, frames, starts, strict=False)
    )


def sentence_times(piece: PieceTime, language: str = "en") -> tuple[SpokenSentence, ...]:
    """Return the sentences of a piece. The first starts and the last ends exactly; between them, times are estimated.

    :raises FluxionsFormatError: the extra ``speech`` is not installed.
    """
    paragraphs = piece.text.split("\n\n")
    sentences = [part.strip() for paragraph in paragraphs for part in split_sentences(paragraph, language)]
    sentences = [sentence for sentence in sentences if sentence]
    # A sentence of tags or signs alone takes a moment, too.
    weights = [1 + spoken_characters(sentence) for sentence in sentences]
    total, frames = sum(weights), piece.end_frame - piece.start_frame
    ends = [piece.start_frame + frames * weight // total for weight in accumulate(weights)]
    starts = [piece.start_frame, *ends]
    is_estimated = len(sentences) > 1
    return tuple(
        SpokenSentence(sentence, start, end, piece.sample_rate, is_estimated)
        for sentence, start, end in zip(sentences, starts, ends, strict=False)
    )
