"""An invented transcript, derived from the bytes without a model: the same words for the same bytes."""

from __future__ import annotations

import random

from airflow_provider_fluxions.emulator.probe import audio_format, duration_seconds
from airflow_provider_fluxions.emulator.recognition import Recognition, Segment, Turn, Upload, spread_words
from airflow_provider_fluxions.emulator.sentences import ASIDES, SENTENCES, TAGS

_MAX_TURNS = 400
_MIN_DURATION_SECONDS = 8.0
"""Short uploads (a few bytes in a test) still get several turns, as input for the formats."""


class DerivedRecogniser:
    """Invents a conversation of two or three speakers, seeded by the sha256 of the bytes.

    It contains the difficult parts of real responses: tags, elongations, emphasis, digits without word times,
    overlapping segments and a ``segment_idx`` that is not unique. Its length follows the duration estimated
    from the header.
    """

    needs_audio = False

    def recognise(self, upload: Upload) -> Recognition:
        """Return the derived transcript. Never fails."""
        duration = max(_MIN_DURATION_SECONDS, duration_seconds(upload.head, upload.size_bytes))
        chance = random.Random(upload.sha256)  # noqa: S311 - reproducible text, nothing secret
        turns = _conversation(chance, duration)
        return Recognition("en", duration, audio_format(upload.head) or "mp3", turns)


def _conversation(chance: random.Random, duration: float) -> tuple[Turn, ...]:
    speaker_count = chance.choice((2, 2, 3))
    count = max(4, min(_MAX_TURNS, int(duration / 5)))
    slot, speaker, turns = duration / count, 0, []
    for number in range(count):
        # A turn starts slightly before the end of the previous one, as in the vendor's example.
        early = 0.06 * slot if number % 3 == 1 else 0.0
        turns.append(_turn(chance, str(speaker), number * slot - early, (number + 1) * slot))
        speaker = (speaker + chance.randint(1, speaker_count - 1)) % speaker_count
    return tuple(turns)


def _turn(chance: random.Random, speaker: str, start: float, end: float) -> Turn:
    sentences = [chance.choice(SENTENCES)]
    if chance.random() < 0.5:
        sentences.append(chance.choice(ASIDES))
    texts = [_with_tag(chance, sentence) for sentence in sentences]
    length = (end - start) / len(texts)
    segments = []
    for number, text in enumerate(texts):
        begin, finish = round(start + number * length, 2), round(start + (number + 0.97) * length, 2)
        segments.append(Segment(speaker, text, begin, finish, number, spread_words(text, begin, finish)))
    return Turn(speaker, " ".join(texts), tuple(segments))


def _with_tag(chance: random.Random, sentence: str) -> str:
    if chance.random() < 0.6:
        return sentence
    words = sentence.split()
    words.insert(chance.randint(0, len(words)), chance.choice(TAGS))
    return " ".join(words)
