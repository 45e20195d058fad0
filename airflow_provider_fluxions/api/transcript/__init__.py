"""The vendor's transcripts as values: text grammar, segments, words, turns and events. No I/O, no HTTP.

- `speech`: the grammar of text: turns, tags, written laughs; `segments`: segments and words as the API gives them;
- `matching`: the words of one list found in another; `turns` and `events`: turns and non-speech events with times.
"""

__all__ = ["events", "matching", "segments", "speech", "turns"]
