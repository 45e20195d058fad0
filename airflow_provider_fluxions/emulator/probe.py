"""Container and duration of audio from its first bytes: enough for metadata, no decoding."""

from __future__ import annotations

import struct

_MAGIC = (
    (0, b"RIFF", "wav"),
    (0, b"ID3", "mp3"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (4, b"ftyp", "m4a"),
    (0, b"\x1aE\xdf\xa3", "webm"),
    (0, b"FORM", "aiff"),
    (0, b"#!AMR", "amr"),
)
_MP3_KBIT_V1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_KBIT_V2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_FALLBACK_BYTES_PER_SECOND = 16_000
"""128 kbit/s, if the header has no rate."""


def audio_format(head: bytes) -> str | None:
    """Name the container (``wav``, ``mp3``, ``opus`` ...), or None if the bytes are not known audio."""
    for offset, magic, name in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return "opus" if name == "ogg" and b"OpusHead" in head[:200] else name
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0x06 == 0 else "mp3"
    return None


def duration_seconds(head: bytes, size_bytes: int) -> float:
    """Estimate the duration: exact for WAV, from the first frame's bit rate for MP3, else from the size."""
    rate = _FALLBACK_BYTES_PER_SECOND
    found = audio_format(head)
    if found == "wav":
        rate = _wav_bytes_per_second(head) or rate
        size_bytes = max(0, size_bytes - 44)
    elif found == "mp3":
        rate = _mp3_bytes_per_second(head) or rate
    return round(size_bytes / rate, 2)


def _wav_bytes_per_second(head: bytes) -> int:
    position = head.find(b"fmt ")
    if position < 0 or len(head) < position + 20:
        return 0
    return int(struct.unpack_from("<I", head, position + 16)[0])


def _mp3_bytes_per_second(head: bytes) -> int:
    start = 0
    if head[:3] == b"ID3" and len(head) >= 10:
        # The size of the tag is written in four bytes of seven bits (https://id3.org/id3v2.4.0-structure).
        start = 10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    frame = head[start : start + 4]
    if len(frame) < 4 or frame[0] != 0xFF or frame[2] >> 4 == 15:
        return 0
    rates = _MP3_KBIT_V1 if frame[1] & 0x18 == 0x18 else _MP3_KBIT_V2
    return rates[frame[2] >> 4] * 125
