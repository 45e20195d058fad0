"""The audio of a whole text, made of the audio of its pieces. No I/O but what `samples` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from airflow_provider_fluxions.speech.joining import joined_blocks, joined_frames
from airflow_provider_fluxions.speech.pieces import Piece
from airflow_provider_fluxions.speech.timeline import PieceTime, piece_times


@dataclass(frozen=True)
class Parts:
    """The audio of a text, in order.

    :param pieces: of the text.
    :param frames: of each piece.
    :param samples: yields those of each piece, in order.
    """

    pieces: Sequence[Piece]
    frames: Sequence[int]
    sample_rate: int
    channels: int
    samples: Callable[[], Iterator[bytes]]

    @property
    def seconds(self) -> float:
        """Length of the whole, pauses included."""
        pauses = (piece.pause_seconds for piece in self.pieces)
        return joined_frames(zip(self.frames, pauses, strict=True), self.sample_rate) / self.sample_rate

    @property
    def times(self) -> tuple[PieceTime, ...]:
        """When each piece starts and ends."""
        return piece_times(self.pieces, self.frames, self.sample_rate)

    def blocks(self) -> Iterator[bytes]:
        """Yield the samples of the whole, about one piece at a time."""
        pauses = iter([piece.pause_seconds for piece in self.pieces])
        # zip would hold the samples of a piece until the next one.
        parts = ((pcm, next(pauses)) for pcm in self.samples())
        return joined_blocks(parts, self.sample_rate, self.channels)


def unread() -> Iterator[bytes]:
    """Yield no samples: for parts whose times alone are needed."""
    return iter(())
