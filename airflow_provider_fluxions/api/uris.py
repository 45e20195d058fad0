"""Parts of paths and URIs. No I/O."""

from __future__ import annotations


def last_part(path: str) -> str:
    """Return what follows the last slash of a path, key or URI: a file's name; empty for a folder's path."""
    return path.rpartition("/")[2]
