"""Watching an account for jobs that end: `watcher` reports each once, by a `cursor` over scans of the job list.

`list_scan` is one scan as plain values; `shared_scan` makes one scan for all watchers of a connection.
"""

__all__ = ["watcher"]
