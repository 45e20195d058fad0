"""From a text to a file of audio: pieces, joining, times, encoding. Without Airflow.

A text is cut into pieces (`pieces`). The client renders each; they are faded and joined with pauses (`joining`), so
the start of each is known to the sample (`timeline`). `encoding` writes the formats, `speaking` does all this for a
text that fits into memory, and `metadata` is what a stored file says about itself.
"""

from __future__ import annotations

__all__ = ["captions", "decoding", "documents", "encoding", "metadata", "parts", "pieces", "speaking"]
